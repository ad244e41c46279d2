//! New ids: UUIDs of version 7.

use std::{
    fmt, str,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use trine_ring::{Arg, Value, ValueWriter};

use crate::random;

/// Characters of a UUID.
const CHARS: usize = 36;
/// Where its hyphens stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// Parts of a millisecond that an id tells apart: 12 bits.
const PARTS_PER_MS: u64 = 1 << 12;
/// When the clock is set back by more than this, ids follow it; by less, they stay in order. 10 s, in parts of a millisecond.
const SET_BACK_MAX: u64 = 10_000 * PARTS_PER_MS;

/// When the last id of the process was made: milliseconds since 1970, and their parts in the low 12 bits.
static LAST: AtomicU64 = AtomicU64::new(0);

/// A UUID of version 7: 36 characters, in the order in which the process made them. Made by [`correlation_id`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrelationId([u8; CHARS]);

/// A new id, unlike any other of this or another process: a UUID of version 7, which begins with the time.
///
/// Those of one process are in the order in which they were made, whatever thread made them. They are no secrets: who sees one
/// may guess others.
///
/// ```
/// use trine::{bind, info};
/// # let _captured = trine::testing::capture();
/// let log = bind!(correlation_id = trine::correlation_id());
/// info!(log, "request_received", path = "/users");
///
/// let (first, second) = (trine::correlation_id(), trine::correlation_id());
/// assert!(first < second);
/// assert_eq!(first.as_str().as_bytes()[14], b'7');
/// ```
///
/// Cost: reads the clock, one atomic exchange; no allocation, no system call. Source: RFC 9562, sections 5.7 and 6.2 (method 3).
pub fn correlation_id() -> CorrelationId {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    CorrelationId::new(next(&LAST, parts(now)), random::bits())
}

/// A time in parts of a millisecond.
fn parts(time: Duration) -> u64 {
    let part = u64::from(time.subsec_nanos()) % 1_000_000 * PARTS_PER_MS / 1_000_000;
    (time.as_millis() as u64).wrapping_mul(PARTS_PER_MS) | part
}

/// The number of a new id: the time, or just behind the last id's.
fn next(last: &AtomicU64, now: u64) -> u64 {
    let after = |last: u64| if last < now || last - now > SET_BACK_MAX { now } else { last + 1 };
    let last = last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
    after(last.unwrap_or_else(|last| last))
}

impl CorrelationId {
    fn new(time: u64, random: u64) -> CorrelationId {
        const VERSION: u128 = 7 << 76;
        const VARIANT: u128 = 0b10 << 62;
        let (ms, part) = (u128::from(time / PARTS_PER_MS), u128::from(time % PARTS_PER_MS));
        let bits = ms << 80 | VERSION | part << 64 | VARIANT | u128::from(random >> 2);
        let mut digits = (0..32).rev().map(|digit| b"0123456789abcdef"[(bits >> (4 * digit)) as usize & 0xf]);
        CorrelationId(std::array::from_fn(|place| {
            if HYPHENS.contains(&place) { b'-' } else { digits.next().unwrap_or(b'0') }
        }))
    }

    /// The 36 characters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl AsRef<str> for CorrelationId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// The characters.
impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CorrelationId({self})")
    }
}

/// The characters, as text.
impl Value for CorrelationId {
    fn scalar(&self) -> Option<Arg<'_>> {
        Some(Arg::Str(self.as_str()))
    }

    fn encode(&self, writer: ValueWriter<'_>) {
        writer.str(self.as_str());
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use super::*;

    #[test]
    fn an_id_is_laid_out_as_the_standard_says() {
        // The example of RFC 9562, appendix A.6: its 12 and 62 random bits are 0xcc3 and 0x18c4dc0c0c07398f.
        let time = 0x017f_22e2_79b0 * PARTS_PER_MS + 0xcc3;
        let id = CorrelationId::new(time, 0x18c4_dc0c_0c07_398f << 2);
        assert_eq!(id.as_str(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn parts_of_a_millisecond_fill_its_12_bits() {
        assert_eq!(parts(Duration::new(1, 999_999_999)), 1999 * PARTS_PER_MS + 4095);
        assert_eq!(parts(Duration::new(1, 0)), 1000 * PARTS_PER_MS);
        assert_eq!(parts(Duration::from_micros(1_000_500)), 1000 * PARTS_PER_MS + 2048);
    }

    #[test]
    fn ids_stay_in_order_when_the_clock_stands_or_is_set_back_a_little() {
        let last = AtomicU64::new(0);
        let second = 1000 * PARTS_PER_MS;
        let now = 1_000_000 * second;
        assert_eq!(next(&last, now), now);
        assert_eq!(next(&last, now), now + 1);
        assert_eq!(next(&last, now - 9 * second), now + 2);
        assert_eq!(next(&last, now - 3600 * second), now - 3600 * second);
        assert_eq!(next(&last, now), now);
    }

    #[test]
    fn ids_of_many_threads_differ_and_rise() {
        let threads: Vec<_> = (0..4)
            .map(|_| thread::spawn(|| (0..1000).map(|_| correlation_id()).collect::<Vec<_>>()))
            .collect();
        let mut all = HashSet::new();
        for thread in threads {
            let ids = thread.join().unwrap();
            assert!(ids.is_sorted());
            all.extend(ids);
        }
        assert_eq!(all.len(), 4000);
    }
}
