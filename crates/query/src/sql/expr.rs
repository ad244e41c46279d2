//! Values: fields, literals, operators and functions of one event.

use super::{
    Dialect, Error, Translator,
    scope::{Kind, Scope},
};
use crate::lang::{
    Dimension, Unit,
    ast::{Argument, Arithmetic, Call, Comparison, Expr, Field, Literal},
};

/// A value in SQL, and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Sql {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
}

impl Sql {
    pub(super) fn new(text: impl Into<String>, kind: Kind) -> Sql {
        Sql { text: text.into(), kind, unit: Unit::None }
    }

    pub(super) fn with_unit(self, unit: Unit) -> Sql {
        Sql { unit, ..self }
    }
}

/// A number as SQL reads it back.
pub(super) fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number}") } else { format!("{number:e}") }
}

pub(super) fn symbol(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::Unequal => "<>",
        Comparison::Less => "<",
        Comparison::AtMost => "<=",
        Comparison::More => ">",
        Comparison::AtLeast => ">=",
    }
}

impl Translator<'_> {
    pub(super) fn as_text(&self, sql: &Sql) -> String {
        if sql.kind == Kind::Text { sql.text.clone() } else { self.dialect.as_text(&sql.text) }
    }

    pub(super) fn as_number(&self, sql: &Sql) -> String {
        if sql.kind == Kind::Number { sql.text.clone() } else { self.dialect.as_number(&sql.text) }
    }

    pub(super) fn as_time(&self, sql: &Sql) -> String {
        if sql.kind == Kind::Time { sql.text.clone() } else { self.dialect.as_time(&sql.text) }
    }

    pub(super) fn field(&self, scope: &Scope, field: &Field) -> Result<Sql, Error> {
        scope.field(self, field)
    }

    /// A condition: what is unknown counts as false, as `WHERE` has it.
    pub(super) fn condition(&self, scope: &Scope, expr: &Expr) -> Result<String, Error> {
        let sql = self.expr(scope, expr)?;
        Ok(match sql.kind {
            Kind::Bool => sql.text,
            _ => format!("{} = 'true'", self.as_text(&sql)),
        })
    }

    pub(super) fn expr(&self, scope: &Scope, expr: &Expr) -> Result<Sql, Error> {
        Ok(match expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Field(field) => self.field(scope, field)?,
            Expr::Call(call) => self.call(scope, call)?,
            Expr::Minus(inner) => {
                let inner = self.expr(scope, inner)?;
                Sql::new(format!("(-{})", self.as_number(&inner)), Kind::Number).with_unit(inner.unit)
            }
            Expr::Not(inner) => {
                Sql::new(format!("(NOT coalesce({}, FALSE))", self.condition(scope, inner)?), Kind::Bool)
            }
            Expr::Arithmetic(operator, sides) => self.arithmetic(scope, *operator, &sides[0], &sides[1])?,
            Expr::Compare(comparison, sides) => {
                Sql::new(self.compare(scope, *comparison, &sides[0], &sides[1])?, Kind::Bool)
            }
            Expr::Matches(inner, regex) => {
                let inner = self.expr(scope, inner)?;
                Sql::new(self.dialect.matches(&self.as_text(&inner), regex), Kind::Bool)
            }
            Expr::In(inner, literals) => {
                let inner = self.expr(scope, inner)?;
                let mut any = Vec::new();
                for literal in literals {
                    any.push(match literal {
                        Literal::Text(text) => {
                            format!("{} = {}", self.as_text(&inner), self.dialect.text(text))
                        }
                        Literal::Null => format!("{} IS NULL", inner.text),
                        other => {
                            let literal = self.in_unit(&self.literal(other), other, inner.unit);
                            format!("{} = {}", self.as_number(&inner), self.as_number(&literal))
                        }
                    });
                }
                Sql::new(format!("({})", any.join(" OR ")), Kind::Bool)
            }
            Expr::And(all) => Sql::new(self.joined(scope, all, " AND ")?, Kind::Bool),
            Expr::Or(any) => Sql::new(self.joined(scope, any, " OR ")?, Kind::Bool),
        })
    }

    fn joined(&self, scope: &Scope, exprs: &[Expr], with: &str) -> Result<String, Error> {
        let parts: Result<Vec<String>, Error> =
            exprs.iter().map(|expr| self.condition(scope, expr)).collect();
        Ok(format!("coalesce({}, FALSE)", parts?.join(with)))
    }

    /// A length of time stands in seconds, a size in bytes.
    pub(super) fn literal(&self, literal: &Literal) -> Sql {
        match literal {
            Literal::Null => Sql::new("NULL", Kind::Null),
            Literal::Bool(true) => Sql::new("TRUE", Kind::Bool),
            Literal::Bool(false) => Sql::new("FALSE", Kind::Bool),
            Literal::Int(int) => Sql::new(int.to_string(), Kind::Number),
            Literal::Float(float) => Sql::new(number(*float), Kind::Number),
            Literal::Quantity(count, unit) => {
                let base = if unit.dimension() == Dimension::Time { 1e9 } else { 1.0 };
                Sql::new(number(count * unit.factor() / base), Kind::Number)
            }
            Literal::Text(text) => Sql::new(self.dialect.text(text), Kind::Text),
        }
    }

    /// A quantity in the unit of what it is compared with.
    fn in_unit(&self, sql: &Sql, literal: &Literal, unit: Unit) -> Sql {
        match literal {
            Literal::Quantity(count, own) => match convert(*count, *own, unit) {
                Some(count) => Sql::new(number(count), Kind::Number),
                None => sql.clone(),
            },
            _ => sql.clone(),
        }
    }

    /// Both sides in one unit.
    fn same_unit(&self, scope: &Scope, left: &Expr, right: &Expr) -> Result<(Sql, Sql), Error> {
        let (mut a, mut b) = (self.expr(scope, left)?, self.expr(scope, right)?);
        if let Expr::Literal(literal) = right {
            b = self.in_unit(&b, literal, a.unit);
        } else if let Expr::Literal(literal) = left {
            a = self.in_unit(&a, literal, b.unit);
        } else if a.unit != b.unit && a.unit != Unit::None && b.unit != Unit::None {
            let factor = number(b.unit.to(a.unit));
            b = Sql::new(format!("({} * {factor})", self.as_number(&b)), Kind::Number).with_unit(a.unit);
        }
        Ok((a, b))
    }

    fn arithmetic(
        &self,
        scope: &Scope,
        operator: Arithmetic,
        left: &Expr,
        right: &Expr,
    ) -> Result<Sql, Error> {
        let (a, b) = match operator {
            Arithmetic::Multiply => (self.expr(scope, left)?, self.expr(scope, right)?),
            _ => self.same_unit(scope, left, right)?,
        };
        if a.kind == Kind::Time || b.kind == Kind::Time {
            return Err(self.unsayable_at(left, right, "calculating with points in time"));
        }
        if operator == Arithmetic::Add && a.kind == Kind::Text && b.kind == Kind::Text {
            return Ok(Sql::new(format!("concat({}, {})", a.text, b.text), Kind::Text));
        }
        let unit = match operator {
            Arithmetic::Divide if a.unit != Unit::None && b.unit != Unit::None => Unit::None,
            _ if a.unit == Unit::None => b.unit,
            _ => a.unit,
        };
        let (a, b) = (self.as_number(&a), self.as_number(&b));
        let text = match operator {
            Arithmetic::Add => format!("({a} + {b})"),
            Arithmetic::Subtract => format!("({a} - {b})"),
            Arithmetic::Multiply => format!("({a} * {b})"),
            Arithmetic::Divide => format!("({a} / nullif({b}, 0))"),
            // What is left over is never negative.
            Arithmetic::Remainder => format!("({a} - abs({b}) * floor({a} / nullif(abs({b}), 0)))"),
        };
        Ok(Sql::new(text, Kind::Number).with_unit(unit))
    }

    fn compare(
        &self,
        scope: &Scope,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
    ) -> Result<String, Error> {
        let (a, b) = self.same_unit(scope, left, right)?;
        if a.kind == Kind::Null || b.kind == Kind::Null {
            let other = if a.kind == Kind::Null { &b } else { &a };
            return Ok(match comparison {
                Comparison::Equal => format!("({} IS NULL)", other.text),
                Comparison::Unequal => format!("({} IS NOT NULL)", other.text),
                _ => "FALSE".to_owned(),
            });
        }
        let either = |kind: Kind| a.kind == kind || b.kind == kind;
        let (x, y) = if either(Kind::Time) {
            (self.as_time(&a), self.as_time(&b))
        } else if either(Kind::Number) || a.unit != Unit::None || b.unit != Unit::None {
            (self.as_number(&a), self.as_number(&b))
        } else if either(Kind::Bool) || either(Kind::Text) {
            (self.as_text(&a), self.as_text(&b))
        } else {
            (a.text.clone(), b.text.clone())
        };
        let symbol = symbol(comparison);
        Ok(match comparison {
            // There is no answer to what is not there, but that it is another than what is there.
            Comparison::Unequal => {
                format!("coalesce({x} <> {y}, ({} IS NULL) <> ({} IS NULL))", a.text, b.text)
            }
            _ => format!("coalesce({x} {symbol} {y}, FALSE)"),
        })
    }

    fn unsayable_at(&self, left: &Expr, right: &Expr, what: &str) -> Error {
        let text = left.to_string();
        let at = self.text.find(&text).or_else(|| self.text.find(&right.to_string())).unwrap_or(0);
        self.unsayable(at, text.len(), what)
    }

    fn call(&self, scope: &Scope, call: &Call) -> Result<Sql, Error> {
        if call.function.is_aggregate {
            return scope.aggregate(self, call);
        }
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            if let Argument::Expr(expr) = argument {
                arguments.push(self.expr(scope, expr)?);
            }
        }
        if arguments.is_empty() && call.function.name != "now" {
            arguments.push(self.field(scope, &Field { at: call.at, ..Field::key("timestamp") })?);
        }
        super::functions::call(self, scope, call, &arguments)
    }

    /// That something has no SQL, and where it stands.
    pub(super) fn unsayable(&self, at: usize, length: usize, what: &str) -> Error {
        let engine = match self.dialect {
            Dialect::DuckDb => "DuckDB",
            Dialect::ClickHouse => "ClickHouse",
            Dialect::Spark => "Spark",
        };
        Error::new(self.text, at, length, format!("{what} cannot be said in SQL for {engine}"))
            .hint("without --to-sql, trine query answers it")
    }
}

/// A number in another unit of its dimension.
pub(super) fn convert(number: f64, unit: Unit, other: Unit) -> Option<f64> {
    crate::engine::convert(number, unit, other)
}
