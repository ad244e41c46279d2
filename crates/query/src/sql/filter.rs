//! Filters, as conditions. Where the question says yes or no, SQL may say null: below `NOT`, that is made false.

use trine_model::Level;

use super::{
    Dialect, Error, Translator,
    expr::{Sql, convert, number, symbol},
    scope::{Kind, Scope},
};
use crate::{
    lang::{
        Dimension,
        ast::{Comparison, Field, Filter, Literal, Pattern, Test},
    },
    scan::{foreign::level_named, time},
};

impl Translator<'_> {
    /// `None` where all pass.
    pub(super) fn filter(&self, scope: &Scope, filter: &Filter) -> Result<Option<String>, Error> {
        Ok(Some(match filter {
            Filter::All => return Ok(None),
            Filter::And(all) => self.filters(scope, all, " AND ")?,
            Filter::Or(any) => format!("({})", self.filters(scope, any, " OR ")?),
            Filter::Not(inner) => match self.filter(scope, inner)? {
                Some(inner) => format!("NOT coalesce({inner}, FALSE)"),
                None => "FALSE".to_owned(),
            },
            Filter::Field(field, test) => self.test(scope, field, test)?,
            Filter::Anywhere(pattern) => {
                let word = match pattern {
                    Pattern::Text(text) => text.clone(),
                    Pattern::Glob(parts) => parts.join("*"),
                    Pattern::Regex(regex) => format!("/{regex}/"),
                };
                let at = self.text.find(&word).unwrap_or(0);
                return Err(self
                    .unsayable(at, word.len(), "a word anywhere in an event")
                    .hint("name the field that holds it: `message:*word*`"));
            }
            Filter::In(field, query) => {
                let value = scope.field(self, field)?;
                let inner = self.query(query)?;
                let Some(column) = inner.first_column() else {
                    return Err(self.unsayable(
                        field.at,
                        field.name.len(),
                        "`in` a question that answers with events",
                    ));
                };
                let column = self.dialect.as_text(&self.dialect.name(&column));
                format!(
                    "{} IN (SELECT {column} FROM ({}) AS answers)",
                    self.as_text(&value),
                    inner.finish(self)?
                )
            }
            Filter::Expr(expr) => self.condition(scope, expr)?,
        }))
    }

    fn filters(&self, scope: &Scope, filters: &[Filter], with: &str) -> Result<String, Error> {
        let mut parts = Vec::with_capacity(filters.len());
        for filter in filters {
            let part = self.filter(scope, filter)?.unwrap_or_else(|| "TRUE".to_owned());
            // What stands within OR and NOT is one.
            parts.push(if matches!(filter, Filter::And(_)) { format!("({part})") } else { part });
        }
        Ok(parts.join(with))
    }

    fn test(&self, scope: &Scope, field: &Field, test: &Test) -> Result<String, Error> {
        let value = scope.field(self, field)?;
        let is_event = matches!(scope, Scope::Events(_));
        Ok(match test {
            Test::Exists => format!("{} IS NOT NULL", value.text),
            Test::Is(literal) | Test::Compare(Comparison::Equal, literal) => {
                self.is(&value, literal, is_event, &field.name)?
            }
            Test::Like(Pattern::Glob(parts)) => {
                let is_name = is_event && field.name == "event";
                let escaped = |part: &String| {
                    let part = if is_name { part.replace('.', "_") } else { part.clone() };
                    part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
                };
                let parts: Vec<String> = parts.iter().map(escaped).collect();
                let pattern = self.dialect.text(&parts.join("%"));
                let escape = if self.dialect == Dialect::DuckDb { " ESCAPE '\\'" } else { "" };
                format!("{} LIKE {pattern}{escape}", self.as_text(&value))
            }
            Test::Like(Pattern::Regex(regex)) => self.dialect.matches(&self.as_text(&value), regex),
            Test::Like(Pattern::Text(text)) => {
                format!("{} = {}", self.as_text(&value), self.dialect.text(text))
            }
            Test::Compare(comparison, literal) => {
                if is_event
                    && field.name == "level"
                    && let Some(level) = level_of(literal)
                {
                    return Ok(self.levels(&value, *comparison, level));
                }
                self.compared(&value, *comparison, literal)
            }
            Test::Range(low, high) => {
                let mut ends = Vec::new();
                for (bound, included, excluded) in [
                    (low, Comparison::AtLeast, Comparison::More),
                    (high, Comparison::AtMost, Comparison::Less),
                ] {
                    if let Some(literal) = &bound.at {
                        let comparison = if bound.is_included { included } else { excluded };
                        ends.push(self.compared(&value, comparison, literal));
                    }
                }
                match ends.len() {
                    0 => format!("{} IS NOT NULL", value.text),
                    _ => format!("({})", ends.join(" AND ")),
                }
            }
        })
    }

    fn is(&self, value: &Sql, literal: &Literal, is_event: bool, name: &str) -> Result<String, Error> {
        Ok(match literal {
            Literal::Null => format!("{} IS NULL", value.text),
            Literal::Bool(is_true) => format!("{} = '{is_true}'", self.as_text(value)),
            Literal::Int(_) | Literal::Float(_) | Literal::Quantity(..) => {
                self.compared(value, Comparison::Equal, literal)
            }
            Literal::Text(text) if value.kind == Kind::Time && time::from_text(text.as_bytes()).is_some() => {
                self.compared(value, Comparison::Equal, literal)
            }
            Literal::Text(text) => {
                let text = match name {
                    "level" if is_event => {
                        level_of(literal).map_or(text.clone(), |level| level.as_str().to_owned())
                    }
                    "event" if is_event => crate::engine::canonical(text.as_str().into()).into_owned(),
                    _ => text.clone(),
                };
                format!("{} = {}", self.as_text(value), self.dialect.text(&text))
            }
        })
    }

    fn levels(&self, value: &Sql, comparison: Comparison, rank: Level) -> String {
        let levels: Vec<String> = Level::ALL
            .iter()
            .filter(|level| {
                let order = (**level as u8).cmp(&(rank as u8));
                match comparison {
                    Comparison::Equal => order.is_eq(),
                    Comparison::Unequal => order.is_ne(),
                    Comparison::Less => order.is_lt(),
                    Comparison::AtMost => order.is_le(),
                    Comparison::More => order.is_gt(),
                    Comparison::AtLeast => order.is_ge(),
                }
            })
            .map(|level| self.dialect.text(level.as_str()))
            .collect();
        if levels.is_empty() {
            "FALSE".to_owned()
        } else {
            format!("{} IN ({})", value.text, levels.join(", "))
        }
    }

    fn compared(&self, value: &Sql, comparison: Comparison, literal: &Literal) -> String {
        let (left, right) = match literal {
            Literal::Text(text) if value.kind == Kind::Time => match time::from_text(text.as_bytes()) {
                Some(ns) => (value.text.clone(), self.dialect.of_micros(ns / 1_000)),
                None => return "FALSE".to_owned(),
            },
            Literal::Text(text) => (self.as_text(value), self.dialect.text(text)),
            Literal::Null => (self.as_text(value), "'null'".to_owned()),
            Literal::Bool(is_true) => (self.as_text(value), format!("'{is_true}'")),
            Literal::Quantity(count, own) => {
                let wanted = convert(*count, *own, value.unit).unwrap_or_else(|| {
                    let base = if own.dimension() == Dimension::Time { 1e9 } else { 1.0 };
                    count * own.factor() / base
                });
                (self.as_number(value), number(wanted))
            }
            Literal::Int(_) | Literal::Float(_) => (self.as_number(value), self.literal(literal).text),
        };
        match comparison {
            Comparison::Unequal => format!("coalesce({left} <> {right}, {} IS NOT NULL)", value.text),
            _ => format!("{left} {} {right}", symbol(comparison)),
        }
    }
}

fn level_of(literal: &Literal) -> Option<Level> {
    match literal {
        Literal::Text(text) => level_named(text),
        _ => None,
    }
}
