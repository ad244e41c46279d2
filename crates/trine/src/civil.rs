//! Points in time as RFC 3339 text, UTC.

/// Nanoseconds in a second.
pub(crate) const SECOND_NS: i64 = 1_000_000_000;
const DAY_S: i64 = 86_400;
/// Bytes of `2025-10-24T10:00:00`.
pub(crate) const SECONDS_TEXT_BYTES: usize = 19;

/// A date and a time of day, UTC, proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

impl Civil {
    /// From seconds since 1970-01-01 UTC.
    ///
    /// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
    pub(crate) fn from_unix(seconds: i64) -> Civil {
        let (days, of_day) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * shifted + 2) / 5 + 1) as u8,
            hour: (of_day / 3_600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
        }
    }

    /// `2025-10-24T10:00:00`. Years outside 0..=9999, which the format does not have, are held at its ends.
    pub(crate) fn to_text(self) -> [u8; SECONDS_TEXT_BYTES] {
        let mut text = *b"0000-00-00T00:00:00";
        let year = self.year.clamp(0, 9_999) as u32;
        two(&mut text, 0, year / 100);
        two(&mut text, 2, year % 100);
        for (at, value) in
            [(5, self.month), (8, self.day), (11, self.hour), (14, self.minute), (17, self.second)]
        {
            two(&mut text, at, u32::from(value));
        }
        text
    }
}

/// The digits of a number below a million, the first in the lowest byte.
///
/// Three pairs in lanes of sixteen bits are divided by ten at once: up to 99, that is a multiplication by 103 and a shift by ten.
#[inline]
fn six_digits(value: u32) -> u64 {
    let pairs = u64::from(value / 10_000) | u64::from(value / 100 % 100) << 16 | u64::from(value % 100) << 32;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f;
    (tens | (pairs - 10 * tens) << 8) + 0x3030_3030_3030
}

/// The digits of a number below a hundred million, as numbers, the first in the lowest byte.
///
/// As [`six_digits`]: halves are divided by a hundred at once, the four quarters then by ten.
#[inline]
pub(crate) fn eight_digits(value: u32) -> u64 {
    let halves = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | (halves - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (pairs - 10 * tens) << 8
}

fn two(text: &mut [u8], at: usize, value: u32) {
    text[at] = b'0' + (value / 10) as u8;
    text[at + 1] = b'0' + (value % 10) as u8;
}

/// Bytes of `2025-10-24T10:00:00.`.
const PREFIX_BYTES: usize = SECONDS_TEXT_BYTES + 1;

/// Writes timestamps; keeps the last second's text, since most events share theirs with the one before.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    /// When the second began.
    start_ns: i64,
    prefix: [u8; PREFIX_BYTES],
}

impl Default for Stamp {
    fn default() -> Stamp {
        Stamp::of_second(0)
    }
}

impl Stamp {
    fn of_second(second: i64) -> Stamp {
        let mut prefix = [b'.'; PREFIX_BYTES];
        prefix[..SECONDS_TEXT_BYTES].copy_from_slice(&Civil::from_unix(second).to_text());
        Stamp { start_ns: second.wrapping_mul(SECOND_NS), prefix }
    }

    /// `2025-10-24T10:00:00.` and `123456Z"`: microseconds, rounded down, and the quote that ends a string.
    ///
    /// In two parts, as put together in memory they could not be read at once: what was stored in pieces is there as a whole only
    /// some ten nanoseconds later.
    #[inline]
    pub(crate) fn quoted(&mut self, unix_ns: i64) -> (&[u8; PREFIX_BYTES], [u8; 8]) {
        let mut ns = unix_ns.wrapping_sub(self.start_ns);
        if !(0..SECOND_NS).contains(&ns) {
            *self = Stamp::of_second(unix_ns.div_euclid(SECOND_NS));
            ns = unix_ns.rem_euclid(SECOND_NS);
        }
        let end = u64::from(b'Z') << 48 | u64::from(b'"') << 56;
        (&self.prefix, (six_digits(ns as u32 / 1_000) | end).to_le_bytes())
    }

    /// Appends `2025-10-24T10:00:00.123456Z`.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, unix_ns: i64) {
        let (prefix, [micros @ .., _]) = self.quoted(unix_ns);
        out.extend_from_slice(prefix);
        out.extend_from_slice(&micros);
    }
}

/// Appends a point in time: microseconds, or nanoseconds when there are any.
pub(crate) fn write_time(out: &mut Vec<u8>, seconds: i64, nanos: u32) {
    out.extend_from_slice(&Civil::from_unix(seconds).to_text());
    let digits = format!("{nanos:09}");
    let digits = if nanos.is_multiple_of(1_000) { &digits[..6] } else { &digits[..] };
    out.push(b'.');
    out.extend_from_slice(digits.as_bytes());
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: i64, expected: &str) {
        assert_eq!(std::str::from_utf8(&Civil::from_unix(seconds).to_text()).unwrap(), expected);
    }

    #[test]
    fn known_instants() {
        check(0, "1970-01-01T00:00:00");
        check(-1, "1969-12-31T23:59:59");
        check(951_782_400, "2000-02-29T00:00:00");
        check(1_761_300_000, "2025-10-24T10:00:00");
        check(4_107_542_399, "2100-02-28T23:59:59");
        check(4_107_542_400, "2100-03-01T00:00:00");
        check(253_402_300_799, "9999-12-31T23:59:59");
    }

    #[test]
    fn every_day_of_eight_hundred_years_follows_the_one_before() {
        let mut last = Civil::from_unix(-DAY_S * 146_097);
        for day in -146_096..146_097 {
            let now = Civil::from_unix(day * DAY_S);
            let follows = if now.day == 1 {
                last.day >= 28
            } else {
                now.day == last.day + 1 && now.month == last.month
            };
            assert!(follows, "{last:?} {now:?}");
            last = now;
        }
    }

    #[test]
    fn a_stamp_has_microseconds_rounded_down() {
        let mut out = Vec::new();
        let mut stamp = Stamp::default();
        stamp.write(&mut out, 1_761_300_000 * SECOND_NS + 123_456_999);
        stamp.write(&mut out, -1);
        assert_eq!(out, b"2025-10-24T10:00:00.123456Z1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn six_digits_are_those_of_the_number() {
        for value in (0..1_000_000).step_by(7).chain([9, 99, 999_999]) {
            assert_eq!(six_digits(value).to_le_bytes()[..6], *format!("{value:06}").as_bytes());
        }
    }

    #[test]
    fn eight_digits_are_those_of_the_number() {
        for value in (0..100_000_000).step_by(997).chain([9, 99, 9_999, 10_000, 99_999_999]) {
            let text = eight_digits(value) + 0x3030_3030_3030_3030;
            assert_eq!(text.to_le_bytes(), *format!("{value:08}").as_bytes());
        }
    }

    #[test]
    fn a_time_has_nanoseconds_only_when_there_are_any() {
        let mut out = Vec::new();
        write_time(&mut out, 0, 5_000);
        write_time(&mut out, 0, 5_001);
        assert_eq!(out, b"1970-01-01T00:00:00.000005Z1970-01-01T00:00:00.000005001Z");
    }
}
