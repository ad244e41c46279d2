//! Filters, made ready: is this one of them?

use std::{cmp::Ordering, collections::HashSet};

use memchr::memmem;
use regex::bytes::Regex;

use super::{
    event::{Row, Slot},
    expr::Expr,
    value::Val,
};
use crate::{
    lang::{Unit, ast::Comparison},
    scan::{
        level::own_level,
        line::{Kind, Line, Raw},
    },
};

/// A filter, made ready.
#[derive(Clone, Debug)]
pub(super) enum Test {
    All,
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    /// The value in a slot passes a check.
    Slot(usize, Check),
    /// The whole holds something.
    Anywhere(Anywhere),
    Expr(Expr),
}

/// What a value must be.
#[derive(Clone, Debug)]
pub(super) enum Check {
    Exists,
    Null,
    Bool(bool),
    /// A text, or what is written like it.
    Text(String),
    /// A number, or a text that is written like it.
    Number(f64, String),
    /// A text of parts with anything between them.
    Glob(Vec<String>),
    Regex(Regex),
    Compare(Comparison, Operand),
    /// Both ends, each `>` or `>=`, `<` or `<=`.
    Range(Vec<(Comparison, Operand)>),
    /// A level, by its rank.
    Level(Comparison, u8),
    /// One of many values, as they are encoded.
    OneOf(HashSet<Vec<u8>>),
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Number(f64),
    Text(String),
    /// Nanoseconds, or bytes, of a field whose name says no unit: its numbers are seconds or bytes, its texts say their unit.
    Quantity(f64, f64),
}

/// What is looked for in the whole line.
#[derive(Clone, Debug)]
pub(super) enum Anywhere {
    /// A text, and its finder.
    Text(String, Box<memmem::Finder<'static>>),
    /// Parts, in this order.
    Glob(Vec<String>),
    Regex(Regex),
}

impl Test {
    pub(super) fn passes(&self, row: &impl Row) -> bool {
        match self {
            Test::All => true,
            Test::And(all) => all.iter().all(|one| one.passes(row)),
            Test::Or(any) => any.iter().any(|one| one.passes(row)),
            Test::Not(inner) => !inner.passes(row),
            Test::Slot(slot, check) => check.passes_in(row, *slot),
            Test::Anywhere(anywhere) => anywhere.passes(&row.whole()),
            Test::Expr(expr) => expr.value(row).is_true(),
        }
    }
}

impl Test {
    /// Whether it looks at nothing but the name, and what the name says.
    pub(super) fn is_of_name(&self, slots: &[Slot]) -> bool {
        match self {
            Test::And(all) | Test::Or(all) => all.iter().all(|one| one.is_of_name(slots)),
            Test::Not(inner) => inner.is_of_name(slots),
            Test::Slot(slot, _) => slots.get(*slot).is_some_and(Slot::is_of_name),
            Test::All | Test::Anywhere(_) | Test::Expr(_) => false,
        }
    }
}

impl Check {
    /// Looks at the value as it stands in the line where that is enough, and reads it where it is not.
    #[inline]
    fn passes_in(&self, row: &impl Row, slot: usize) -> bool {
        if let Some(raw) = row.raw(slot) {
            match (self, raw.kind()) {
                (Check::Text(text), Kind::Text) => return raw.is_text(text),
                (Check::Level(comparison, rank), Kind::Text) => {
                    if let Some(level) = raw.plain().and_then(own_level) {
                        return holds(*comparison, (level as u8).cmp(rank));
                    }
                }
                (Check::Compare(comparison, Operand::Number(number)), Kind::Number) => {
                    let order = raw.number().and_then(|value| value.partial_cmp(number));
                    return order.is_some_and(|order| holds(*comparison, order));
                }
                _ => {}
            }
        }
        self.passes(&row.value(slot))
    }

    /// Of a list, whether one of its items passes; absence is not, and so `NOT` of it is.
    pub(super) fn passes(&self, val: &Val<'_>) -> bool {
        match self {
            Check::Exists => return !val.is_null(),
            Check::Null => return val.is_null(),
            Check::OneOf(set) => {
                let mut key = Vec::new();
                val.encode(&mut key);
                return set.contains(&key);
            }
            _ => {}
        }
        if let Val::Nested(json) = val
            && let Ok(raw) = Raw::of(json)
            && raw.kind() == Kind::List
        {
            return raw.items().flatten().any(|item| self.passes(&Val::of_raw(item)));
        }
        match self {
            Check::Exists | Check::Null | Check::OneOf(_) => false,
            Check::Bool(wanted) => match val {
                Val::Bool(is_true) => is_true == wanted,
                Val::Text(text) => **text == *(if *wanted { "true" } else { "false" }),
                _ => false,
            },
            Check::Text(wanted) => !val.is_null() && val.text() == wanted.as_str(),
            Check::Number(number, written) => match val {
                Val::Int(_) | Val::Float(_) | Val::Span(_) => val.number() == Some(*number),
                Val::Text(text) => *text == written.as_str(),
                _ => false,
            },
            Check::Glob(parts) => !val.is_null() && is_like(&val.text(), parts),
            Check::Regex(regex) => !val.is_null() && regex.is_match(val.text().as_bytes()),
            Check::Compare(comparison, operand) => operand.is(*comparison, val),
            Check::Range(ends) => ends.iter().all(|(comparison, operand)| operand.is(*comparison, val)),
            Check::Level(comparison, rank) => match val {
                Val::Text(text) => text
                    .parse::<trine_model::Level>()
                    .is_ok_and(|level| holds(*comparison, (level as u8).cmp(rank))),
                _ => false,
            },
        }
    }
}

impl Operand {
    fn is(&self, comparison: Comparison, val: &Val<'_>) -> bool {
        let order = match self {
            Operand::Number(number) => val.compare(&Val::Float(*number)),
            Operand::Text(text) => val.compare(&Val::Text(text.as_str().into())),
            Operand::Quantity(wanted, base) => {
                let own = match val {
                    Val::Text(text) => quantity_of_text(text),
                    Val::Span(ns) => Some(*ns as f64),
                    other => other.number().map(|number| number * base),
                };
                own.and_then(|own| own.partial_cmp(wanted))
            }
        };
        match order {
            Some(order) => holds(comparison, order),
            // What cannot be compared is not equal, as long as it is there.
            None => comparison == Comparison::Unequal && !val.is_null(),
        }
    }
}

/// Nanoseconds or bytes of a text like `1.5s`, `2 MiB`.
fn quantity_of_text(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-'))?;
    let number: f64 = text[..end].parse().ok()?;
    let (factor, unit) = Unit::of_symbol(text[end..].trim_start())?;
    Some(number * factor * unit.factor())
}

/// Whether `a op b` holds when a compares to b like this.
#[inline]
pub(super) fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::Unequal => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::AtMost => order != Ordering::Greater,
        Comparison::More => order == Ordering::Greater,
        Comparison::AtLeast => order != Ordering::Less,
    }
}

/// Whether a text consists of these parts, with anything between them.
pub(super) fn is_like(text: &str, parts: &[String]) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let mut rest = rest;
    for part in middle {
        match rest.find(part.as_str()) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

impl Anywhere {
    pub(super) fn text(text: &str) -> Anywhere {
        Anywhere::Text(text.to_owned(), Box::new(memmem::Finder::new(text).into_owned()))
    }

    /// First in the bytes of the line; where those have escapes, also in what its texts mean.
    fn passes(&self, line: &[u8]) -> bool {
        self.is_in(line) || (memchr::memchr(b'\\', line).is_some() && self.is_in_texts(line))
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Anywhere::Text(_, finder) => finder.find(bytes).is_some(),
            Anywhere::Glob(parts) => {
                let mut rest = bytes;
                parts.iter().all(|part| match memmem::find(rest, part.as_bytes()) {
                    Some(at) => {
                        rest = &rest[at + part.len()..];
                        true
                    }
                    None => false,
                })
            }
            Anywhere::Regex(regex) => regex.is_match(bytes),
        }
    }

    #[cold]
    fn is_in_texts(&self, line: &[u8]) -> bool {
        let mut buffer = String::new();
        Line::new(line)
            .members()
            .flatten()
            .any(|member| self.is_in(member.key(&mut buffer).as_bytes()) || self.is_in_value(member.value))
    }

    fn is_in_value(&self, raw: Raw<'_>) -> bool {
        // The reader bounds how deep values lie in each other.
        match raw.kind() {
            Kind::Text => raw.text(&mut String::new()).is_some_and(|text| self.is_in(text.as_bytes())),
            Kind::List => raw.items().flatten().any(|item| self.is_in_value(item)),
            Kind::Map => raw.members().flatten().any(|member| self.is_in_value(member.value)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_in_their_order() {
        let parts = |text: &str| text.split('*').map(str::to_owned).collect::<Vec<_>>();
        for (text, pattern) in
            [("payment_failed", "pay*"), ("abc", "*c"), ("abcabc", "a*b*c"), ("aa", "a*a"), ("x", "*")]
        {
            assert!(is_like(text, &parts(pattern)), "{text} {pattern}");
        }
        for (text, pattern) in [("a", "a*a"), ("abc", "b*"), ("abc", "*b"), ("acb", "a*b*c")] {
            assert!(!is_like(text, &parts(pattern)), "{text} {pattern}");
        }
    }

    #[test]
    fn words_are_found_however_they_are_escaped() {
        let line = br#"{"a":"say \"hi\" to gr\u00f6\u00dfe","b":[{"c":"x\/y"}]}"#;
        for text in ["say \\\"hi", "say \"hi\"", "größe", "x/y", "b"] {
            assert!(Anywhere::text(text).passes(line), "{text}");
        }
        assert!(!Anywhere::text("bye").passes(line));
    }

    #[test]
    fn quantities_are_read_from_texts() {
        assert_eq!(quantity_of_text("1.5s"), Some(1.5e9));
        assert_eq!(quantity_of_text("2 MiB"), Some(2.0 * 1_048_576.0));
        assert_eq!(quantity_of_text("fast"), None);
    }
}
