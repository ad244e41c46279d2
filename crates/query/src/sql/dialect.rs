//! How the three engines spell the same thing.

/// The engine that is to read the SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// DuckDB.
    DuckDb,
    /// ClickHouse, and chdb.
    ClickHouse,
    /// Spark SQL.
    Spark,
}

use Dialect::{ClickHouse, DuckDb, Spark};

impl Dialect {
    /// A name in quotes; whatever stands in it, it ends where it should.
    pub(super) fn name(self, name: &str) -> String {
        match self {
            DuckDb => format!("\"{}\"", name.replace('"', "\"\"")),
            ClickHouse => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
            Spark => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// A text in quotes; whatever stands in it, it ends where it should.
    pub(super) fn text(self, text: &str) -> String {
        match self {
            DuckDb => format!("'{}'", text.replace('\'', "''")),
            ClickHouse => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            // `${…}` is replaced even within quotes.
            Spark => {
                let text = text.replace('\\', "\\\\").replace('\'', "\\'");
                format!("'{}'", text.replace("${", "\\u0024{"))
            }
        }
    }

    /// A value of any type as a text.
    pub(super) fn as_text(self, sql: &str) -> String {
        match self {
            DuckDb => format!("CAST({sql} AS VARCHAR)"),
            ClickHouse => format!("toString({sql})"),
            Spark => format!("CAST({sql} AS STRING)"),
        }
    }

    /// A value of any type as a number; null where it is none.
    pub(super) fn as_number(self, sql: &str) -> String {
        match self {
            DuckDb | Spark => format!("TRY_CAST({sql} AS DOUBLE)"),
            ClickHouse => format!("toFloat64OrNull(toString({sql}))"),
        }
    }

    /// A value as a point in time, in UTC, of microseconds.
    pub(super) fn as_time(self, sql: &str) -> String {
        match self {
            DuckDb | Spark => format!("TRY_CAST({sql} AS TIMESTAMP)"),
            ClickHouse => format!("parseDateTime64BestEffortOrNull(toString({sql}), 6, 'UTC')"),
        }
    }

    /// The type of whole numbers.
    pub(super) fn as_whole(self, sql: &str) -> String {
        match self {
            DuckDb | Spark => format!("CAST(round({sql}) AS BIGINT)"),
            ClickHouse => format!("CAST(round({sql}) AS Nullable(Int64))"),
        }
    }

    /// A regular expression, as a text.
    fn regex(self, regex: &str) -> String {
        // There, a dot is a line feed too.
        let is_other = self == ClickHouse && regex.contains('.');
        if is_other { self.text(&format!("(?-s){regex}")) } else { self.text(regex) }
    }

    /// Whether a regular expression finds something in a text.
    pub(super) fn matches(self, text: &str, regex: &str) -> String {
        let regex = self.regex(regex);
        match self {
            DuckDb => format!("regexp_matches({text}, {regex})"),
            ClickHouse => format!("match({text}, {regex})"),
            Spark => format!("regexp_like({text}, {regex})"),
        }
    }

    /// All columns but these.
    pub(super) fn all_but(self, columns: &str) -> String {
        match self {
            DuckDb => format!("* EXCLUDE ({columns})"),
            ClickHouse | Spark => format!("* EXCEPT ({columns})"),
        }
    }

    /// `<N>` for all that a regular expression finds, and behind it its first group, if it has one.
    pub(super) fn replace_regex(self, text: &str, regex: &str, has_group: bool) -> String {
        let group = match (has_group, self) {
            (false, _) => "",
            (true, DuckDb | ClickHouse) => "\\1",
            (true, Spark) => "$1",
        };
        let (regex, by) = (self.regex(regex), self.text(&format!("<N>{group}")));
        match self {
            DuckDb => format!("regexp_replace({text}, {regex}, {by}, 'g')"),
            ClickHouse => format!("replaceRegexpAll({text}, {regex}, {by})"),
            Spark => format!("regexp_replace({text}, {regex}, {by})"),
        }
    }

    /// The first group that a regular expression finds, or all that it found; empty where it finds nothing.
    pub(super) fn extract(self, text: &str, regex: &str, group: usize) -> String {
        let quoted = self.regex(regex);
        match self {
            DuckDb | Spark => format!("regexp_extract({text}, {quoted}, {group})"),
            // It takes the first group where there is one.
            ClickHouse => format!("extract({text}, {quoted})"),
        }
    }

    /// The begin of the stretch of so many microseconds in which a time is, counted from 1970.
    pub(super) fn bucket(self, time: &str, micros: i64) -> String {
        match self {
            DuckDb => format!("time_bucket(to_microseconds({micros}), {time}, TIMESTAMP '1970-01-01')"),
            ClickHouse => {
                let us = format!("toUnixTimestamp64Micro(toDateTime64({time}, 6, 'UTC'))");
                format!("fromUnixTimestamp64Micro({us} - positiveModulo({us}, {micros}), 'UTC')")
            }
            Spark => {
                let us = format!("unix_micros({time})");
                format!("timestamp_micros({us} - pmod({us}, {micros}))")
            }
        }
    }

    /// Microseconds since 1970 of a time.
    pub(super) fn micros(self, time: &str) -> String {
        match self {
            DuckDb => format!("epoch_us({time})"),
            ClickHouse => format!("toUnixTimestamp64Micro(toDateTime64({time}, 6, 'UTC'))"),
            Spark => format!("unix_micros({time})"),
        }
    }

    /// The time of so many microseconds since 1970.
    pub(super) fn of_micros(self, micros: i64) -> String {
        match self {
            DuckDb => format!("make_timestamp({micros})"),
            ClickHouse => format!("fromUnixTimestamp64Micro(toInt64({micros}), 'UTC')"),
            Spark => format!("timestamp_micros({micros})"),
        }
    }

    /// A quantile of numbers, between neighbours in proportion.
    pub(super) fn quantile(self, number: &str, quantile: f64) -> String {
        match self {
            DuckDb => format!("quantile_cont({number}, {quantile})"),
            // Without a number it is NaN.
            ClickHouse => {
                format!("if(count({number}) = 0, NULL, quantileExactInclusive({quantile})({number}))")
            }
            Spark => format!("percentile({number}, {quantile})"),
        }
    }

    /// A quantile of numbers that stand for others too: each as often as its weight says.
    pub(super) fn weighted_quantile(self, number: &str, weight: &str, quantile: f64) -> String {
        match self {
            DuckDb => format!(
                "list_aggregate(flatten(list(list_resize([{number}], {weight}, {number})) \
                 FILTER (WHERE {number} IS NOT NULL)), 'quantile_cont', {quantile})"
            ),
            ClickHouse => format!(
                "if(count({number}) = 0, NULL, arrayReduce('quantileExactInclusive({quantile})', \
                 arrayFlatten(groupArray(if({number} IS NULL, [], arrayResize([assumeNotNull({number})], \
                 {weight}, assumeNotNull({number})))))))"
            ),
            Spark => format!("percentile({number}, {quantile}, {weight})"),
        }
    }
}
