//! What a place in the code remembers for its sampling.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Decision, PERIOD};

/// Shortest period; also what a period of zero is taken for.
const PERIOD_MIN_NS: u64 = 1_000_000;
/// Bits of the count within a period. The rest tells periods apart.
const COUNT_BITS: u32 = 32;

/// Events of the current period, and those dropped before it since the last that was kept.
#[derive(Debug)]
pub(crate) struct SampleState {
    /// The period's number, as far as it fits, and the events in it so far.
    period: AtomicU64,
    /// Dropped at the ends of periods before: those of this one follow from its count.
    dropped: AtomicU64,
}

impl SampleState {
    pub(crate) const fn new() -> SampleState {
        SampleState { period: AtomicU64::new(0), dropped: AtomicU64::new(0) }
    }

    /// One event more: is it among the first of its period, or an `every`th behind them?
    ///
    /// An event that is kept stands for those dropped since the last one, too, also across periods. So the weights of all that
    /// is kept add up to the events there were, but for those dropped at the very end.
    ///
    /// Cost: one locked instruction for an event that is dropped.
    #[inline]
    pub(super) fn count(&self, first: u32, every: u32, period: Duration, now_ns: u64) -> Decision {
        // One more, so that no period has the number of the state before the first event.
        let number = (period_at(now_ns, period) + 1) << COUNT_BITS;
        let is_same = |old: u64| old >> COUNT_BITS << COUNT_BITS == number;
        let counted = self.period.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
            // A full count stays full: it would spill into the period's number.
            Some(if is_same(old) { old + u64::from(old as u32 != u32::MAX) } else { number | 1 })
        });
        let old = counted.unwrap_or(0);
        let before = if is_same(old) {
            old as u32
        } else {
            self.dropped.fetch_add(dropped_at_the_end(old as u32, first, every), Ordering::Relaxed);
            0
        };
        if before >= first && (every == 0 || !behind(before, first).is_multiple_of(u64::from(every))) {
            return Decision::Drop;
        }
        let since = if before < first { 0 } else { u64::from(every) - 1 };
        // Few carry something: a look costs less than an exchange.
        let carried = if self.dropped.load(Ordering::Relaxed) == 0 {
            0
        } else {
            self.dropped.swap(0, Ordering::Relaxed)
        };
        Decision::Keep { rate: 1.0 / (since + carried + 1) as f64 }
    }
}

/// Which period a time lies in.
#[inline]
fn period_at(now_ns: u64, period: Duration) -> u64 {
    if period == PERIOD {
        // Nearly always, and by a number that the compiler knows: a multiplication instead of a division.
        return now_ns / PERIOD.as_nanos() as u64;
    }
    now_ns / u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).max(PERIOD_MIN_NS)
}

/// The how-manieth behind the first ones an event is that had so many before it.
fn behind(before: u32, first: u32) -> u64 {
    u64::from(before) - u64::from(first) + 1
}

/// Of a period with so many events, those dropped behind the last that was kept.
fn dropped_at_the_end(events: u32, first: u32, every: u32) -> u64 {
    let behind = u64::from(events.saturating_sub(first));
    if every == 0 { behind } else { behind % u64::from(every) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Rates of what is kept of events at these milliseconds; 0 for those dropped.
    #[track_caller]
    fn check(first: u32, every: u32, at_ms: &[u64], expected: &[f64]) {
        let state = SampleState::new();
        let rates: Vec<f64> = at_ms
            .iter()
            .map(|ms| match state.count(first, every, SECOND, ms * 1_000_000) {
                Decision::Drop => 0.0,
                Decision::Keep { rate } => rate,
            })
            .collect();
        assert_eq!(rates, expected);
    }

    #[test]
    fn the_first_of_a_period_are_kept_then_every_nth_says_how_many_it_stands_for() {
        check(2, 3, &[0; 9], &[1.0, 1.0, 0.0, 0.0, 1.0 / 3.0, 0.0, 0.0, 1.0 / 3.0, 0.0]);
    }

    #[test]
    fn a_new_period_begins_anew_and_its_first_event_stands_for_those_dropped_before() {
        check(1, 0, &[0, 1, 2, 999, 1_000, 1_001, 2_500], &[1.0, 0.0, 0.0, 0.0, 0.25, 0.0, 0.5]);
    }

    #[test]
    fn none_at_all_is_kept_of_none() {
        check(0, 0, &[0, 1, 5_000], &[0.0, 0.0, 0.0]);
        check(0, 2, &[0, 1, 2, 3], &[0.0, 0.5, 0.0, 0.5]);
    }

    #[test]
    fn weights_add_up_to_the_events_that_several_threads_counted() {
        const EVENTS: u64 = 20_000;
        let state = SampleState::new();
        let weight = || {
            (0..EVENTS)
                .map(|n| match state.count(10, 7, SECOND, n * 1_000_000) {
                    Decision::Drop => 0.0,
                    Decision::Keep { rate } => 1.0 / rate,
                })
                .sum::<f64>()
        };
        let total: f64 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(weight)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        let at_the_end = dropped_at_the_end(state.period.load(Ordering::Relaxed) as u32, 10, 7);
        let left = (state.dropped.load(Ordering::Relaxed) + at_the_end) as f64;
        assert!((total + left - 4.0 * EVENTS as f64).abs() < 0.5, "{total} + {left}");
    }
}
