//! Points in time, from text or number to nanoseconds since 1970-01-01 UTC, and back.
//!
//! Nanoseconds are an `i64`: from 1677-09-21 to 2262-04-11. Times outside are held at these ends, so that they still sort.

use crate::scan::line::{Kind, Raw, Value, eight_digits, is_of_form};

/// Length of the time that Trine writes: `2025-10-24T10:00:00.123456Z`.
pub const FIXED_BYTES: usize = 27;
/// Nanoseconds of a second.
pub const SECOND_NS: i64 = 1_000_000_000;
/// Nanoseconds of a day.
pub const DAY_NS: i64 = 86_400 * SECOND_NS;

const FIXED_FORM: &[u8; FIXED_BYTES] = b"0000-00-00T00:00:00.000000Z";
/// How far each byte may be above that of the form: nine for a digit.
const FIXED_SLACK: [u8; FIXED_BYTES] = {
    let mut slack = [0; FIXED_BYTES];
    let mut at = 0;
    while at < FIXED_BYTES {
        slack[at] = if FIXED_FORM[at] == b'0' { 9 } else { 0 };
        at += 1;
    }
    slack
};

/// Below this, a number is seconds: as such it is in the year 5138, as milliseconds in 1973.
const SECONDS_BELOW: f64 = 1e11;
/// Below this, it is milliseconds; by a thousand more, microseconds; above that, nanoseconds.
const MILLISECONDS_BELOW: f64 = 1e14;
const MICROSECONDS_BELOW: f64 = 1e17;

/// True for bytes of the form in which Trine writes times. The digits may still be no date.
#[inline]
pub fn is_fixed(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; FIXED_BYTES]>::try_from(text) else { return false };
    // Without an early end, and sixteen bytes in one step, of which some are looked at twice.
    type Step = [u8; 16];
    const FRONT: [&Step; 2] = [FIXED_FORM.first_chunk().unwrap(), FIXED_SLACK.first_chunk().unwrap()];
    const BACK: [&Step; 2] = [FIXED_FORM.last_chunk().unwrap(), FIXED_SLACK.last_chunk().unwrap()];
    match (text.first_chunk(), text.last_chunk()) {
        (Some(front), Some(back)) => is_of_form(front, FRONT) & is_of_form(back, BACK),
        _ => false,
    }
}

/// Reads a time of RFC 3339 and its relatives.
///
/// Shape: `2025-10-24`, and behind that, after `T` or a blank, `10:00`, `10:00:00`, or `10:00:00.123`, with `.` or `,` and up to nine
/// digits that count; then `Z`, ` UTC`, `+02:00`, `+0200`, `+02`, or nothing, which means UTC. A text that is a number is read
/// as [`from_number`]. A leap second is the first of the next minute.
///
/// `None`: it is none of these, or no date (February 30th).
///
/// ```
/// use trine_query::scan::time::from_text;
///
/// assert_eq!(from_text(b"1970-01-01T00:00:01.5Z"), Some(1_500_000_000));
/// assert_eq!(from_text(b"1970-01-01 02:00:00,001+02:00"), Some(1_000_000));
/// assert_eq!(from_text(b"1700000000"), from_text(b"2023-11-14T22:13:20Z"));
/// assert_eq!(from_text(b"yesterday"), None);
/// ```
#[inline]
pub fn from_text(text: &[u8]) -> Option<i64> {
    if is_fixed(text) { from_fixed(text) } else { from_other(text) }
}

/// Reads a time of the form of which [`is_fixed`] is true.
#[inline]
pub(crate) fn from_fixed(text: &[u8]) -> Option<i64> {
    let text = <&[u8; FIXED_BYTES]>::try_from(text).ok()?;
    let two = |at: usize| i64::from(text[at] & 15) * 10 + i64::from(text[at + 1] & 15);
    let days = days_of(two(0) * 100 + two(2), two(5), two(8))?;
    let micros = two(20) * 10_000 + two(22) * 100 + two(24);
    let seconds = seconds_of(two(11), two(14), two(17))?;
    Some(nanoseconds(days * 86_400 + seconds, micros * 1_000))
}

#[cold]
fn from_other(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let mut rest = Reader { rest: text };
    let Some((year, month, day)) = date(&mut rest) else {
        let number = str::from_utf8(text).ok()?;
        // Not `inf`, `nan` and `1e5`: digits.
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        return from_number(Raw::of(is_plain.then_some(number)?.as_bytes()).ok()?);
    };
    let days = days_of(year, month, day)?;
    if rest.rest.is_empty() {
        return Some(nanoseconds(days * 86_400, 0));
    }
    rest.one_of(b"Tt ")?;
    let hour = rest.digits(2)?;
    rest.one_of(b":")?;
    let minute = rest.digits(2)?;
    let (mut second, mut nanos) = (0, 0);
    if rest.one_of(b":").is_some() {
        second = rest.digits(2)?;
        if rest.one_of(b".,").is_some() {
            nanos = rest.fraction()?;
        }
    }
    let offset_s = rest.offset()?;
    Some(nanoseconds(days * 86_400 + seconds_of(hour, minute, second)? - offset_s, nanos))
}

fn date(rest: &mut Reader<'_>) -> Option<(i64, i64, i64)> {
    let year = rest.digits(4)?;
    let separator = rest.one_of(b"-/")?;
    let month = rest.digits(2)?;
    rest.one_of(&[separator])?;
    Some((year, month, rest.digits(2)?))
}

/// Reads a number since 1970-01-01 UTC: seconds, milliseconds, microseconds or nanoseconds, told by its size (below 10^11, 10^14,
/// 10^17). Integers are exact; `None` for what is no number or not finite.
pub fn from_number(raw: Raw<'_>) -> Option<i64> {
    if raw.kind() != Kind::Number {
        return None;
    }
    match raw.value(&mut String::new()).ok()? {
        Value::Int(int) => {
            let unit = unit_ns(int as f64);
            Some(int.saturating_mul(unit as i128).clamp(i64::MIN.into(), i64::MAX.into()) as i64)
        }
        Value::Float(float) if float.is_finite() => {
            let unit = unit_ns(float);
            let whole = float.floor();
            let (whole, part) = (whole * unit as f64, ((float - whole) * unit as f64).round());
            // Saturates.
            Some((whole as i64).saturating_add(part as i64))
        }
        _ => None,
    }
}

/// Reads times that come one after the other, as those of a log do: most are of the minute of the one before, and then only their
/// seconds are read.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Of the last time of the form that Trine writes, up to its minutes: `2025-10-24T10:00:`.
    minute: [u8; MINUTE_BYTES],
    minute_ns: i64,
}

const MINUTE_BYTES: usize = 17;

impl Default for Times {
    fn default() -> Self {
        Times { minute: *b"1970-01-01T00:00:", minute_ns: 0 }
    }
}

impl Times {
    /// As [`from_raw`].
    #[inline]
    pub fn read(&mut self, raw: Raw<'_>) -> Option<i64> {
        if let Some((minute, rest)) = raw.plain().and_then(|text| text.split_first_chunk())
            && *minute == self.minute
            && let Some(in_minute) = in_minute_ns(rest)
        {
            return Some(self.minute_ns + in_minute);
        }
        self.read_another(raw)
    }

    #[cold]
    fn read_another(&mut self, raw: Raw<'_>) -> Option<i64> {
        let ns = from_raw(raw)?;
        if let Some(text) = raw.plain().filter(|text| is_fixed(text))
            && let Some((minute, rest)) = text.split_first_chunk()
            && let Some(in_minute) = in_minute_ns(rest)
            // Not those that are held at the ends.
            && (-i64::MAX / 2..i64::MAX / 2).contains(&ns)
        {
            *self = Times { minute: *minute, minute_ns: ns - in_minute };
        }
        Some(ns)
    }
}

/// Nanoseconds of what stands behind the minutes: `07.123456Z`.
#[inline]
fn in_minute_ns(rest: &[u8]) -> Option<i64> {
    let rest = <&[u8; FIXED_BYTES - MINUTE_BYTES]>::try_from(rest).ok()?;
    let (seconds, fraction) = rest.split_first_chunk::<2>()?;
    let [tens, ones] = seconds.map(|digit| digit.wrapping_sub(b'0'));
    // All at once: what differs from `.000000Z` by nothing, or for a digit by nine at most, has no highest bit in any byte.
    let differs = u64::from_le_bytes(*fraction.first_chunk()?) ^ u64::from_le_bytes(*b".000000Z");
    const LOW: u64 = u64::MAX / 255;
    const SLACK: u64 = u64::from_le_bytes([0x7f, 0x76, 0x76, 0x76, 0x76, 0x76, 0x76, 0x7f]);
    let bad = (((differs & (LOW * 0x7f)) + SLACK) | differs) & (LOW * 0x80);
    if bad != 0 || tens > 6 || ones > 9 || tens * 10 + ones > 60 {
        return None;
    }
    // The six digits, as the first of eight.
    let hundredths_of_micros = eight_digits(differs >> 8);
    Some(i64::from(tens * 10 + ones) * SECOND_NS + hundredths_of_micros as i64 * 10)
}

/// The time that a value means: a text or a number.
#[inline]
pub fn from_raw(raw: Raw<'_>) -> Option<i64> {
    match raw.plain() {
        Some(text) => from_text(text),
        None => from_number(raw),
    }
}

fn unit_ns(number: f64) -> i64 {
    match number.abs() {
        seconds if seconds < SECONDS_BELOW => SECOND_NS,
        millis if millis < MILLISECONDS_BELOW => 1_000_000,
        micros if micros < MICROSECONDS_BELOW => 1_000,
        _ => 1,
    }
}

/// The form in which Trine writes a time, rounded down to microseconds.
///
/// ```
/// assert_eq!(&trine_query::scan::time::to_text(-1), b"1969-12-31T23:59:59.999999Z");
/// ```
pub fn to_text(unix_ns: i64) -> [u8; FIXED_BYTES] {
    let (days, in_day) = (unix_ns.div_euclid(DAY_NS), unix_ns.rem_euclid(DAY_NS));
    let (year, month, day) = date_of(days);
    let (seconds, micros) = (in_day / SECOND_NS, in_day % SECOND_NS / 1_000);
    let mut text = *FIXED_FORM;
    let mut two = |at: usize, number: i64| {
        text[at] = b'0' + (number / 10) as u8;
        text[at + 1] = b'0' + (number % 10) as u8;
    };
    two(0, year / 100);
    two(2, year % 100);
    two(5, month);
    two(8, day);
    two(11, seconds / 3_600);
    two(14, seconds / 60 % 60);
    two(17, seconds % 60);
    two(20, micros / 10_000);
    two(22, micros / 100 % 100);
    two(24, micros % 100);
    text
}

/// Days from 1970-01-01 to a date; `None` where there is no such date.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
#[inline]
pub fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_max = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days_max).contains(&day) || !(0..=9_999).contains(&year) {
        return None;
    }
    // Years begin in March, so that the leap day is the last of its year.
    let year = year - i64::from(month <= 2);
    let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + day_of_year - 719_468)
}

/// Year, month and day, so many days after 1970-01-01.
///
/// Source: as [`days_of`], `civil_from_days`.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (cycle, of_cycle) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let day_of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (cycle * 400 + year + i64::from(month <= 2), month, day)
}

#[inline]
fn seconds_of(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3_600 + minute * 60 + second)
}

#[inline]
fn nanoseconds(seconds: i64, nanos: i64) -> i64 {
    seconds.saturating_mul(SECOND_NS).saturating_add(nanos)
}

/// What is left of a text.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        bytes.contains(first).then(|| self.rest = rest)?;
        Some(*first)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let number = digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })?;
        self.rest = rest;
        Some(number)
    }

    /// Nanoseconds from the digits behind the point; those after the ninth are dropped.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        let nine = digits.iter().map(|digit| i64::from(digit - b'0')).chain([0; 9]).take(9);
        (length > 0).then(|| nine.fold(0, |number, digit| number * 10 + digit))
    }

    /// The offset at the end, in seconds; the text must end there.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.rest {
            b"" | b"Z" | b"z" | b" UTC" | b" Z" => return Some(0),
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let hours = self.digits(2)?;
        self.one_of(b":");
        let minutes = if self.rest.is_empty() { 0 } else { self.digits(2)? };
        (self.rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(from_text(text.as_bytes()), expected, "{text}");
    }

    const T: i64 = 1_761_300_000;

    #[test]
    fn times_in_a_row_are_read_as_each_alone() {
        let mut times = Times::default();
        for text in [
            "1970-01-01T00:00:07.000001Z",
            "2025-10-24T10:00:00.123456Z",
            "2025-10-24T10:00:60.999999Z",
            "2025-10-24T10:00:61.000000Z",
            "2025-10-24T10:00:0x.000000Z",
            "2025-10-24T10:00:59.999999+",
            "2025-10-24T10:00:59.9Z",
            "2025-10-24T10:01:00.000000Z",
            "2025-02-30T10:01:00.000000Z",
            "2025-02-30T10:01:01.000000Z",
            "2025-10-24T10:01:01.000000Z",
            "9999-12-31T23:59:00.000000Z",
            "9999-12-31T23:59:59.000000Z",
            "1969-12-31T23:59:58.000000Z",
            "1969-12-31T23:59:59.000000Z",
            "1761300000",
        ] {
            let quoted = format!("\"{text}\"");
            let raw = Raw::of(quoted.as_bytes()).unwrap();
            assert_eq!(times.read(raw), from_text(text.as_bytes()), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_time_of_a_known_minute_is_read_as_one_alone(
            seconds in "[0-6][0-9]", micros in "[0-9]{6}", at in 0_usize..12, byte: u8,
        ) {
            let mut times = Times::default();
            let mut rest = format!("{seconds}.{micros}Z").into_bytes();
            // Two in twelve stay as they are.
            if let Some(changed) = rest.get_mut(at) {
                *changed = byte;
            }
            let text = [&b"1970-01-01T00:00:"[..], &rest].concat();
            let is_form = FIXED_FORM.iter().zip(&text).all(|(form, byte)| match form {
                b'0' => byte.is_ascii_digit(),
                _ => byte == form,
            });
            proptest::prop_assert_eq!(is_fixed(&text), is_form);
            let quoted = [b"\"", &text[..], b"\""].concat();
            if let Ok(raw) = Raw::of(&quoted) {
                proptest::prop_assert_eq!(times.read(raw), from_raw(raw));
            }
        }
    }

    #[test]
    fn the_forms_of_a_time_are_read() {
        check("2025-10-24T10:00:00.123456Z", Some(T * SECOND_NS + 123_456_000));
        for (text, nanos) in [
            ("2025-10-24T10:00:00Z", 0),
            ("2025-10-24t10:00:00z", 0),
            ("2025-10-24 10:00:00", 0),
            ("2025-10-24 10:00", 0),
            ("2025/10/24 10:00:00", 0),
            (" 2025-10-24T10:00:00Z ", 0),
            ("2025-10-24T12:00:00+02:00", 0),
            ("2025-10-24T12:00:00+0200", 0),
            ("2025-10-24T05:30:00-04:30", 0),
            ("2025-10-24T12:00:00+02", 0),
            ("2025-10-24 10:00:00.5 UTC", 500_000_000),
            ("2025-10-24 10:00:00,123", 123_000_000),
            ("2025-10-24T10:00:00.123456789Z", 123_456_789),
            ("2025-10-24T10:00:00.1234567891234Z", 123_456_789),
            ("2025-10-24T12:00:00.000001+02:00", 1_000),
            ("1761300000", 0),
            ("1761300000123", 123_000_000),
            ("1761300000.25", 250_000_000),
        ] {
            check(text, Some(T * SECOND_NS + nanos));
        }
        check("2025-10-24", Some((T - 36_000) * SECOND_NS));
        check("2016-12-31T23:59:60Z", from_text(b"2017-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "-",
            "today",
            "2025",
            "2025-1-1",
            "2025-13-01",
            "2025-02-29",
            "2025-10-24T",
            "2025-10-24T10",
            "2025-10-24T24:00:00Z",
            "2025-10-24T10:60:00Z",
            "2025-10-24T10:00:61Z",
            "2025-10-24T10:00:00.Z",
            "2025-10-24T10:00:00X",
            "2025-10-24T10:00:00+2",
            "2025-10-24T10:00:00+02:0",
            "2025-10/24",
            "2025-02-30T10:00:00.123456Z",
            "2025-10-24T25:00:00.123456Z",
            "nan",
            "inf",
            "1e5",
            "１２３４",
        ] {
            // A year alone is a number of seconds.
            let expected = (text == "2025").then_some(2_025 * SECOND_NS);
            check(text, expected);
        }
    }

    #[test]
    fn numbers_are_taken_by_their_size() {
        let number = |text: &str| from_number(Raw::of(text.as_bytes()).unwrap());
        assert_eq!(number("1761300000"), Some(T * SECOND_NS));
        assert_eq!(number("1761300000123"), Some(T * SECOND_NS + 123_000_000));
        assert_eq!(number("1761300000123456"), Some(T * SECOND_NS + 123_456_000));
        assert_eq!(number("1761300000123456789"), Some(T * SECOND_NS + 123_456_789));
        assert_eq!(number("1761300000.5"), Some(T * SECOND_NS + 500_000_000));
        assert_eq!(number("-1.5"), Some(-1_500_000_000));
        assert_eq!(number("170141183460469231731687303715884105727"), Some(i64::MAX));
        assert_eq!(number("1e300"), Some(i64::MAX));
        assert_eq!(number("1e999"), None);
        assert_eq!(number("true"), None);
    }

    #[test]
    fn every_day_of_four_hundred_years_reads_back() {
        for day in days_of(1_800, 1, 1).unwrap()..days_of(2_200, 1, 1).unwrap() {
            let (year, month, day_of_month) = date_of(day);
            assert_eq!(days_of(year, month, day_of_month), Some(day));
            let ns = day.saturating_mul(DAY_NS).saturating_add(86_399_999_999_000);
            assert_eq!(from_text(&to_text(ns)), Some(ns));
        }
    }

    #[test]
    fn times_beyond_the_range_are_held_at_its_ends() {
        check("9999-12-31T23:59:59.999999Z", Some(i64::MAX));
        check("0000-01-01T00:00:00.000000Z", Some(i64::MIN));
        assert_eq!(&to_text(i64::MAX), b"2262-04-11T23:47:16.854775Z");
        assert_eq!(&to_text(i64::MIN), b"1677-09-21T00:12:43.145224Z");
    }
}
