//! A value as people read it: thousands, three digits that matter, units that fit.

use trine_query::{
    answer::{Cell, Column, Kind},
    lang::{Dimension, Unit},
    scan::time,
};

use super::width::clean;

/// Places behind the point that a column of numbers shows at most.
const PLACES_MAX: usize = 4;

/// How the cells of one column are shown, so that they agree with each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    kind: Kind,
    unit: Unit,
    /// Places behind the point of its plain numbers.
    places: usize,
    /// How exact its times are.
    moment: Moment,
    /// In what its rates are: of a second, or, where all are low, of more.
    rate: &'static (f64, &'static str),
}

/// What rates are of, in seconds.
const RATES: [(f64, &str); 3] = [(1.0, "s"), (60.0, "min"), (3_600.0, "h")];

/// How exact a time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Minutes,
    Seconds,
    Milliseconds,
    Microseconds,
}

impl Format {
    /// For a column with these cells.
    pub(super) fn of<'a>(column: &Column, cells: impl Iterator<Item = &'a Cell>) -> Format {
        let mut format = Format {
            kind: column.kind,
            unit: column.unit,
            places: 0,
            moment: Moment::Minutes,
            rate: &RATES[0],
        };
        let mut most = 0.0_f64;
        for cell in cells {
            match cell {
                Cell::Float(float) => format.places = format.places.max(places(*float)),
                Cell::Time(ns) => format.moment = format.moment.max(Moment::of(*ns)),
                _ => {}
            }
            most = most.max(cell.number().unwrap_or(0.0).abs());
        }
        let fits = |rate: &&(f64, &str)| most == 0.0 || most * rate.0 >= 1.0;
        format.rate = RATES.iter().find(fits).unwrap_or(&RATES[RATES.len() - 1]);
        format
    }

    /// One of its cells.
    pub(super) fn text(self, cell: &Cell) -> String {
        match cell {
            Cell::Null => String::from("-"),
            Cell::Bool(is_true) => is_true.to_string(),
            Cell::Text(text) | Cell::Nested(text) => clean(text),
            Cell::Time(ns) => self.moment.text(*ns),
            Cell::Duration(ns) => duration(*ns as f64),
            Cell::Int(_) | Cell::Float(_) => self.number(cell),
        }
    }

    fn number(self, cell: &Cell) -> String {
        let number = cell.number().unwrap_or(f64::NAN);
        if !number.is_finite() {
            return if number.is_nan() { "NaN".to_owned() } else { format!("{number}") };
        }
        if self.kind == Kind::Share {
            return percent(number);
        }
        match self.unit.dimension() {
            Dimension::Time => return duration(number * self.unit.factor()),
            Dimension::Size => return bytes(number * self.unit.factor()),
            Dimension::Number => {}
        }
        match (self.unit, cell) {
            (Unit::Percent, _) => percent(number / 100.0),
            (Unit::PerSecond, _) => rate(number, self.rate),
            (_, Cell::Int(int)) => grouped(&int.to_string()),
            _ => grouped(&format!("{number:.*}", self.places)),
        }
    }
}

/// Places that a number needs: none for whole ones and large ones, two for most, more for small ones.
fn places(number: f64) -> usize {
    if !number.is_finite() || number.fract() == 0.0 || number.abs() >= 1e9 {
        return 0;
    }
    if number.abs() >= 1.0 {
        return 2;
    }
    // So that two digits that matter are seen.
    (1 - number.abs().log10().floor() as i32).clamp(2, PLACES_MAX as i32) as usize
}

/// Digits with commas between the thousands; `-` and what is behind the point stay.
pub(crate) fn grouped(digits: &str) -> String {
    let (sign, rest) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.to_owned();
    }
    let mut shown = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + fraction
}

/// A number of events: whole, as weights seldom are.
pub(crate) fn count(number: f64) -> String {
    grouped(&format!("{number:.0}"))
}

/// With three digits that matter.
fn three(number: f64) -> String {
    let places = match number.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    format!("{number:.places$}")
}

/// A share as hundredths.
fn percent(share: f64) -> String {
    let hundredths = share * 100.0;
    let places = match hundredths.abs() {
        size if size == 0.0 || size >= 99.95 => 0,
        size if size < 0.095 => 3,
        size if size < 0.95 => 2,
        _ => 1,
    };
    format!("{hundredths:.places$} %")
}

/// So many in a length of time.
fn rate(per_second: f64, (seconds, unit): &(f64, &str)) -> String {
    let number = per_second * seconds;
    format!("{}/{unit}", if number >= 1_000.0 { count(number) } else { three(number) })
}

/// A length of time in nanoseconds, in the largest unit of which it is at least one.
pub(crate) fn duration(ns: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];
    if !ns.is_finite() {
        return format!("{ns}");
    }
    if ns == 0.0 {
        return "0 s".to_owned();
    }
    let seconds = (ns / 1e9).abs();
    let sign = if ns < 0.0 { "-" } else { "" };
    if seconds >= 119.5 {
        let seconds = seconds.round() as u64;
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        return match (days, hours) {
            (0, 0) => format!("{sign}{minutes} min {:02} s", seconds % 60),
            (0, _) => format!("{sign}{hours} h {minutes:02} min"),
            _ => format!("{sign}{} d {hours:02} h", grouped(&days.to_string())),
        };
    }
    let (size, unit) = UNITS.iter().rev().find(|(size, _)| ns.abs() >= size * 0.9995).unwrap_or(&UNITS[0]);
    format!("{} {unit}", three(ns / size))
}

/// A size, in powers of a thousand, as disks and bills count.
pub(crate) fn bytes(size: f64) -> String {
    const UNITS: [(f64, &str); 5] = [(1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB")];
    let (factor, unit) =
        UNITS.iter().rev().find(|(factor, _)| size.abs() >= factor * 0.9995).unwrap_or(&UNITS[0]);
    if *factor == 1.0 { format!("{size:.0} B") } else { format!("{} {unit}", three(size / factor)) }
}

/// A point in time, as short as it is whole: without the fraction or the seconds where they are zero.
pub(crate) fn clock(unix_ns: i64) -> String {
    Moment::of(unix_ns).text(unix_ns)
}

impl Moment {
    /// How exact it must be for a time to be whole.
    fn of(unix_ns: i64) -> Moment {
        const EXACT: [(i64, Moment); 3] = [
            (60_000_000_000, Moment::Minutes),
            (1_000_000_000, Moment::Seconds),
            (1_000_000, Moment::Milliseconds),
        ];
        let whole = EXACT.iter().find(|(ns, _)| unix_ns % ns == 0);
        whole.map_or(Moment::Microseconds, |(_, moment)| *moment)
    }

    fn text(self, unix_ns: i64) -> String {
        let text = time::to_text(unix_ns);
        let text = String::from_utf8_lossy(&text);
        let end = match self {
            Moment::Minutes => 16,
            Moment::Seconds => 19,
            Moment::Milliseconds => 23,
            Moment::Microseconds => 26,
        };
        text.get(..end).unwrap_or_default().replacen('T', " ", 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(column: Column, cells: &[Cell], expected: &[&str]) {
        let format = Format::of(&column, cells.iter());
        let shown: Vec<String> = cells.iter().map(|cell| format.text(cell)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn numbers_of_a_column_have_as_many_places_as_one_of_them_needs() {
        let column = || Column::new("x", Kind::Number);
        check(
            column(),
            &[Cell::Int(1_234_567), Cell::Int(-1_234), Cell::Int(0)],
            &["1,234,567", "-1,234", "0"],
        );
        check(
            column(),
            &[Cell::Float(99.99), Cell::Float(12_345.5), Cell::Float(3.0)],
            &["99.99", "12,345.50", "3.00"],
        );
        check(column(), &[Cell::Float(0.0123)], &["0.012"]);
        check(column(), &[Cell::Float(2.0), Cell::Float(1e15)], &["2", "1,000,000,000,000,000"]);
        check(
            column(),
            &[Cell::Float(f64::NAN), Cell::Float(f64::INFINITY), Cell::Null],
            &["NaN", "inf", "-"],
        );
    }

    #[test]
    fn units_fit_the_size() {
        let ms = Column::new("x", Kind::Number).with_unit(Unit::Milliseconds);
        let cells =
            [0.0, 0.000_5, 0.0125, 1.0, 45.67, 999.96, 1_234.0, 119_600.0, 4_000_000.0, 200_000_000.0]
                .map(Cell::Float);
        let expected = [
            "0 s",
            "500 ns",
            "12.5 µs",
            "1.00 ms",
            "45.7 ms",
            "1.00 s",
            "1.23 s",
            "2 min 00 s",
            "1 h 06 min",
            "2 d 07 h",
        ];
        check(ms, &cells, &expected);
        let size = Column::new("x", Kind::Number).with_unit(Unit::Bytes);
        check(
            size,
            &[Cell::Int(999), Cell::Int(1_000), Cell::Int(1_340_000_000)],
            &["999 B", "1.00 kB", "1.34 GB"],
        );
        let rates = Column::new("x", Kind::Number).with_unit(Unit::PerSecond);
        check(
            rates,
            &[Cell::Float(12_345.6), Cell::Float(2.0), Cell::Float(0.5)],
            &["12,346/s", "2.00/s", "0.50/s"],
        );
        let rates = Column::new("x", Kind::Number).with_unit(Unit::PerSecond);
        check(rates, &[Cell::Float(0.5), Cell::Float(0.01)], &["30.0/min", "0.60/min"]);
    }

    #[test]
    fn shares_are_hundredths() {
        let cells = [0.0, 0.000_5, 0.005, 0.0412, 1.0].map(Cell::Float);
        check(Column::new("x", Kind::Share), &cells, &["0 %", "0.050 %", "0.50 %", "4.1 %", "100 %"]);
    }

    #[test]
    fn times_are_as_short_as_they_are_whole() {
        for (ns, expected) in [
            (0, "1970-01-01 00:00"),
            (1_000_000_000, "1970-01-01 00:00:01"),
            (1_000_000, "1970-01-01 00:00:00.001"),
            (1_000, "1970-01-01 00:00:00.000001"),
        ] {
            assert_eq!(clock(ns), expected);
        }
    }
}
