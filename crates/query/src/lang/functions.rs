//! The functions of the language, as data: the parser, the messages and docs/query.md read the same rows.

use std::ops::RangeInclusive;

use trine_model::suggest;

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its name, in lower case; written in either.
    pub name: &'static str,
    /// Whether it speaks of many events, and so stands where rows are made of groups.
    pub is_aggregate: bool,
    /// What it is called with, for people.
    pub signature: &'static str,
    /// How many arguments it takes.
    pub arguments: RangeInclusive<usize>,
    /// Whether its argument says which events count.
    pub takes_filter: bool,
    /// Whether it can be a filter: what it gives is true or false, or what it was given.
    pub may_be_true: bool,
}

/// Most arguments of a function that takes any number.
pub const ARGUMENTS_MAX: usize = 32;

/// How many values `top(field)` shows.
pub(crate) const TOP_VALUES: usize = 5;

const fn aggregate(
    name: &'static str,
    signature: &'static str,
    arguments: RangeInclusive<usize>,
) -> Function {
    Function { name, is_aggregate: true, signature, arguments, takes_filter: false, may_be_true: false }
}

const fn of_events(name: &'static str, signature: &'static str) -> Function {
    Function { name, is_aggregate: true, signature, arguments: 1..=1, takes_filter: true, may_be_true: false }
}

const fn scalar(name: &'static str, signature: &'static str, arguments: RangeInclusive<usize>) -> Function {
    Function { name, is_aggregate: false, signature, arguments, takes_filter: false, may_be_true: false }
}

const fn truth(name: &'static str, signature: &'static str, arguments: RangeInclusive<usize>) -> Function {
    Function { may_be_true: true, ..scalar(name, signature, arguments) }
}

/// All functions. `p50`, `p99.9` are written with their number, as `quantile`'s row says.
pub static FUNCTIONS: &[Function] = &[
    aggregate("count", "count(), count(field)", 0..=1),
    of_events("count_if", "count_if(filter)"),
    aggregate("count_distinct", "count_distinct(field)", 1..=1),
    aggregate("sum", "sum(number)", 1..=1),
    aggregate("avg", "avg(number)", 1..=1),
    aggregate("min", "min(value)", 1..=1),
    aggregate("max", "max(value)", 1..=1),
    aggregate("stddev", "stddev(number)", 1..=1),
    aggregate("quantile", "quantile(number, 0.95), p95(number)", 2..=2),
    aggregate("median", "median(number)", 1..=1),
    aggregate("first", "first(value)", 1..=1),
    aggregate("last", "last(value)", 1..=1),
    aggregate("rate", "rate(), rate(1m)", 0..=1),
    of_events("ratio", "ratio(filter)"),
    aggregate("top", "top(5, field)", 1..=2),
    aggregate("values", "values(field)", 1..=1),
    scalar("lower", "lower(text)", 1..=1),
    scalar("upper", "upper(text)", 1..=1),
    scalar("trim", "trim(text)", 1..=1),
    scalar("length", "length(text or list)", 1..=1),
    truth("contains", "contains(text, part)", 2..=2),
    truth("icontains", "icontains(text, part)", 2..=2),
    truth("starts_with", "starts_with(text, begin)", 2..=2),
    truth("ends_with", "ends_with(text, end)", 2..=2),
    scalar("replace", "replace(text, part, by)", 3..=3),
    scalar("substr", "substr(text, from, length)", 2..=3),
    scalar("split", "split(text, separator, place)", 3..=3),
    scalar("concat", "concat(value, …)", 1..=ARGUMENTS_MAX),
    scalar("extract", "extract(text, \"regex\")", 2..=2),
    scalar("collapse_nums", "collapse_nums(text)", 1..=1),
    scalar("abs", "abs(number)", 1..=1),
    scalar("round", "round(number), round(number, digits)", 1..=2),
    scalar("floor", "floor(number)", 1..=1),
    scalar("ceil", "ceil(number)", 1..=1),
    scalar("sqrt", "sqrt(number)", 1..=1),
    scalar("log10", "log10(number)", 1..=1),
    truth("greatest", "greatest(value, …)", 1..=ARGUMENTS_MAX),
    truth("least", "least(value, …)", 1..=ARGUMENTS_MAX),
    truth("if", "if(condition, then, else)", 3..=3),
    truth("coalesce", "coalesce(value, …)", 1..=ARGUMENTS_MAX),
    truth("exists", "exists(field)", 1..=1),
    scalar("to_number", "to_number(text)", 1..=1),
    scalar("to_text", "to_text(value)", 1..=1),
    scalar("to_time", "to_time(text or number)", 1..=1),
    scalar("type", "type(value)", 1..=1),
    scalar("now", "now()", 0..=0),
    scalar("bucket", "bucket(time, 5m), bucket(5m)", 1..=2),
    scalar("date", "date(), date(time)", 0..=1),
    scalar("hour_of_day", "hour_of_day(), hour_of_day(time)", 0..=1),
    scalar("day_of_week", "day_of_week(), day_of_week(time)", 0..=1),
    scalar("unix", "unix(time)", 1..=1),
];

/// What a name calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) function: &'static Function,
    pub(super) percent: Option<f64>,
}

/// The function with this name, in upper or lower case; of `p95`, quantile and its number.
pub(super) fn named(name: &str) -> Option<Named> {
    let lower = name.to_ascii_lowercase();
    if let Some(percent) = percent_of(&lower) {
        return named("quantile").map(|named| Named { percent: Some(percent), ..named });
    }
    let function = FUNCTIONS.iter().find(|function| function.name == lower)?;
    Some(Named { function, percent: None })
}

/// 99.9 of `p99.9`.
fn percent_of(name: &str) -> Option<f64> {
    let digits = name.strip_prefix('p')?;
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits.parse().ok().filter(|percent| is_number && (0.0..=100.0).contains(percent))
}

/// What functions are called elsewhere, and here.
const ELSEWHERE: [(&str, &[&str]); 21] = [
    ("avg", &["average", "mean"]),
    (
        "count_distinct",
        &["approx_count_distinct", "cardinality", "dc", "distinct", "nunique", "uniq", "uniqexact"],
    ),
    ("count_if", &["countif"]),
    ("quantile", &["approx_percentile", "pct", "percentile", "quantiles"]),
    ("stddev", &["std", "stdev", "stddev_samp"]),
    ("first", &["any", "earliest"]),
    ("last", &["latest"]),
    ("values", &["array_agg", "collect", "groupuniqarray", "list", "make_set", "unique"]),
    ("length", &["char_length", "len", "size", "strlen"]),
    ("lower", &["lcase", "to_lower", "tolower"]),
    ("upper", &["to_upper", "toupper", "ucase"]),
    ("substr", &["substring"]),
    ("extract", &["regexp_extract", "rex"]),
    ("coalesce", &["ifnull", "isnull", "nvl"]),
    ("if", &["case", "cond", "iff", "iif"]),
    ("exists", &["has", "isnotnull"]),
    ("to_number", &["float", "int", "number", "tonumber"]),
    ("to_text", &["str", "string", "tostring"]),
    ("bucket", &["bin", "date_trunc", "time_bucket", "timechart"]),
    ("hour_of_day", &["hour"]),
    ("day_of_week", &["dayofweek", "weekday"]),
];

/// The name that is most like a word, or that means what the word means elsewhere.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let elsewhere = ELSEWHERE.iter().find(|(_, words)| words.contains(&&*word)).map(|(name, _)| *name);
    elsewhere.or_else(|| suggest::nearest(&word, FUNCTIONS.iter().map(|function| function.name)))
}

/// All names, for messages.
pub(super) fn names() -> String {
    FUNCTIONS.iter().map(|function| function.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found_in_either_case() {
        let names: HashSet<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        assert_eq!(names.len(), FUNCTIONS.len());
        assert_eq!(named("SUM").unwrap().function.name, "sum");
        assert_eq!(named("P99.9").unwrap().percent, Some(99.9));
        assert_eq!(named("p50").unwrap().function.name, "quantile");
        for name in ["p", "p101", "px", "p1x", "cuont"] {
            assert!(named(name).is_none(), "{name}");
        }
        assert_eq!(nearest("cuont"), Some("count"));
        for (name, words) in ELSEWHERE {
            assert!(named(name).is_some(), "{name}");
            assert!(words.iter().all(|word| named(word).is_none() && nearest(word) == Some(name)), "{name}");
        }
    }

    #[test]
    fn every_function_says_how_it_is_called() {
        for function in FUNCTIONS {
            assert!(function.signature.starts_with(&format!("{}(", function.name)), "{}", function.name);
            assert!(function.arguments.start() <= function.arguments.end());
        }
    }
}
