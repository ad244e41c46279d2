//! Functions of one event's values.

use std::borrow::Cow;

use regex::Regex;

use super::{
    event::{Row, day_of_week, hour_of_day},
    expr::Expr,
    value::Val,
};
use crate::scan::{
    line::{Kind, Raw},
    time,
};

/// Longest text that a function makes: several of them, each doubling what the one before made, could fill the memory.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A function, and what of its arguments is known beforehand.
#[derive(Clone, Debug)]
pub(super) enum Scalar {
    Lower,
    Upper,
    Trim,
    Length,
    Contains,
    ContainsIgnoringCase,
    StartsWith,
    EndsWith,
    Replace,
    Substr,
    Split,
    Concat,
    Extract(Regex),
    CollapseNums,
    Abs,
    Round,
    Floor,
    Ceil,
    Sqrt,
    Log10,
    Greatest,
    Least,
    If,
    Coalesce,
    Exists,
    ToNumber,
    ToText,
    ToTime,
    Type,
    /// Of this length, in nanoseconds.
    Bucket(i64),
    Date,
    HourOfDay,
    DayOfWeek,
    Unix,
}

impl Scalar {
    /// By its name in the language; those that need more than the name are made where the question is compiled.
    pub(super) fn named(name: &str) -> Option<Scalar> {
        Some(match name {
            "lower" => Scalar::Lower,
            "upper" => Scalar::Upper,
            "trim" => Scalar::Trim,
            "length" => Scalar::Length,
            "contains" => Scalar::Contains,
            "icontains" => Scalar::ContainsIgnoringCase,
            "starts_with" => Scalar::StartsWith,
            "ends_with" => Scalar::EndsWith,
            "replace" => Scalar::Replace,
            "substr" => Scalar::Substr,
            "split" => Scalar::Split,
            "concat" => Scalar::Concat,
            "collapse_nums" => Scalar::CollapseNums,
            "abs" => Scalar::Abs,
            "round" => Scalar::Round,
            "floor" => Scalar::Floor,
            "ceil" => Scalar::Ceil,
            "sqrt" => Scalar::Sqrt,
            "log10" => Scalar::Log10,
            "greatest" => Scalar::Greatest,
            "least" => Scalar::Least,
            "if" => Scalar::If,
            "coalesce" => Scalar::Coalesce,
            "exists" => Scalar::Exists,
            "to_number" => Scalar::ToNumber,
            "to_text" => Scalar::ToText,
            "to_time" => Scalar::ToTime,
            "type" => Scalar::Type,
            "date" => Scalar::Date,
            "hour_of_day" => Scalar::HourOfDay,
            "day_of_week" => Scalar::DayOfWeek,
            "unix" => Scalar::Unix,
            _ => return None,
        })
    }

    pub(super) fn call<'r>(&'r self, arguments: &'r [Expr], row: &'r impl Row) -> Val<'r> {
        let value = |place: usize| arguments.get(place).map_or(Val::Null, |expr| expr.value(row));
        match self {
            Scalar::If => return value(if value(0).is_true() { 1 } else { 2 }),
            Scalar::Coalesce => {
                return arguments
                    .iter()
                    .map(|expr| expr.value(row))
                    .find(|val| !val.is_null())
                    .unwrap_or(Val::Null);
            }
            Scalar::Exists => return Val::Bool(!value(0).is_null()),
            Scalar::Greatest | Scalar::Least => {
                let vals = arguments.iter().map(|expr| expr.value(row)).filter(|val| !val.is_null());
                let best = match self {
                    Scalar::Greatest => vals.max_by(Val::order),
                    _ => vals.min_by(Val::order),
                };
                return best.unwrap_or(Val::Null);
            }
            Scalar::Concat => {
                let text: String = arguments
                    .iter()
                    .map(|expr| expr.value(row).text().into_owned())
                    .take_while({
                        let mut bytes = 0;
                        move |text| {
                            bytes += text.len();
                            bytes <= TEXT_BYTES_MAX
                        }
                    })
                    .collect();
                return Val::Text(text.into());
            }
            _ => {}
        }
        let first = value(0);
        if first.is_null() {
            return Val::Null;
        }
        match self {
            Scalar::Lower => Val::Text(first.text().to_lowercase().into()),
            Scalar::Upper => Val::Text(first.text().to_uppercase().into()),
            Scalar::Trim => Val::Text(first.text().trim().to_owned().into()),
            Scalar::Length => length(&first),
            Scalar::Contains => Val::Bool(first.text().contains(&*value(1).text())),
            Scalar::ContainsIgnoringCase => {
                Val::Bool(first.text().to_lowercase().contains(&value(1).text().to_lowercase()))
            }
            Scalar::StartsWith => Val::Bool(first.text().starts_with(&*value(1).text())),
            Scalar::EndsWith => Val::Bool(first.text().ends_with(&*value(1).text())),
            Scalar::Replace => replace(&first.text(), &value(1).text(), &value(2).text()),
            Scalar::Substr => substr(&first.text(), &value(1), arguments.get(2).map(|_| value(2))),
            Scalar::Split => split(&first.text(), &value(1).text(), &value(2)),
            Scalar::Extract(regex) => extract(regex, &first.text()),
            Scalar::CollapseNums => Val::Text(collapse_nums(&first.text()).into()),
            Scalar::Abs => match first {
                Val::Int(int) => Val::Int(int.saturating_abs()),
                Val::Span(ns) => Val::Span(ns.saturating_abs()),
                _ => of_number(&first, f64::abs),
            },
            Scalar::Round => round(&first, &value(1)),
            Scalar::Floor => whole(&first, f64::floor),
            Scalar::Ceil => whole(&first, f64::ceil),
            Scalar::Sqrt => of_number(&first, f64::sqrt),
            Scalar::Log10 => of_number(&first, f64::log10),
            Scalar::ToNumber => match first {
                Val::Int(int) => Val::Int(int),
                Val::Text(ref text) => match text.trim().parse() {
                    Ok(int) => Val::Int(int),
                    Err(_) => of_number(&first, |number| number),
                },
                _ => of_number(&first, |number| number),
            },
            Scalar::ToText => Val::Text(first.text().into_owned().into()),
            Scalar::ToTime => first.time().map_or(Val::Null, Val::Time),
            Scalar::Type => Val::Text(Cow::Borrowed(type_of(&first))),
            Scalar::Bucket(every) => first.time().map_or(Val::Null, |ns| Val::Time(bucket(ns, *every))),
            Scalar::Date => first.time().map_or(Val::Null, |ns| Val::Time(bucket(ns, time::DAY_NS))),
            Scalar::HourOfDay => first.time().map_or(Val::Null, |ns| Val::Int(hour_of_day(ns))),
            Scalar::DayOfWeek => {
                first.time().map_or(Val::Null, |ns| Val::Text(Cow::Borrowed(day_of_week(ns))))
            }
            Scalar::Unix => first.time().map_or(Val::Null, |ns| Val::Float(ns as f64 / 1e9)),
            // Dealt with above, as they look at arguments that may be null.
            Scalar::If
            | Scalar::Coalesce
            | Scalar::Exists
            | Scalar::Greatest
            | Scalar::Least
            | Scalar::Concat => Val::Null,
        }
    }
}

/// The begin of the stretch of this length in which a time is, counted from 1970.
#[inline]
pub(super) fn bucket(ns: i64, every: i64) -> i64 {
    ns.saturating_sub(ns.rem_euclid(every))
}

fn of_number(val: &Val<'_>, function: impl Fn(f64) -> f64) -> Val<'static> {
    match val.number().map(function) {
        Some(number) if !number.is_nan() => Val::Float(number),
        _ => Val::Null,
    }
}

/// A float that is whole as an integer.
fn whole(val: &Val<'_>, function: impl Fn(f64) -> f64) -> Val<'static> {
    if let Val::Int(int) = val {
        return Val::Int(*int);
    }
    match val.number().map(function) {
        Some(number) if number.abs() < 1e30 => Val::Int(number as i128),
        _ => Val::Null,
    }
}

fn round(val: &Val<'_>, digits: &Val<'_>) -> Val<'static> {
    match digits.number() {
        None | Some(0.0) => whole(val, f64::round),
        Some(digits) => {
            let factor = 10_f64.powi(digits.clamp(-15.0, 15.0) as i32);
            of_number(val, |number| (number * factor).round() / factor)
        }
    }
}

fn length(val: &Val<'_>) -> Val<'static> {
    if let Val::Nested(json) = val
        && let Ok(raw) = Raw::of(json)
    {
        let count = if raw.kind() == Kind::List { raw.items().count() } else { raw.members().count() };
        return Val::Int(count as i128);
    }
    Val::Int(val.text().chars().count() as i128)
}

fn replace(text: &str, part: &str, by: &str) -> Val<'static> {
    if part.is_empty() {
        return Val::Text(text.to_owned().into());
    }
    let mut out = String::with_capacity(text.len());
    for (place, piece) in text.split(part).enumerate() {
        if place > 0 {
            out.push_str(by);
        }
        out.push_str(piece);
        if out.len() > TEXT_BYTES_MAX {
            break;
        }
    }
    Val::Text(out.into())
}

/// Characters are counted from 0; a negative place from the end.
fn substr(text: &str, from: &Val<'_>, length: Option<Val<'_>>) -> Val<'static> {
    let Some(from) = from.number() else { return Val::Null };
    let chars = text.chars().count();
    let from = if from < 0.0 { (chars as f64 + from).max(0.0) } else { from } as usize;
    let length =
        length.and_then(|length| length.number()).map_or(usize::MAX, |length| length.max(0.0) as usize);
    Val::Text(text.chars().skip(from).take(length).collect::<String>().into())
}

fn split(text: &str, separator: &str, place: &Val<'_>) -> Val<'static> {
    let Some(place) = place.number() else { return Val::Null };
    if separator.is_empty() {
        return Val::Null;
    }
    let piece = if place < 0.0 {
        text.rsplit(separator).nth(((-place) as usize).saturating_sub(1))
    } else {
        text.split(separator).nth(place as usize)
    };
    piece.map_or(Val::Null, |piece| Val::Text(piece.to_owned().into()))
}

/// The first group, or all that was found where there is none.
fn extract(regex: &Regex, text: &str) -> Val<'static> {
    let Some(captures) = regex.captures(text) else { return Val::Null };
    let found = captures.get(1).or_else(|| captures.get(0));
    found.map_or(Val::Null, |found| Val::Text(found.as_str().to_owned().into()))
}

/// A text with `<N>` for each number: runs of digits, and of hexadecimal digits that hold one and stand alone.
pub(super) fn collapse_nums(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let hex = if is_word(before) { 0 } else { hex_length(rest) };
        let length =
            if hex > 0 { hex } else { rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()) };
        if length > 0 {
            out.push_str("<N>");
            rest = &rest[length..];
            before = '0';
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            before = first;
        }
    }
    out
}

/// How many bytes in front are a number in hexadecimal digits: a word of them, four at least, with a digit among them.
fn hex_length(text: &str) -> usize {
    let word = &text[..text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len())];
    let is_hex = word.len() >= 4
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_digit());
    if is_hex { word.len() } else { 0 }
}

pub(super) fn type_of(val: &Val<'_>) -> &'static str {
    match val {
        Val::Null => "null",
        Val::Bool(_) => "bool",
        Val::Int(_) => "int",
        Val::Float(_) => "float",
        Val::Text(_) => "string",
        Val::Time(_) => "time",
        Val::Span(_) => "duration",
        Val::Nested(json) if json.first() == Some(&b'[') => "list",
        Val::Nested(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_collapse_and_words_stay() {
        for (text, collapsed) in [
            ("order 17 of 20", "order <N> of <N>"),
            ("user_42 at 10.0.0.7:443", "user_<N> at <N>.<N>.<N>.<N>:<N>"),
            ("id 9f86d081 and deadbeef", "id <N> and deadbeef"),
            ("took 5ms", "took <N>ms"),
            ("größe", "größe"),
            ("", ""),
        ] {
            assert_eq!(collapse_nums(text), collapsed);
        }
    }

    #[test]
    fn buckets_begin_before_their_times() {
        assert_eq!(bucket(7, 5), 5);
        assert_eq!(bucket(-1, 5), -5);
        assert_eq!(bucket(i64::MIN, i64::MAX), i64::MIN);
    }
}
