//! The spelling with clauses, as SQL has them, in any order: `SUM(amount) WHERE … GROUP BY … HAVING … ORDER BY … LIMIT 10`. Also what
//! stands before the first pipe in the other spelling: a filter, or the first aggregates.

use super::{Parser, Result};
use crate::lang::{
    ast::{Expr, Field, Filter, Item, Key, Literal, Query, SortKey, Stage},
    functions,
};

/// What the clauses said.
#[derive(Default)]
struct Clauses {
    filters: Vec<Filter>,
    items: Vec<Item>,
    keys: Vec<Key>,
    having: Vec<Filter>,
    order: Vec<SortKey>,
    limit: Option<u64>,
    has_select: bool,
    selects_all: bool,
    is_distinct: bool,
}

impl Parser<'_> {
    pub(super) fn clauses(&mut self) -> Result<Query> {
        if let Some(stage) = self.leading_stage()? {
            return Ok(Query { filter: Filter::All, stages: vec![stage] });
        }
        let mut clauses = Clauses::default();
        if self.is_select() {
            self.select(&mut clauses)?;
        } else if self.is_aggregate() || self.leads_to_aggregate() {
            clauses.items = self.aggregates()?;
        } else {
            clauses.filters.push(self.event_filter()?);
        }
        while self.clause(&mut clauses)? {}
        self.query_of(clauses)
    }

    /// A stage that a question begins with, where its words can hardly be meant to be looked for: `facets`, `sort -a`.
    fn leading_stage(&mut self) -> Result<Option<Stage>> {
        let begin = self.at;
        let word = self.peek_identifier().to_ascii_lowercase();
        let is_sure = matches!(&*word, "field_names" | "field_values" | "collapse_nums")
            || self.is_keyword(&["pair", "by"]);
        let behind = self.rest()[word.len()..].chars().next();
        let is_word = behind.is_none_or(|c| c.is_whitespace() || c == '|');
        let may_be = matches!(
            &*word,
            "facets" | "dedup" | "explode" | "extend" | "differ" | "stats" | "sort" | "fields" | "head"
        );
        if !is_word || !(is_sure || may_be) {
            return Ok(None);
        }
        let stage = self.stage();
        if is_sure {
            return stage;
        }
        // Two words that a stage could be made of, as `sort failed`, are more often words.
        let said = &self.text[begin..self.at];
        let are_words = matches!(&*word, "sort" | "fields") && said.split_whitespace().count() == 2;
        let are_words = are_words && !said.contains([',', '-', '+', '(']);
        match stage {
            Ok(Some(stage)) if self.is_stage_end() && !are_words => Ok(Some(stage)),
            _ => {
                self.at = begin;
                Ok(None)
            }
        }
    }

    /// Whether an expression over aggregates, or one with a name in front, stands here: `round(avg(a))`, `n = count()`.
    pub(super) fn leads_to_aggregate(&mut self) -> bool {
        let begin = self.at;
        let is_there =
            self.item().is_ok_and(|item| item.expr.has_aggregate() && leads(&item.expr, item.name.is_some()));
        self.at = begin;
        is_there
    }

    /// `select` in front of something: alone it is a word.
    fn is_select(&mut self) -> bool {
        let begin = self.at;
        let is_there = self.eat_keyword(&["select"]) && {
            self.skip_blank();
            !matches!(self.peek(), None | Some('|'))
        };
        self.at = begin;
        is_there
    }

    fn select(&mut self, clauses: &mut Clauses) -> Result<()> {
        clauses.has_select = true;
        self.eat_keyword(&["select"]);
        clauses.is_distinct = self.selects_distinct();
        if self.eat("*") {
            clauses.selects_all = true;
        } else {
            clauses.items = self.list(Self::item)?;
        }
        if self.eat_keyword(&["from"]) {
            // The table is always the same: all events.
            self.field()?;
        }
        Ok(())
    }

    /// `distinct` in front of something that is selected: alone it is a field.
    fn selects_distinct(&mut self) -> bool {
        let begin = self.at;
        let is_there = self.eat_keyword(&["distinct"]) && !self.is_keyword(&["from"]) && {
            self.skip_blank();
            !matches!(self.peek(), None | Some(',' | '|'))
        };
        if !is_there {
            self.at = begin;
        }
        is_there
    }

    /// Reads the next clause, if one stands here.
    fn clause(&mut self, clauses: &mut Clauses) -> Result<bool> {
        self.step()?;
        let begin = self.at;
        if self.eat_keyword(&["where"]) {
            let filter = self.event_filter()?;
            if filter == Filter::All {
                return Err(self.unexpected("a filter behind `WHERE`"));
            }
            clauses.filters.push(filter);
        } else if self.eat_keyword(&["group", "by"]) || self.eat_keyword(&["by"]) {
            if !clauses.keys.is_empty() {
                return Err(self.error(begin, self.at - begin, "grouped twice"));
            }
            clauses.keys = self.list(Self::key)?;
        } else if self.eat_keyword(&["having"]) {
            clauses.having.push(self.filter()?);
        } else if self.eat_keyword(&["order", "by"]) {
            clauses.order = self.list(Self::sort_key)?;
        } else if self.is_limit() && self.eat_keyword(&["limit"]) {
            clauses.limit = Some(self.whole()?);
        } else if clauses.has_select || clauses.items.is_empty() || !self.is_aggregate() {
            return Ok(false);
        } else {
            clauses.items.extend(self.aggregates()?);
        }
        Ok(true)
    }

    fn query_of(&self, clauses: Clauses) -> Result<Query> {
        let Clauses {
            filters,
            mut items,
            mut keys,
            mut having,
            mut order,
            limit,
            has_select,
            selects_all,
            is_distinct,
        } = clauses;
        // Places are those of what is selected, or of the columns that there will be.
        let columns: Vec<Expr> = match has_select {
            true => items.iter().map(|item| item.expr.clone()).collect(),
            false => keys.iter().map(column_of).chain(items.iter().map(|item| item.expr.clone())).collect(),
        };
        for key in &mut order {
            if let Expr::Literal(Literal::Int(place)) = key.expr {
                let column = usize::try_from(place).ok().and_then(|place| columns.get(place.checked_sub(1)?));
                key.expr = column.cloned().ok_or_else(|| self.no_place(place))?;
            }
            called(&mut key.expr, &items);
        }
        having.iter_mut().for_each(|filter| called_in(filter, &items));
        let is_grouped = !keys.is_empty() || items.iter().any(|item| item.expr.has_aggregate());
        let mut stages = Vec::new();
        let mut fields = None;
        if is_grouped && !selects_all {
            for key in &mut keys {
                self.by_place(key, &items)?;
            }
            if has_select {
                fields = in_order(&items, &keys);
                // What is selected and is no aggregate is what the groups are told apart by.
                let (aggregates, others): (Vec<_>, Vec<_>) =
                    items.into_iter().partition(|item| item.expr.has_aggregate());
                for other in others {
                    let name = other.name.clone();
                    match keys
                        .iter_mut()
                        .find(|key| matches!(key, Key::Item(item) if item.expr == other.expr))
                    {
                        Some(Key::Item(item)) => item.name = name.or(item.name.take()),
                        _ => keys.push(Key::Item(other)),
                    }
                }
                items = aggregates;
            }
            if items.is_empty() {
                items.push(Item::unnamed(count()));
            }
            stages.push(Stage::Aggregate(items, keys));
        } else if is_distinct {
            stages.extend((!selects_all).then_some(Stage::Fields(items)));
            stages.push(Stage::Dedup(Vec::new()));
        } else if has_select && !selects_all {
            fields = Some(Stage::Fields(items));
        }
        if !having.is_empty() {
            stages.push(Stage::Where(Filter::all(having)));
        }
        if !order.is_empty() {
            stages.push(Stage::Sort(order));
        }
        stages.extend(limit.map(Stage::Limit));
        stages.extend(fields);
        Ok(Query { filter: Filter::all(filters), stages })
    }

    fn no_place(&self, place: i128) -> crate::lang::Error {
        let message = format!("nothing is selected at place {place}");
        self.error(self.at, 1, message).hint("order by the name of a field or by an aggregate")
    }

    /// `GROUP BY 1` is by the first of what is selected.
    fn by_place(&self, key: &mut Key, items: &[Item]) -> Result<()> {
        let Key::Item(Item { expr: Expr::Literal(literal), .. }) = key else { return Ok(()) };
        let place = if let Literal::Int(place) = literal { *place } else { 0 };
        let item = usize::try_from(place).ok().and_then(|place| items.get(place.checked_sub(1)?));
        match item.filter(|item| !item.expr.has_aggregate()) {
            Some(item) => {
                *key = Key::Item(item.clone());
                Ok(())
            }
            None => {
                let message = format!("nothing to group by is selected at place `{literal}`");
                Err(self.error(self.at, 1, message).hint("group by the name of a field"))
            }
        }
    }
}

/// Brings columns into the order in which they were selected, where that is not the one in which they come: keys, then aggregates. Keys
/// that are not selected are shown all the same.
fn in_order(items: &[Item], keys: &[Key]) -> Option<Stage> {
    let is_aggregate = |item: &Item| item.expr.has_aggregate();
    let is_selected =
        |key: &Key| matches!(key, Key::Item(key) if items.iter().any(|item| item.expr == key.expr));
    let is_sorted = items.iter().is_sorted_by_key(is_aggregate);
    if is_sorted || !keys.iter().all(is_selected) {
        return None;
    }
    let column = |item: &Item| {
        let expr = match &item.name {
            Some(name) => return Item::unnamed(Expr::Field(Field::key(name))),
            None => item.expr.clone(),
        };
        // `count()` makes the column `count`.
        let name = expr.to_string().strip_suffix("()").filter(|_| is_aggregate(item)).map(str::to_owned);
        Item { expr, name }
    };
    Some(Stage::Fields(items.iter().map(column).collect()))
}

/// The column that a key makes, as an expression.
fn column_of(key: &Key) -> Expr {
    match key {
        Key::Item(Item { name: Some(name), .. }) => Expr::Field(Field::key(name)),
        Key::Item(item) => item.expr.clone(),
        Key::Every(..) => Expr::Field(Field::key("time")),
    }
}

/// Whether it begins with a name, a function or a bracket; `a > avg(b)` is a filter that cannot be.
fn leads(expr: &Expr, is_named: bool) -> bool {
    match expr {
        Expr::Call(_) | Expr::Minus(_) => true,
        Expr::Arithmetic(_, sides) => is_named || leads(&sides[0], is_named),
        _ => is_named,
    }
}

/// What is selected under a name is called by it: `count(*) AS n … ORDER BY count(*)`.
fn called(expr: &mut Expr, items: &[Item]) {
    if let Some(name) = items.iter().find(|item| item.expr == *expr).and_then(|item| item.name.as_deref()) {
        *expr = Expr::Field(Field::key(name));
        return;
    }
    match expr {
        Expr::Minus(inner) | Expr::Not(inner) | Expr::Matches(inner, _) | Expr::In(inner, _) => {
            called(inner, items);
        }
        Expr::Arithmetic(_, sides) | Expr::Compare(_, sides) => {
            sides.iter_mut().for_each(|side| called(side, items));
        }
        Expr::And(all) | Expr::Or(all) => all.iter_mut().for_each(|one| called(one, items)),
        Expr::Literal(_) | Expr::Field(_) | Expr::Call(_) => {}
    }
}

fn called_in(filter: &mut Filter, items: &[Item]) {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter_mut().for_each(|one| called_in(one, items)),
        Filter::Not(inner) => called_in(inner, items),
        Filter::Expr(expr) => called(expr, items),
        Filter::All | Filter::Field(..) | Filter::Anywhere(_) | Filter::In(..) => {}
    }
}

/// `count()`.
pub(crate) fn count() -> Expr {
    use crate::lang::ast::Call;
    match functions::named("count") {
        Some(named) => {
            Expr::Call(Call { function: named.function, percent: None, arguments: Vec::new(), at: 0 })
        }
        None => Expr::Literal(Literal::Null),
    }
}
