//! From ticks to the wall clock.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use trine_ring::{
    Padded,
    clock::{self, Pair},
};

/// After this long, the wall clock is read again: it may have been stepped or slewed. Slewing is at most 500 ppm
/// (adjtimex(2)), which makes 5 us in this time.
const RESYNC_NS: f64 = 10_000_000.0;
/// Timestamps may be this much apart from those before a new reading without a clock having been set; within it they are
/// kept from running backwards.
const JITTER_NS: i64 = 1_000_000;

/// Converts readings of [`clock::ticks`] to nanoseconds since 1970-01-01 UTC.
#[derive(Debug)]
pub(crate) struct Timeline {
    anchor: Pair,
    ns_per_tick: f64,
    last: i64,
}

/// The first pair of the process: what a tick is worth is measured from here, over an ever longer time.
fn base() -> Pair {
    static BASE: OnceLock<Pair> = OnceLock::new();
    *BASE.get_or_init(Pair::monotonic)
}

/// Takes the first reading. Early, so that the rate is known well when the first event is rendered.
pub(crate) fn start() {
    base();
}

/// What a tick is worth, for callers.
struct Rate {
    /// The bits of a float.
    ms_per_tick: AtomicU64,
    /// The reading at which to measure it again.
    measure_at: AtomicU64,
}

static RATE: Padded<Rate> =
    Padded::new(Rate { ms_per_tick: AtomicU64::new(0), measure_at: AtomicU64::new(0) });

/// Milliseconds from one reading of [`clock::ticks`] to a later one; zero to an earlier one.
///
/// The rate is measured from the first reading of the process, anew whenever that has become twice as long ago. So the error
/// is that of reading two clocks, some 100 ns, for what lasted as long as the process, and its share of that for what is
/// shorter.
/// Cost: two loads, a multiplication; some twenty times in the life of a process the system's clock as well.
#[inline]
pub(crate) fn ms_between(from: u64, to: u64) -> f64 {
    if to >= RATE.measure_at.load(Ordering::Acquire) {
        measure(to);
    }
    // Signed, as the processor converts only that in one step; no run lasts 50 years.
    to.saturating_sub(from).cast_signed() as f64 * f64::from_bits(RATE.ms_per_tick.load(Ordering::Relaxed))
}

#[cold]
fn measure(now: u64) {
    const MS_PER_NS: f64 = 1e-6;
    let mut ms_per_tick = MS_PER_NS;
    let mut age = u64::MAX / 2;
    if clock::is_counter() {
        let (base, now) = (base(), Pair::monotonic());
        let (ticks, ns) = (now.ticks.saturating_sub(base.ticks), now.ns - base.ns);
        if ticks > 0 && ns > 0 {
            ms_per_tick = ns as f64 / ticks as f64 * MS_PER_NS;
        }
        age = ticks;
    }
    // Two threads that measure at once find rates that differ by less than their errors.
    RATE.ms_per_tick.store(ms_per_tick.to_bits(), Ordering::Relaxed);
    RATE.measure_at.store(now.saturating_add(age.max(1)), Ordering::Release);
}

/// What a conversion rests on: kept with the records that it is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Anchor {
    pub(crate) pair: Pair,
    pub(crate) ns_per_tick: f64,
}

impl Timeline {
    /// A conversion that another process did. Not to be refreshed.
    pub(crate) fn of(anchor: Anchor) -> Timeline {
        Timeline { anchor: anchor.pair, ns_per_tick: anchor.ns_per_tick, last: i64::MIN }
    }

    pub(crate) fn anchor(&self) -> Anchor {
        Anchor { pair: self.anchor, ns_per_tick: self.ns_per_tick }
    }

    pub(crate) fn new() -> Timeline {
        let mut timeline = Timeline { anchor: Pair::wall(), ns_per_tick: 1.0, last: i64::MIN };
        timeline.resync();
        timeline
    }

    /// Reads the clocks again when the last reading is old, as of `ticks`. Called once per batch, not per event.
    #[inline]
    pub(crate) fn refresh(&mut self, ticks: u64) {
        let age = ticks.wrapping_sub(self.anchor.ticks) as i64 as f64 * self.ns_per_tick;
        if age > RESYNC_NS {
            self.resync();
        }
    }

    fn resync(&mut self) {
        if clock::is_counter() {
            let (base, now) = (base(), Pair::monotonic());
            let ticks = now.ticks.wrapping_sub(base.ticks);
            let ns = now.ns - base.ns;
            if ticks > 0 && ns > 0 {
                self.ns_per_tick = ns as f64 / ticks as f64;
            }
        }
        self.anchor = Pair::wall();
    }

    /// Nanoseconds from one reading to a later one.
    pub(crate) fn age_ns(&self, from: u64, to: u64) -> u64 {
        (to.saturating_sub(from) as f64 * self.ns_per_tick) as u64
    }

    /// Exchanges the time that the next conversions do not fall behind by less than the jitter. Each thread's records follow
    /// their own: one that comes late would take the others' back with it.
    #[inline]
    pub(crate) fn follow(&mut self, last: i64) -> i64 {
        std::mem::replace(&mut self.last, last)
    }

    /// Units: `ticks` as read by the caller; the result in nanoseconds since 1970-01-01 UTC.
    #[inline]
    pub(crate) fn unix_ns(&mut self, ticks: u64) -> i64 {
        let delta = ticks.wrapping_sub(self.anchor.ticks) as i64;
        let now = self.anchor.ns + (delta as f64 * self.ns_per_tick) as i64;
        // A new reading may put an event a few hundred nanoseconds before its predecessor.
        let now = if now < self.last && self.last - now < JITTER_NS { self.last } else { now };
        self.last = now;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    fn wall_ns() -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64
    }

    #[test]
    fn a_reading_lies_between_two_looks_at_the_wall_clock() {
        start();
        let spin = clock::monotonic_ns();
        while clock::monotonic_ns() - spin < 2_000_000 {}
        let mut timeline = Timeline::new();
        let before = wall_ns();
        let ticks = clock::ticks();
        let after = wall_ns();
        let found = timeline.unix_ns(ticks);
        // A millisecond of tolerance: the machine may preempt us between the readings of a pair.
        assert!((before - 1_000_000..=after + 1_000_000).contains(&found), "{before} {found} {after}");
    }

    #[test]
    fn a_duration_agrees_with_the_monotonic_clock() {
        start();
        for _ in 0..20 {
            let (ns, from) = (clock::monotonic_ns(), clock::ticks());
            while clock::monotonic_ns() - ns < 200_000 {}
            let (to, outer) = (clock::ticks(), clock::monotonic_ns() - ns);
            let ms = ms_between(from, to);
            assert!(ms <= outer as f64 * 1e-6 * 1.01 + 0.001, "{ms} {outer}");
            assert!(ms >= 0.15, "{ms} {outer}");
        }
        assert_eq!(ms_between(10, 5), 0.0);
    }

    #[test]
    fn later_ticks_are_never_earlier_times_within_the_jitter() {
        let mut timeline = Timeline::new();
        let at = timeline.unix_ns(clock::ticks());
        timeline.anchor.ns -= 500;
        assert!(timeline.unix_ns(clock::ticks()) >= at);
    }

    #[test]
    fn a_thread_whose_record_comes_late_takes_no_other_back_with_it() {
        let mut timeline = Timeline::new();
        let (mut one, mut other) = (i64::MIN, i64::MIN);
        let mut convert = |last: &mut i64, offset: i64, step: i64| {
            timeline.anchor.ns += step;
            *last = timeline.follow(*last);
            let ns = timeline.unix_ns(timeline.anchor.ticks.wrapping_add_signed(offset));
            *last = timeline.follow(*last);
            ns
        };
        let before = convert(&mut one, 0, 0);
        convert(&mut other, -100_000_000_000, 0);
        // Read again, the clock is two microseconds earlier.
        assert!(convert(&mut one, 1, -2_000) >= before);
    }

    #[test]
    fn a_clock_set_back_shows() {
        let mut timeline = Timeline::new();
        let at = timeline.unix_ns(clock::ticks());
        timeline.anchor.ns -= 3_600_000_000_000;
        assert!(timeline.unix_ns(clock::ticks()) < at - 3_000_000_000_000);
    }
}
