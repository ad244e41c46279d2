//! Units: of a field by the end of its name, of a quantity by what stands behind its number.

use std::fmt;

use trine_model::key::time_unit_ns;

/// Of what a number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A plain number.
    #[default]
    None,
    /// Nanoseconds, as all the times below.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days of 24 hours.
    Days,
    /// Bytes, as all the sizes below.
    Bytes,
    /// 1,000 bytes.
    Kilobytes,
    /// 1,024 bytes.
    Kibibytes,
    /// 1,000,000 bytes.
    Megabytes,
    /// 1,048,576 bytes.
    Mebibytes,
    /// 10^9 bytes.
    Gigabytes,
    /// 2^30 bytes.
    Gibibytes,
    /// Hundredths.
    Percent,
    /// So many a second.
    PerSecond,
}

/// What can be compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Plain numbers, shares and rates.
    Number,
    /// Lengths of time.
    Time,
    /// Sizes.
    Size,
}

/// A unit: how it is written behind a number, how a field's name ends that is in it, and its size in nanoseconds or bytes. Names in
/// units of time are those of [`time_unit_ns`], by which durations are written.
struct Row {
    unit: Unit,
    symbols: &'static [&'static str],
    suffixes: &'static [&'static str],
    factor: f64,
}

const ROWS: [Row; 14] = [
    row(Unit::Nanoseconds, &["ns"], &[], 1.0),
    row(Unit::Microseconds, &["us", "µs", "μs"], &[], 1e3),
    row(Unit::Milliseconds, &["ms"], &[], 1e6),
    row(Unit::Seconds, &["s", "sec"], &[], 1e9),
    row(Unit::Minutes, &["m", "min"], &[], 60e9),
    row(Unit::Hours, &["h"], &[], 3_600e9),
    row(Unit::Days, &["d"], &[], 86_400e9),
    row(Unit::Bytes, &["B"], &["bytes", "b"], 1.0),
    row(Unit::Kilobytes, &["kB", "KB"], &["kb"], 1e3),
    row(Unit::Kibibytes, &["KiB"], &["kib"], 1_024.0),
    row(Unit::Megabytes, &["MB"], &["mb"], 1e6),
    row(Unit::Mebibytes, &["MiB"], &["mib"], 1_048_576.0),
    row(Unit::Gigabytes, &["GB"], &["gb"], 1e9),
    row(Unit::Gibibytes, &["GiB"], &["gib"], 1_073_741_824.0),
];
/// A week has a symbol and no unit of its own.
const WEEK_DAYS: f64 = 7.0;

const fn row(
    unit: Unit,
    symbols: &'static [&'static str],
    suffixes: &'static [&'static str],
    factor: f64,
) -> Row {
    Row { unit, symbols, suffixes, factor }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
}

impl Unit {
    /// The unit that the end of a field's name says: `duration_ms`, `response_bytes`, and `bytes` alone.
    ///
    /// ```
    /// use trine_query::lang::Unit;
    ///
    /// assert_eq!(Unit::of_field("duration_ms"), Unit::Milliseconds);
    /// assert_eq!(Unit::of_field("http.response_bytes"), Unit::Bytes);
    /// assert_eq!(Unit::of_field("items"), Unit::None);
    /// ```
    pub fn of_field(name: &str) -> Unit {
        if let Some(ns) = time_unit_ns(name) {
            let is_it = |row: &&Row| row.unit.dimension() == Dimension::Time && row.factor == ns;
            return rows().find(is_it).map_or(Unit::None, |row| row.unit);
        }
        let last = name.rsplit(['_', '.']).next().unwrap_or(name);
        let is_whole = last.len() == name.len();
        rows()
            .find(|row| row.suffixes.contains(&last) && (!is_whole || last.len() > 2))
            .map_or(Unit::None, |row| row.unit)
    }

    /// What a symbol behind a number says: how many, of which unit. `2w` is 14 days.
    pub fn of_symbol(symbol: &str) -> Option<(f64, Unit)> {
        match symbol {
            "w" => Some((WEEK_DAYS, Unit::Days)),
            "%" => Some((1.0, Unit::Percent)),
            _ => rows().find(|row| row.symbols.contains(&symbol)).map(|row| (1.0, row.unit)),
        }
    }

    /// All symbols, for messages.
    pub fn symbols() -> impl Iterator<Item = &'static str> {
        rows().flat_map(|row| row.symbols.iter().copied()).chain(["w", "%"])
    }

    /// What it can be compared with.
    pub const fn dimension(self) -> Dimension {
        match self {
            Unit::None | Unit::Percent | Unit::PerSecond => Dimension::Number,
            Unit::Nanoseconds
            | Unit::Microseconds
            | Unit::Milliseconds
            | Unit::Seconds
            | Unit::Minutes
            | Unit::Hours
            | Unit::Days => Dimension::Time,
            _ => Dimension::Size,
        }
    }

    /// How many nanoseconds, bytes, or wholes one of it is.
    pub fn factor(self) -> f64 {
        match self {
            Unit::None | Unit::PerSecond => 1.0,
            Unit::Percent => 0.01,
            _ => rows().find(|row| row.unit == self).map_or(1.0, |row| row.factor),
        }
    }

    /// By how much a number in this unit is multiplied to be in another of the same dimension.
    pub fn to(self, other: Unit) -> f64 {
        if self == other { 1.0 } else { self.factor() / other.factor() }
    }
}

/// The symbol; nothing for a plain number.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::None => "",
            Unit::Percent => "%",
            Unit::PerSecond => "/s",
            _ => rows().find(|row| row.unit == *self).map_or("", |row| row.symbols[0]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_reads_back_by_its_symbol_and_by_the_ends_of_names() {
        for row in rows() {
            assert_eq!(Unit::of_symbol(&row.unit.to_string()), Some((1.0, row.unit)));
            for suffix in row.suffixes {
                assert_eq!(Unit::of_field(&format!("x_{suffix}")), row.unit, "{suffix}");
            }
        }
        assert_eq!(Unit::of_symbol("w"), Some((7.0, Unit::Days)));
        assert_eq!(Unit::of_symbol("x"), None);
    }

    #[test]
    fn short_words_alone_are_no_units() {
        for name in ["s", "b", "min", "d", "items", "status", "class"] {
            assert_eq!(Unit::of_field(name), Unit::None, "{name}");
        }
        assert_eq!(Unit::of_field("bytes"), Unit::Bytes);
        assert_eq!(Unit::of_field("seconds"), Unit::Seconds);
        assert_eq!(Unit::of_field("ms"), Unit::Milliseconds);
    }

    #[test]
    fn fields_have_the_units_that_durations_are_written_in() {
        for (name, unit) in [
            ("a_ns", Unit::Nanoseconds),
            ("a_micros", Unit::Microseconds),
            ("a.b_ms", Unit::Milliseconds),
            ("a_s", Unit::Seconds),
            ("a_minutes", Unit::Minutes),
            ("a_h", Unit::Hours),
            ("days", Unit::Days),
        ] {
            assert_eq!(Unit::of_field(name), unit, "{name}");
        }
    }

    #[test]
    fn units_of_a_dimension_convert() {
        assert_eq!(Unit::Seconds.to(Unit::Milliseconds), 1_000.0);
        assert_eq!(Unit::Mebibytes.to(Unit::Bytes), 1_048_576.0);
        assert_eq!(Unit::Minutes.dimension(), Dimension::Time);
        assert_eq!(Unit::Gibibytes.dimension(), Dimension::Size);
    }
}
