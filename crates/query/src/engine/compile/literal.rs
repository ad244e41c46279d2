//! Values that stand in the question, in the unit of what they are compared with.

use std::borrow::Cow;

use trine_model::Level;

use crate::{
    engine::{
        test::{Check, Operand},
        value::Val,
    },
    lang::{Dimension, Unit, ast::Literal},
    scan::{foreign::level_named, time},
};

/// The value by itself: a length of time as one, a size in bytes, a share as its number.
pub(super) fn val_of(literal: &Literal) -> Val<'static> {
    match literal {
        Literal::Null => Val::Null,
        Literal::Bool(is_true) => Val::Bool(*is_true),
        Literal::Int(int) => Val::Int(*int),
        Literal::Float(float) => Val::Float(*float),
        Literal::Quantity(number, unit) => match unit.dimension() {
            Dimension::Time => Val::Span((number * unit.factor()) as i64),
            _ => Val::Float(number * unit.factor()),
        },
        Literal::Text(text) => Val::Text(Cow::Owned(text.clone())),
    }
}

/// The value as a number in this unit, where it is a quantity and the unit one of its kind.
pub(super) fn in_unit(literal: &Literal, unit: Unit) -> Val<'static> {
    match literal {
        Literal::Quantity(number, own) => match convert(*number, *own, unit) {
            Some(number) => Val::Float(number),
            None => val_of(literal),
        },
        other => val_of(other),
    }
}

/// A number in another unit of its dimension; of a plain number, in seconds or bytes.
pub(crate) fn convert(number: f64, unit: Unit, other: Unit) -> Option<f64> {
    if other == Unit::None || unit.dimension() == Dimension::Number {
        return None;
    }
    (unit.dimension() == other.dimension()).then(|| {
        let scaled = number * unit.to(other);
        // 2s are 2000ms, not 2000.0000000000002.
        let whole = scaled.round();
        if (scaled - whole).abs() < 1e-9 * whole.abs() { whole } else { scaled }
    })
}

/// What a value must be to be this one.
pub(super) fn check_of(literal: &Literal, unit: Unit) -> Check {
    match literal {
        Literal::Null => Check::Null,
        Literal::Bool(is_true) => Check::Bool(*is_true),
        Literal::Int(int) => Check::Number(*int as f64, int.to_string()),
        Literal::Float(float) => Check::Number(*float, literal.to_string()),
        Literal::Quantity(..) => Check::Compare(crate::lang::ast::Comparison::Equal, operand(literal, unit)),
        Literal::Text(text) => Check::Text(text.clone()),
    }
}

/// What a field of this unit is compared with.
pub(super) fn operand(literal: &Literal, unit: Unit) -> Operand {
    match literal {
        Literal::Int(int) => Operand::Number(*int as f64),
        Literal::Float(float) => Operand::Number(*float),
        Literal::Quantity(number, own) => match convert(*number, *own, unit) {
            Some(number) => Operand::Number(number),
            None if own.dimension() == Dimension::Number => Operand::Number(number * own.factor()),
            None => {
                let base = if own.dimension() == Dimension::Time { time::SECOND_NS as f64 } else { 1.0 };
                Operand::Quantity(number * own.factor(), base)
            }
        },
        Literal::Null => Operand::Text("null".to_owned()),
        Literal::Bool(is_true) => Operand::Text(is_true.to_string()),
        Literal::Text(text) => Operand::Text(text.clone()),
    }
}

/// The level that a word means.
pub(super) fn level(literal: &Literal) -> Option<Level> {
    match literal {
        Literal::Text(text) => level_named(text),
        _ => None,
    }
}
