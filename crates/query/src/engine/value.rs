//! Values while a question is being answered: borrowed from the line where they can be.

use std::{borrow::Cow, cmp::Ordering};

use crate::{
    answer::Cell,
    scan::{
        line::{Kind, Raw, Value},
        time,
    },
};

/// A value: of a field, of a cell, of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Cow<'a, str>),
    /// Nanoseconds since 1970-01-01 UTC.
    Time(i64),
    /// A length of time in nanoseconds.
    Span(i64),
    /// A list or a map, as JSON.
    Nested(Cow<'a, [u8]>),
}

/// Whole floats up to here are one value with the integer.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl<'a> Val<'a> {
    /// What a value of a line means; `Null` where it means nothing.
    pub(super) fn of_raw(raw: Raw<'a>) -> Val<'a> {
        if let Some(plain) = raw.plain() {
            // Whole words at a time, unlike the lossy way.
            return Val::Text(match str::from_utf8(plain) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => String::from_utf8_lossy(plain),
            });
        }
        if matches!(raw.kind(), Kind::List | Kind::Map) {
            return Val::Nested(Cow::Borrowed(raw.bytes()));
        }
        let mut buffer = String::new();
        match raw.value(&mut buffer) {
            Ok(Value::Bool(is_true)) => Val::Bool(is_true),
            Ok(Value::Int(int)) => Val::Int(int),
            Ok(Value::Float(float)) => Val::Float(float),
            Ok(Value::Text(text)) => Val::Text(Cow::Owned(text.to_owned())),
            // A text with a bad escape is still one; anything else that is broken means nothing.
            _ => match raw.text(&mut String::new()) {
                Some(text) => Val::Text(Cow::Owned(text.to_owned())),
                None => Val::Null,
            },
        }
    }

    pub(super) fn of_cell(cell: &'a Cell) -> Val<'a> {
        match cell {
            Cell::Null => Val::Null,
            Cell::Bool(is_true) => Val::Bool(*is_true),
            Cell::Int(int) => Val::Int(*int),
            Cell::Float(float) => Val::Float(*float),
            Cell::Text(text) => Val::Text(Cow::Borrowed(text)),
            Cell::Time(ns) => Val::Time(*ns),
            Cell::Duration(ns) => Val::Span(*ns),
            Cell::Nested(json) => Val::Nested(Cow::Borrowed(json.as_bytes())),
        }
    }

    pub(super) fn from_cell(cell: Cell) -> Val<'static> {
        match cell {
            Cell::Null => Val::Null,
            Cell::Bool(is_true) => Val::Bool(is_true),
            Cell::Int(int) => Val::Int(int),
            Cell::Float(float) => Val::Float(float),
            Cell::Text(text) => Val::Text(Cow::Owned(text)),
            Cell::Time(ns) => Val::Time(ns),
            Cell::Duration(ns) => Val::Span(ns),
            Cell::Nested(json) => Val::Nested(Cow::Owned(json.into_bytes())),
        }
    }

    pub(super) fn into_cell(self) -> Cell {
        match self {
            Val::Null => Cell::Null,
            Val::Bool(is_true) => Cell::Bool(is_true),
            Val::Int(int) => Cell::Int(int),
            Val::Float(float) => Cell::Float(float),
            Val::Text(text) => Cell::Text(text.into_owned()),
            Val::Time(ns) => Cell::Time(ns),
            Val::Span(ns) => Cell::Duration(ns),
            Val::Nested(json) => Cell::Nested(String::from_utf8_lossy(&json).into_owned()),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Val::Null)
    }

    /// Whether a condition holds that has this value.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Val::Bool(true))
    }

    /// As a number to be calculated with; also of a text that is one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Val::Int(int) => Some(*int as f64),
            Val::Float(float) => Some(*float),
            Val::Bool(is_true) => Some(f64::from(*is_true)),
            Val::Span(ns) => Some(*ns as f64 / 1e9),
            Val::Text(text) => number_of_text(text),
            Val::Null | Val::Time(_) | Val::Nested(_) => None,
        }
    }

    /// As a point in time: a time, a text or number that says one.
    pub(super) fn time(&self) -> Option<i64> {
        match self {
            Val::Time(ns) => Some(*ns),
            Val::Text(text) => time::from_text(text.as_bytes()),
            Val::Int(int) => time::from_text(int.to_string().as_bytes()),
            Val::Float(float) => time::from_text(format!("{float}").as_bytes()),
            _ => None,
        }
    }

    /// As a text, as it is shown.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Val::Text(text) => Cow::Borrowed(text),
            Val::Null => Cow::Borrowed(""),
            Val::Bool(is_true) => Cow::Borrowed(if *is_true { "true" } else { "false" }),
            Val::Int(int) => Cow::Owned(int.to_string()),
            Val::Float(float) => Cow::Owned(float.to_string()),
            Val::Time(ns) => Cow::Owned(String::from_utf8_lossy(&time::to_text(*ns)).into_owned()),
            Val::Span(ns) => Cow::Owned(format!("{}s", *ns as f64 / 1e9)),
            Val::Nested(json) => String::from_utf8_lossy(json),
        }
    }

    /// The order of two values of a kind, and of a text with what it says; `None` where they have none.
    pub(super) fn compare(&self, other: &Val<'_>) -> Option<Ordering> {
        match (self, other) {
            (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
            (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
            (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
            (Val::Null, Val::Null) => Some(Ordering::Equal),
            (Val::Null, _) | (_, Val::Null) => None,
            (Val::Time(a), _) => Some(a.cmp(&other.time()?)),
            (_, Val::Time(b)) => Some(self.time()?.cmp(b)),
            (Val::Nested(a), Val::Nested(b)) => (a == b).then_some(Ordering::Equal),
            (Val::Bool(_), Val::Text(text)) | (Val::Text(text), Val::Bool(_)) => {
                let is_true = match &**text {
                    "true" => true,
                    "false" => false,
                    _ => return None,
                };
                let text = Val::Bool(is_true);
                if matches!(self, Val::Bool(_)) { self.compare(&text) } else { text.compare(other) }
            }
            (Val::Bool(_), _) | (_, Val::Bool(_)) => None,
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    /// An order of all values, for sorting: nulls last, numbers by size, texts by their characters.
    pub(super) fn order(&self, other: &Val<'_>) -> Ordering {
        let kind = |val: &Val<'_>| match val {
            Val::Bool(_) => 0,
            Val::Int(_) | Val::Float(_) | Val::Span(_) => 1,
            Val::Time(_) => 2,
            Val::Text(_) => 3,
            Val::Nested(_) => 4,
            Val::Null => 5,
        };
        kind(self).cmp(&kind(other)).then_with(|| match (self, other) {
            (Val::Int(a), Val::Int(b)) => a.cmp(b),
            (Val::Nested(a), Val::Nested(b)) => a.cmp(b),
            (a, b) if kind(a) == 1 => {
                a.number().unwrap_or_default().total_cmp(&b.number().unwrap_or_default())
            }
            (a, b) => a.compare(b).unwrap_or(Ordering::Equal),
        })
    }

    /// Appends it so that equal values, and no others, have equal bytes: `5` and `5.0` are equal.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Val::Null => out.push(Tag::Null as u8),
            Val::Bool(is_true) => out.extend_from_slice(&[Tag::Bool as u8, u8::from(*is_true)]),
            Val::Int(int) => fixed(Tag::Int, &int.to_le_bytes(), out),
            Val::Float(float) if float.fract() == 0.0 && float.abs() <= EXACT_MAX => {
                fixed(Tag::Int, &(*float as i128).to_le_bytes(), out);
            }
            Val::Float(float) => fixed(Tag::Float, &float.to_le_bytes(), out),
            Val::Text(text) => encode_text(text.as_bytes(), out),
            Val::Time(ns) => fixed(Tag::Time, &ns.to_le_bytes(), out),
            Val::Span(ns) => fixed(Tag::Span, &ns.to_le_bytes(), out),
            Val::Nested(json) => sized(Tag::Nested, json, out),
        }
    }
}

/// What kind of value is encoded.
#[derive(Clone, Copy)]
enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Text,
    Time,
    Span,
    Nested,
}

fn fixed(tag: Tag, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag as u8);
    out.extend_from_slice(bytes);
}

#[inline]
fn sized(tag: Tag, bytes: &[u8], out: &mut Vec<u8>) {
    // Lines are shorter than 4 GiB.
    let [a, b, c, d] = (bytes.len() as u32).to_le_bytes();
    out.reserve(bytes.len() + 5);
    out.extend_from_slice(&[tag as u8, a, b, c, d]);
    out.extend_from_slice(bytes);
}

/// As [`Val::encode`], for a text that is at hand as bytes.
#[inline]
pub(super) fn encode_text(text: &[u8], out: &mut Vec<u8>) {
    sized(Tag::Text, text, out);
}

/// Takes the next value off what was encoded; null at the end, and for what was not.
pub(super) fn decode(bytes: &mut &[u8]) -> Cell {
    fn take<'b>(bytes: &mut &'b [u8], length: usize) -> &'b [u8] {
        let (taken, rest) = bytes.split_at(length.min(bytes.len()));
        *bytes = rest;
        taken
    }
    fn fixed<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
        take(bytes, N).try_into().unwrap_or([0; N])
    }
    fn text(bytes: &mut &[u8]) -> String {
        let length = u32::from_le_bytes(fixed(bytes)) as usize;
        String::from_utf8_lossy(take(bytes, length)).into_owned()
    }
    match take(bytes, 1).first() {
        Some(1) => Cell::Bool(take(bytes, 1) == [1]),
        Some(2) => Cell::Int(i128::from_le_bytes(fixed(bytes))),
        Some(3) => Cell::Float(f64::from_le_bytes(fixed(bytes))),
        Some(4) => Cell::Text(text(bytes)),
        Some(5) => Cell::Time(i64::from_le_bytes(fixed(bytes))),
        Some(6) => Cell::Duration(i64::from_le_bytes(fixed(bytes))),
        Some(7) => Cell::Nested(text(bytes)),
        _ => Cell::Null,
    }
}

/// The number that a text is, digits and nothing else.
fn number_of_text(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'));
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_reads_back_and_equal_numbers_are_one() {
        let vals = [
            Val::Null,
            Val::Bool(true),
            Val::Int(-5),
            Val::Float(0.5),
            Val::Text("é".into()),
            Val::Time(7),
            Val::Span(-7),
            Val::Nested(b"[1]".as_slice().into()),
        ];
        let mut bytes = Vec::new();
        vals.iter().for_each(|val| val.encode(&mut bytes));
        let mut rest = &bytes[..];
        for val in vals {
            assert_eq!(decode(&mut rest), val.into_cell());
        }
        assert!(rest.is_empty());
        let encoded = |val: Val<'_>| {
            let mut out = Vec::new();
            val.encode(&mut out);
            out
        };
        assert_eq!(encoded(Val::Float(5.0)), encoded(Val::Int(5)));
        assert_ne!(encoded(Val::Text("5".into())), encoded(Val::Int(5)));
        assert_eq!(decode(&mut &[4, 255, 255, 255, 255, b'x'][..]), Cell::Text("x".into()));
    }

    #[test]
    fn values_are_compared_by_what_they_mean() {
        let text = |text: &'static str| Val::Text(text.into());
        assert_eq!(Val::Int(5).compare(&Val::Float(5.5)), Some(Ordering::Less));
        assert_eq!(text("10").compare(&Val::Int(9)), Some(Ordering::Greater));
        assert_eq!(text("x").compare(&Val::Int(9)), None);
        assert_eq!(Val::Time(0).compare(&text("1970-01-01T00:00:01Z")), Some(Ordering::Less));
        assert_eq!(Val::Bool(true).compare(&text("true")), Some(Ordering::Equal));
        assert_eq!(Val::Null.compare(&Val::Int(0)), None);
        assert_eq!(Val::Null.order(&Val::Int(0)), Ordering::Greater);
    }
}
