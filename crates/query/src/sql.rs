//! A question as SQL, for the engines that have it: DuckDB, ClickHouse, Spark.
//!
//! The table is called `events`, and has a column for each field; docs/query.md says how to make one of a log, and what differs.
//!
//! ```
//! use trine_query::sql::{Dialect, Settings, to_sql};
//!
//! let settings = Settings { is_weighted: false, ..Settings::new(Dialect::DuckDb) };
//! assert_eq!(
//!     to_sql("level:error | count() by endpoint | limit 3", &settings).unwrap(),
//!     "\
//! SELECT \"endpoint\" AS \"endpoint\", count(*) AS \"count\"
//! FROM events
//! WHERE \"level\" = 'error'
//! GROUP BY 1
//! ORDER BY 2 DESC NULLS LAST, 1 ASC NULLS LAST
//! LIMIT 3
//! ");
//! let error = to_sql("* | pair by request_id", &settings).unwrap_err();
//! assert_eq!(error.message(), "`pair by request_id` cannot be said in SQL for DuckDB");
//! ```

mod aggregate;
mod dialect;
mod events;
mod expr;
mod filter;
mod functions;
mod names;
mod scope;
mod select;

pub use self::dialect::Dialect;

use crate::{
    engine,
    lang::{
        Error, Unit,
        ast::{self, Call, Field, Item, Key, Query, SortKey, Stage, Test},
        parse,
    },
    scan::input::TimeRange,
};

use self::{
    expr::Sql,
    scope::{Column, Kind, Scope},
    select::{Order, Select},
};

/// What SQL is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For which engine.
    pub dialect: Dialect,
    /// Whether the table has the column `sample_rate`, so that events count as often as it says. Default: yes.
    pub is_weighted: bool,
    /// Only events within this range of time. Default: all.
    pub range: Option<TimeRange>,
}

impl Settings {
    /// For this engine, all else as by default.
    pub const fn new(dialect: Dialect) -> Settings {
        Settings { dialect, is_weighted: true, range: None }
    }
}

/// The question as one statement.
///
/// Errors: the question cannot be understood, or has something in it that SQL cannot say; the place is marked.
pub fn to_sql(text: &str, settings: &Settings) -> Result<String, Error> {
    let query = parse(text)?;
    let to = Translator {
        text,
        dialect: settings.dialect,
        is_weighted: settings.is_weighted,
        range: settings.range,
        range_us: settings.range.and_then(length_us),
    };
    query.stages.iter().try_for_each(|stage| to.is_sayable(stage))?;
    engine::check(text, &query)?;
    let mut sql = to.query(&query)?.finish(&to)?;
    sql.push('\n');
    if settings.dialect == Dialect::ClickHouse {
        // Else a name that the question gives would stand for the column of that name, too.
        sql.push_str("SETTINGS prefer_column_name_to_alias = 1\n");
    }
    Ok(sql)
}

/// How long a range is, if it has two ends.
fn length_us(range: TimeRange) -> Option<i64> {
    (range.since_ns > i64::MIN && range.until_ns < i64::MAX)
        .then(|| range.until_ns.saturating_sub(range.since_ns) / 1_000)
}

/// What the translation needs to know at each place.
struct Translator<'q> {
    /// The question, for messages.
    text: &'q str,
    dialect: Dialect,
    is_weighted: bool,
    range: Option<TimeRange>,
    range_us: Option<i64>,
}

impl Translator<'_> {
    fn query(&self, query: &Query) -> Result<Select, Error> {
        let mut select = Select::events();
        if let Some(range) = self.range {
            let time = self.dialect.name("timestamp");
            if range.since_ns > i64::MIN {
                let since = self.dialect.of_micros(range.since_ns / 1_000);
                select.wheres.push(format!("{time} >= {since}"));
            }
            if range.until_ns < i64::MAX {
                let until = self.dialect.of_micros(range.until_ns / 1_000);
                select.wheres.push(format!("{time} < {until}"));
            }
        }
        select.wheres.extend(self.filter(&select.scope, &query.filter)?);
        for stage in &query.stages {
            self.stage(&mut select, stage)?;
        }
        Ok(select)
    }

    /// Stages that no SQL has are refused before anything else is looked at.
    fn is_sayable(&self, stage: &Stage) -> Result<(), Error> {
        match stage {
            Stage::Where(_)
            | Stage::Aggregate(..)
            | Stage::Extend(_)
            | Stage::Fields(_)
            | Stage::Sort(_)
            | Stage::Limit(_)
            | Stage::Dedup(_)
            | Stage::Explode(_)
            | Stage::CollapseNums(_)
            | Stage::FieldValues(..) => Ok(()),
            Stage::Facets(_)
            | Stage::FieldNames
            | Stage::Context(_)
            | Stage::Pair(_)
            | Stage::Compare(..)
            | Stage::Differ(..) => {
                let written = stage.to_string();
                let word = written.split(' ').next().unwrap_or_default();
                let (at, length) = match self.text.find(&written) {
                    Some(at) => (at, written.len()),
                    None => (self.text.find(word).unwrap_or(0), word.len()),
                };
                Err(self.unsayable(at, length, &format!("`{written}`")))
            }
        }
    }

    fn stage(&self, select: &mut Select, stage: &Stage) -> Result<(), Error> {
        match stage {
            Stage::Where(filter) => {
                if select.is_shaped() {
                    select.wrap(self)?;
                }
                select.wheres.extend(self.filter(&select.scope, filter)?);
            }
            Stage::Extend(items) => self.extend(select, items)?,
            Stage::Fields(items) => self.fields(select, items)?,
            Stage::Sort(keys) => self.sort(select, keys)?,
            Stage::Limit(limit) => {
                select.limit = Some(select.limit.map_or(*limit, |other| other.min(*limit)));
            }
            Stage::Aggregate(items, keys) => self.group(select, items, keys)?,
            Stage::FieldValues(field, limit) => {
                let exists = ast::Filter::Field(field.clone(), Test::Exists);
                self.stage(select, &Stage::Where(exists))?;
                let key = Key::Item(Item::unnamed(ast::Expr::Field(field.clone())));
                self.group(select, &[Item::unnamed(crate::lang::count())], &[key])?;
                select.limit = *limit;
            }
            Stage::Dedup(fields) => self.dedup(select, fields)?,
            Stage::Explode(field) => self.explode(select, field)?,
            Stage::CollapseNums(field) => {
                let is_column = match &select.scope {
                    Scope::Events(added) => {
                        field.path.as_key().is_some() && added.iter().all(|(name, _)| *name != field.name)
                    }
                    _ => false,
                };
                let call = ast::Expr::Call(Call {
                    function: crate::lang::function("collapse_nums"),
                    percent: None,
                    arguments: vec![ast::Argument::Expr(ast::Expr::Field(field.clone()))],
                    at: field.at,
                });
                self.extend(select, &[Item { expr: call, name: Some(field.name.clone()) }])?;
                select.replaced.extend(is_column.then(|| field.name.clone()));
            }
            other => self.is_sayable(other)?,
        }
        Ok(())
    }

    fn extend(&self, select: &mut Select, items: &[Item]) -> Result<(), Error> {
        if select.output.is_some() || matches!(select.scope, Scope::Rows(_)) {
            if select.is_shaped() {
                select.wrap(self)?;
            }
            for item in items {
                let (sql, column) = self.item(&select.scope, item, false)?;
                if let Scope::Rows(columns) = &mut select.scope {
                    let mut output: Vec<(String, Column)> =
                        columns.iter().map(|column| (column.sql(self).text, column.clone())).collect();
                    match output.iter().position(|(_, other)| other.name == column.name) {
                        Some(place) => output[place] = (sql.text, column),
                        None => output.push((sql.text, column)),
                    }
                    select.output = Some(output);
                }
                select.wrap(self)?;
            }
            return Ok(());
        }
        for item in items {
            let (sql, column) = self.item(&select.scope, item, false)?;
            if let Scope::Events(added) = &mut select.scope {
                added.retain(|(name, _)| *name != column.name);
                added.push((column.name, sql));
            }
        }
        Ok(())
    }

    fn fields(&self, select: &mut Select, items: &[Item]) -> Result<(), Error> {
        if select.is_shaped() {
            select.wrap(self)?;
        }
        let mut output = Vec::new();
        for item in items {
            let (sql, column) = self.item(&select.scope, item, false)?;
            output.push((sql.text, column));
        }
        select.output = Some(output);
        Ok(())
    }

    fn sort(&self, select: &mut Select, keys: &[SortKey]) -> Result<(), Error> {
        let place = |select: &Select, expr: &ast::Expr| {
            let name = match expr {
                ast::Expr::Field(field) => field.name.clone(),
                other => other.to_string(),
            };
            select.column(&name)
        };
        let is_beyond = select.output.is_some() && keys.iter().any(|key| place(select, &key.expr).is_none());
        if select.limit.is_some() || is_beyond {
            select.wrap(self)?;
        }
        let mut order = Vec::new();
        for key in keys {
            order.push((
                match place(select, &key.expr) {
                    Some(place) => Order::Column(place),
                    None => Order::Expr(key.expr.clone()),
                },
                key.is_descending,
            ));
        }
        // Equal ones stay in the order in which they were.
        order.append(&mut select.order);
        select.order = order;
        Ok(())
    }

    /// An item, and its column: named as the question does, else as it is written.
    fn item(&self, scope: &Scope, item: &Item, is_key: bool) -> Result<(Sql, Column), Error> {
        let sql = self.expr(scope, &item.expr)?;
        let name = item.name.clone().unwrap_or_else(|| match &item.expr {
            ast::Expr::Field(field) => field.name.clone(),
            other => {
                let text = other.to_string();
                text.strip_suffix("()")
                    .filter(|_| !is_key && other.has_aggregate())
                    .unwrap_or(&text)
                    .to_owned()
            }
        });
        if name.contains('\0') || (self.dialect == Dialect::Spark && name.contains("${")) {
            return Err(self.unsayable(0, self.text.len(), "such a name of a column"));
        }
        let unit = match item.name.as_deref().map(Unit::of_field) {
            Some(named) if named != Unit::None => named,
            _ => sql.unit,
        };
        let column = Column { name, kind: sql.kind, unit };
        Ok((sql.with_unit(unit), column))
    }

    fn group(&self, select: &mut Select, items: &[Item], keys: &[Key]) -> Result<(), Error> {
        if select.is_shaped() {
            select.wrap(self)?;
        }
        let is_weighted = self.is_weighted && matches!(select.scope, Scope::Events(_));
        if is_weighted {
            let weight = format!("{} AS {}", self.weight(), self.dialect.name(aggregate::WEIGHT));
            select.with("weighted", format!("SELECT *, {weight}\nFROM {}", select.from));
        }
        let scope = &select.scope;
        let mut output = Vec::new();
        let mut every_us = None;
        for key in keys {
            match key {
                Key::Every(count, unit) => {
                    let us = ((count * unit.factor() / 1e3) as i64).max(1);
                    every_us = every_us.or(Some(us));
                    let time = match scope {
                        Scope::Events(_) => self.dialect.name("timestamp"),
                        Scope::Rows(columns) => columns
                            .iter()
                            .find(|column| column.kind == Kind::Time)
                            .map(|column| column.sql(self).text)
                            .unwrap_or_default(),
                        Scope::Group(_) => String::new(),
                    };
                    let column = Column { name: "time".to_owned(), kind: Kind::Time, unit: Unit::None };
                    output.push((self.dialect.bucket(&time, us), column));
                }
                Key::Item(item) => {
                    let (sql, column) = self.item(scope, item, true)?;
                    output.push((sql.text, column));
                }
            }
        }
        let mut calls: Vec<&Call> = Vec::new();
        items.iter().for_each(|item| item.expr.aggregates(&mut calls));
        // What an item may use: the aggregates, and the keys.
        let mut over = Vec::new();
        for call in calls {
            over.push((call.to_string(), self.aggregate(scope, call, every_us, is_weighted)?));
        }
        for (sql, column) in &output {
            over.push((column.name.clone(), Sql::new(sql.clone(), column.kind).with_unit(column.unit)));
        }
        let over = Scope::Group(over);
        select.keys = output.len();
        for item in items {
            let (sql, column) = self.item(&over, item, false)?;
            output.push((sql.text, column));
        }
        select.order = default_order(&output, select.keys);
        select.output = Some(output);
        select.is_grouped = true;
        Ok(())
    }
}

/// By time, where that is a key; else the largest of the first measure first; equal ones by their keys.
fn default_order(output: &[(String, Column)], keys: usize) -> Vec<(Order, bool)> {
    let time = output[..keys].iter().position(|(_, column)| column.kind == Kind::Time);
    let mut order = Vec::new();
    if keys == 0 {
        return order;
    }
    match time {
        Some(place) => order.push((Order::Column(place), false)),
        None if keys < output.len() => order.push((Order::Column(keys), true)),
        None => {}
    }
    order.extend((0..keys).filter(|place| Some(*place) != time).map(|place| (Order::Column(place), false)));
    order
}

/// A field by its name, as a stage before made it.
fn made(name: &str) -> ast::Expr {
    ast::Expr::Field(Field::key(name))
}
