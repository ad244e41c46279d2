//! RFC 3339 with microseconds from a cycle counter: the second is rendered once, the counter re-synchronised often.

use crate::clock;

/// How far the cycle counter may run from the OS clock before both are read again.
const RESYNC_NS: u64 = 100_000_000;
/// `2026-11-23T21:58:09.123456Z`
const STAMP_BYTES: usize = 27;
/// Where the six digits of the microseconds begin in it.
const MICROS_AT: usize = 20;
const NS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;

/// Turns cycles into a rendered time of day.
#[derive(Debug)]
pub struct Stamp {
    ns_per_cycle: f64,
    anchor_cycles: u64,
    anchor_ns: u64,
    second: u64,
    text: [u8; STAMP_BYTES],
}

impl Stamp {
    pub fn new(ns_per_cycle: f64) -> Self {
        let (anchor_cycles, anchor_ns) = (clock::cycles(), clock::wall_ns());
        Self {
            ns_per_cycle,
            anchor_cycles,
            anchor_ns,
            second: u64::MAX,
            text: *b"0000-00-00T00:00:00.000000Z",
        }
    }

    /// The time at `cycles`, which may lie a little before the last anchor.
    #[inline]
    pub fn render(&mut self, cycles: u64) -> &[u8; STAMP_BYTES] {
        let past = cycles.wrapping_sub(self.anchor_cycles) as i64;
        let past_ns = (past as f64 * self.ns_per_cycle) as i64;
        if past_ns > RESYNC_NS as i64 {
            return self.resync(cycles);
        }
        let now = self.anchor_ns.wrapping_add_signed(past_ns);
        let (second, micros) = (now / NS_PER_SECOND, now % NS_PER_SECOND / 1000);
        if second != self.second {
            self.set_second(second);
        }
        self.set_micros(micros as u32);
        &self.text
    }

    #[cold]
    fn resync(&mut self, cycles: u64) -> &[u8; STAMP_BYTES] {
        self.anchor_ns = clock::wall_ns();
        self.anchor_cycles = clock::cycles();
        self.render(cycles)
    }

    #[inline]
    fn set_micros(&mut self, micros: u32) {
        for (pair, value) in [micros / 10_000, micros / 100 % 100, micros % 100].into_iter().enumerate() {
            self.set_pair(MICROS_AT + 2 * pair, value);
        }
    }

    #[inline]
    fn set_pair(&mut self, at: usize, value: u32) {
        self.text[at] = b'0' + (value / 10) as u8;
        self.text[at + 1] = b'0' + (value % 10) as u8;
    }

    #[cold]
    fn set_second(&mut self, second: u64) {
        self.second = second;
        let (year, month, day) = civil(second / SECONDS_PER_DAY);
        let of_day = (second % SECONDS_PER_DAY) as u32;
        let pairs = [
            (0, year / 100),
            (2, year % 100),
            (5, month),
            (8, day),
            (11, of_day / 3600),
            (14, of_day / 60 % 60),
            (17, of_day % 60),
        ];
        for (at, value) in pairs {
            self.set_pair(at, value);
        }
    }
}

/// Year, month and day of a day since 1970-01-01. Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn civil(days: u64) -> (u32, u32, u32) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_become_dates_across_leap_years() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_780), (2026, 11, 23));
    }
}
