//! What names stand for: columns of the table of events, or of rows that a stage made.

use super::{Error, Translator, expr::Sql, names};
use crate::{
    lang::{
        Unit,
        ast::{Call, Field},
    },
    scan::line::Step,
};

/// What is known of the type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever the column is.
    Any,
    Number,
    Text,
    Bool,
    Time,
    Null,
}

/// A column that the question made.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
}

/// Where values come from.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// Events; and what stages added, as it was calculated.
    Events(Vec<(String, Sql)>),
    /// Rows.
    Rows(Vec<Column>),
    /// Groups: their keys and aggregates, as they are calculated.
    Group(Vec<(String, Sql)>),
}

impl Scope {
    pub(super) fn field(&self, to: &Translator<'_>, field: &Field) -> Result<Sql, Error> {
        match self {
            Scope::Events(added) => {
                if let Some((_, sql)) = added.iter().find(|(name, _)| *name == field.name) {
                    return Ok(sql.clone());
                }
                let key = field.path.as_key();
                if let Some(key) = key
                    && let Some(sql) = names::derived(to.dialect, key)
                {
                    return Ok(sql);
                }
                let kind = match key {
                    Some("event" | "level") => Kind::Text,
                    Some("timestamp") => Kind::Time,
                    _ => Kind::Any,
                };
                Ok(Sql::new(to.path(field)?, kind).with_unit(Unit::of_field(&field.name)))
            }
            Scope::Group(over) => {
                over.iter().find(|(name, _)| *name == field.name).map(|(_, sql)| sql.clone()).ok_or_else(
                    || {
                        let message = format!("there is no column `{}` here", field.name);
                        Error::new(to.text, field.at, field.name.len(), message)
                    },
                )
            }
            Scope::Rows(columns) => {
                let call = format!("{}(", field.name);
                let column = columns
                    .iter()
                    .find(|column| column.name == field.name)
                    .or_else(|| columns.iter().find(|column| column.name.starts_with(&call)));
                match column {
                    Some(column) => Ok(column.sql(to)),
                    None => Err(Error::new(
                        to.text,
                        field.at,
                        field.name.len(),
                        format!("there is no column `{}` here", field.name),
                    )),
                }
            }
        }
    }

    /// Behind the stage that made it, an aggregate is its column.
    pub(super) fn aggregate(&self, to: &Translator<'_>, call: &Call) -> Result<Sql, Error> {
        let text = call.to_string();
        let short = text.strip_suffix("()").unwrap_or(&text);
        match self {
            Scope::Rows(columns) => {
                let column = columns.iter().find(|column| column.name == text || column.name == short);
                column.map(|column| column.sql(to))
            }
            Scope::Group(over) => over.iter().find(|(name, _)| *name == text).map(|(_, sql)| sql.clone()),
            Scope::Events(_) => None,
        }
        .ok_or_else(|| {
            Error::new(
                to.text,
                call.at,
                call.function.name.len(),
                format!("there is no column `{text}` here"),
            )
        })
    }
}

impl Column {
    pub(super) fn sql(&self, to: &Translator<'_>) -> Sql {
        Sql::new(to.dialect.name(&self.name), self.kind).with_unit(self.unit)
    }
}

impl Translator<'_> {
    /// A path: keys within each other, and places in lists.
    fn path(&self, field: &Field) -> Result<String, Error> {
        use super::Dialect::{ClickHouse, DuckDb, Spark};
        let mut sql = String::new();
        for step in field.path.steps() {
            match (step, self.dialect) {
                (Step::Key(key), _) => {
                    if key.contains('\0') || (self.dialect == Spark && key.contains("${")) {
                        return Err(self.unsayable(field.at, field.name.len(), "this name of a field"));
                    }
                    if !sql.is_empty() {
                        sql.push('.');
                    }
                    sql.push_str(&self.dialect.name(key));
                }
                // Places count from 1 there.
                (Step::Index(place), DuckDb | ClickHouse) => {
                    sql.push_str(&format!("[{}]", place.saturating_add(1)));
                }
                (Step::Index(place), Spark) => sql = format!("get({sql}, {place})"),
            }
        }
        Ok(sql)
    }
}
