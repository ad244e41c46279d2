//! Stages that make other events of events: each is a table of its own, which the next SELECT reads from.

use super::{
    Dialect, Error, Translator,
    expr::Sql,
    scope::{Column, Kind, Scope},
    select::{Order, Select},
};
use crate::lang::{Unit, ast::Field};

/// The place of a row among those with the same values, as the column is called.
const PLACE: &str = "trine_place";

impl Translator<'_> {
    /// An event for each item of a list. Where there is none, the event as it is.
    pub(super) fn explode(&self, select: &mut Select, field: &Field) -> Result<(), Error> {
        // What was added is still a text that names columns; of the list, there will be an item only.
        let has_added = match &select.scope {
            Scope::Events(added) => added.iter().any(|(name, sql)| sql.text != self.dialect.name(name)),
            _ => false,
        };
        if select.is_shaped() || has_added {
            select.wrap(self)?;
        }
        let list = select.scope.field(self, field)?.text;
        for (order, _) in &select.order {
            if let Order::Expr(expr) = order
                && self.expr(&select.scope, expr)?.text.contains(&list)
            {
                let (word, stage) = (expr.to_string(), "to sort by a list that a later stage takes apart");
                let at = self.text.find(&word).unwrap_or(0);
                return Err(self.unsayable(at, word.len(), stage).hint("sort behind `explode`"));
            }
        }
        let items = match self.dialect {
            Dialect::DuckDb => format!("unnest(coalesce({list}, [NULL]))"),
            // A list is never null there: an empty one stands for none.
            Dialect::ClickHouse => format!("arrayJoin(if(empty({list}), [NULL], {list}))"),
            Dialect::Spark => format!("explode(coalesce({list}, array(NULL)))"),
        };
        let column = self.dialect.name(&field.name);
        let is_there = match &select.scope {
            Scope::Events(added) => {
                field.path.as_key().is_some() && !added.iter().any(|(name, _)| *name == field.name)
            }
            _ => true,
        };
        let all = if is_there { self.dialect.all_but(&column) } else { "*".to_owned() };
        select.step(|from, wheres| format!("SELECT {all}, {items} AS {column}\nFROM {from}{wheres}"));
        let item = Sql::new(column, Kind::Any).with_unit(Unit::of_field(&field.name));
        match &mut select.scope {
            Scope::Events(added) => {
                added.retain(|(name, _)| *name != field.name);
                added.push((field.name.clone(), item));
            }
            Scope::Rows(columns) => {
                let (name, unit) = (field.name.clone(), item.unit);
                columns.retain(|column| column.name != name);
                columns.push(Column { name, kind: Kind::Any, unit });
            }
            Scope::Group(_) => {}
        }
        Ok(())
    }

    /// The first with each combination of values; of whole rows, each once.
    pub(super) fn dedup(&self, select: &mut Select, fields: &[Field]) -> Result<(), Error> {
        if select.is_shaped() {
            select.wrap(self)?;
        }
        if fields.is_empty() {
            select.is_distinct = true;
            return Ok(());
        }
        let mut keys = Vec::new();
        for field in fields {
            keys.push(select.scope.field(self, field)?.text);
        }
        let mut order = Vec::new();
        for (key, is_descending) in &select.order {
            if let Order::Expr(expr) = key {
                let direction = if *is_descending { "DESC" } else { "ASC" };
                order.push(format!("{} {direction} NULLS LAST", self.expr(&select.scope, expr)?.text));
            }
        }
        if matches!(select.scope, Scope::Events(_)) {
            order.push(format!("{} ASC NULLS LAST", self.dialect.name("timestamp")));
        }
        if order.is_empty() {
            order.clone_from(&keys);
        }
        let (keys, order, place) = (keys.join(", "), order.join(", "), self.dialect.name(PLACE));
        select.step(|from, wheres| {
            format!("SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {order}) AS {place}\nFROM {from}{wheres}")
        });
        let all = self.dialect.all_but(&place);
        select.step(|from, _| format!("SELECT {all}\nFROM {from}\nWHERE {place} = 1"));
        Ok(())
    }

    /// A text with `<N>` for each number: first for words of hexadecimal digits that have one, then for digits.
    pub(super) fn collapsed(&self, text: &str) -> String {
        const HEX: &str = r"\b(?:[0-9][0-9a-fA-F]{3,}|[a-fA-F][0-9][0-9a-fA-F]{2,}|[a-fA-F]{2}[0-9][0-9a-fA-F]+|[a-fA-F]{3,}[0-9][0-9a-fA-F]*)([^0-9A-Za-z]|$)";
        let text = self.dialect.replace_regex(text, HEX, true);
        self.dialect.replace_regex(&text, "[0-9]+", false)
    }

    /// The most common values of a group and how often, as a map.
    pub(super) fn top(&self, value: &str, weight: Option<&str>, most: u64) -> Option<String> {
        match self.dialect {
            Dialect::DuckDb => {
                let counts = match weight {
                    None => format!("histogram({value})"),
                    Some(weight) => format!(
                        "list_aggregate(flatten(list(list_resize([{value}], CAST(round({weight}) AS BIGINT), {value})) \
                         FILTER (WHERE {value} IS NOT NULL)), 'histogram')"
                    ),
                };
                Some(format!(
                    "coalesce(map_from_entries(list_transform(list_slice(list_sort(list_transform(map_entries({counts}), \
                     lambda e: {{'n': -CAST(e.value AS BIGINT), 'v': e.key}})), 1, {most}), \
                     lambda e: {{'k': CAST(e.v AS VARCHAR), 'v': -e.n}})), MAP {{}})"
                ))
            }
            Dialect::ClickHouse => {
                let weight = weight.unwrap_or("1");
                let is_none = format!("{value} IS NULL");
                let sums = format!(
                    "sumMap(if({is_none}, [], [assumeNotNull(toString({value}))]), if({is_none}, [], [toFloat64({weight})]))"
                );
                let sorted = format!(
                    "arraySlice(arraySort(e -> (-e.2, e.1), arrayZip({sums}.1, {sums}.2)), 1, {most})"
                );
                Some(format!(
                    "mapFromArrays(arrayMap(e -> e.1, {sorted}), arrayMap(e -> toInt64(round(e.2)), {sorted}))"
                ))
            }
            // It would have to go through each list once for each of its values.
            Dialect::Spark => None,
        }
    }
}
