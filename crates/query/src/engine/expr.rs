//! Expressions, made ready: what is their value?

use std::collections::HashSet;

use regex::Regex;

use super::{event::Row, functions::Scalar, test::holds, value::Val};
use crate::lang::ast::{Arithmetic, Comparison};

/// An expression, made ready.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Const(Val<'static>),
    Slot(usize),
    Call(Scalar, Vec<Expr>),
    Minus(Box<Expr>),
    Not(Box<Expr>),
    /// A number in another unit.
    Scaled(Box<Expr>, f64),
    Arithmetic(Arithmetic, Box<[Expr; 2]>),
    Compare(Comparison, Box<[Expr; 2]>),
    Matches(Box<Expr>, Regex),
    /// One of these values, as they are encoded.
    In(Box<Expr>, HashSet<Vec<u8>>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

impl Expr {
    /// The value; null where there is none: of a field that is not there, of a sum with a text.
    pub(super) fn value<'r>(&'r self, row: &'r impl Row) -> Val<'r> {
        match self {
            Expr::Const(val) => val.clone(),
            Expr::Slot(slot) => row.value(*slot),
            Expr::Call(function, arguments) => function.call(arguments, row),
            Expr::Minus(inner) => match inner.value(row) {
                Val::Int(int) => int.checked_neg().map_or(Val::Float(-(int as f64)), Val::Int),
                Val::Span(ns) => Val::Span(ns.saturating_neg()),
                other => other.number().map_or(Val::Null, |number| Val::Float(-number)),
            },
            Expr::Not(inner) => match inner.value(row) {
                Val::Bool(is_true) => Val::Bool(!is_true),
                _ => Val::Null,
            },
            Expr::Scaled(inner, factor) => {
                inner.value(row).number().map_or(Val::Null, |number| Val::Float(number * factor))
            }
            Expr::Arithmetic(operator, sides) => {
                calculate(*operator, sides[0].value(row), sides[1].value(row))
            }
            Expr::Compare(comparison, sides) => {
                compare(*comparison, &sides[0].value(row), &sides[1].value(row))
            }
            Expr::Matches(inner, regex) => match inner.value(row) {
                Val::Null => Val::Null,
                val => Val::Bool(regex.is_match(&val.text())),
            },
            Expr::In(inner, set) => {
                let val = inner.value(row);
                if val.is_null() {
                    return Val::Null;
                }
                let mut key = Vec::new();
                val.encode(&mut key);
                Val::Bool(set.contains(&key))
            }
            Expr::And(all) => Val::Bool(all.iter().all(|one| one.value(row).is_true())),
            Expr::Or(any) => Val::Bool(any.iter().any(|one| one.value(row).is_true())),
        }
    }

    /// The value as a number, without reading more than that where it stands in a line.
    #[inline]
    pub(super) fn number(&self, row: &impl Row) -> Option<f64> {
        match self {
            Expr::Slot(slot) => row.number(*slot),
            _ => self.number_of_value(row),
        }
    }

    #[inline(never)]
    fn number_of_value(&self, row: &impl Row) -> Option<f64> {
        self.value(row).number()
    }
}

fn compare(comparison: Comparison, left: &Val<'_>, right: &Val<'_>) -> Val<'static> {
    if left.is_null() || right.is_null() {
        // `x == null` asks whether there is none; anything else has no answer.
        return match comparison {
            Comparison::Equal if left.is_null() && right.is_null() => Val::Bool(true),
            Comparison::Unequal => Val::Bool(left.is_null() != right.is_null()),
            _ => Val::Bool(false),
        };
    }
    match left.compare(right) {
        Some(order) => Val::Bool(holds(comparison, order)),
        None => Val::Bool(comparison == Comparison::Unequal),
    }
}

fn calculate(operator: Arithmetic, left: Val<'_>, right: Val<'_>) -> Val<'static> {
    use Arithmetic::{Add, Divide, Multiply, Remainder, Subtract};
    let exact = match (&left, operator, &right) {
        (Val::Null, ..) | (.., Val::Null) => return Val::Null,
        (Val::Int(a), Add, Val::Int(b)) => a.checked_add(*b),
        (Val::Int(a), Subtract, Val::Int(b)) => a.checked_sub(*b),
        (Val::Int(a), Multiply, Val::Int(b)) => a.checked_mul(*b),
        (Val::Int(a), Remainder, Val::Int(b)) => a.checked_rem_euclid(*b),
        (Val::Time(a), Add, Val::Span(b)) | (Val::Span(b), Add, Val::Time(a)) => {
            return Val::Time(a.saturating_add(*b));
        }
        (Val::Time(a), Subtract, Val::Span(b)) => return Val::Time(a.saturating_sub(*b)),
        (Val::Time(a), Subtract, _) => {
            return right.time().map_or(Val::Null, |b| Val::Span(a.saturating_sub(b)));
        }
        (Val::Span(a), Add, Val::Span(b)) => return Val::Span(a.saturating_add(*b)),
        (Val::Span(a), Subtract, Val::Span(b)) => return Val::Span(a.saturating_sub(*b)),
        (Val::Span(a), Multiply, Val::Int(_) | Val::Float(_)) => {
            return right.number().map_or(Val::Null, |b| Val::Span((*a as f64 * b) as i64));
        }
        (Val::Span(a), Divide, Val::Int(_) | Val::Float(_)) => {
            return right.number().map_or(Val::Null, |b| Val::Span((*a as f64 / b) as i64));
        }
        (Val::Text(a), Add, Val::Text(b)) => return Val::Text(format!("{a}{b}").into()),
        _ => None,
    };
    if let Some(int) = exact {
        return Val::Int(int);
    }
    let (Some(a), Some(b)) = (left.number(), right.number()) else { return Val::Null };
    match operator {
        Add => Val::Float(a + b),
        Subtract => Val::Float(a - b),
        Multiply => Val::Float(a * b),
        // By zero there is no answer.
        Divide | Remainder if b == 0.0 => Val::Null,
        Divide => Val::Float(a / b),
        Remainder => Val::Float(a.rem_euclid(b)),
    }
}
