//! Reading the rings, merged by time.

use std::{cmp::Reverse, collections::BinaryHeap, panic::AssertUnwindSafe, sync::atomic::Ordering};

use trine_ring::{caught::catch_unwind, clock};

use super::{
    Collector, Pass,
    counts::{self, DAMAGED_BYTES, LAG_NS, RING_BYTES_HIGH},
    output::{is_chunk_full, render_waiting},
};
use crate::callsite;

/// Farthest from a pass's begin that a record is believed to be younger than the pass, in ticks: some seconds. What is farther
/// comes of a clock that was set back (a virtual machine that moved), and must not wait for it to come round.
const YOUNGER_TICKS_MAX: u64 = 1 << 34;

/// True for a record made after `horizon`.
fn is_younger(ticks: u64, horizon: u64) -> bool {
    ticks > horizon && ticks - horizon < YOUNGER_TICKS_MAX
}

impl Collector {
    /// Renders and writes what the rings hold from before `horizon`, merged by time.
    pub(super) fn read(&mut self, heads: &mut BinaryHeap<Reverse<(u64, usize)>>, horizon: u64) -> Pass {
        let mut pass = Pass::default();
        for (index, ring) in self.rings.iter_mut().enumerate() {
            let waiting = ring.refresh();
            if waiting > 0 {
                RING_BYTES_HIGH.fetch_max(waiting as u64, Ordering::Relaxed);
                let ticks = ring.peek_ticks().unwrap_or(0);
                match is_younger(ticks, horizon) {
                    true => pass.is_behind = true,
                    false => heads.push(Reverse((ticks, index))),
                }
            }
        }
        if let Some(Reverse((oldest, _))) = heads.peek() {
            self.note_lag(*oldest);
        }
        let mut noted = 0;
        while let Some(Reverse((oldest, index))) = heads.pop() {
            let next = heads.peek().map_or(u64::MAX, |Reverse((ticks, _))| *ticks);
            let (records, ticks) = self.run(index, next.min(horizon.max(oldest)));
            pass.records += records;
            match ticks {
                Some(ticks) if is_younger(ticks, horizon) => pass.is_behind = true,
                Some(ticks) => heads.push(Reverse((ticks, index))),
                None => {}
            }
            if is_chunk_full(&self.outputs, &self.lines) {
                self.note_waiting(pass.records - std::mem::replace(&mut noted, pass.records));
                if !self.commit() {
                    pass.is_blocked = true;
                    return pass;
                }
            }
        }
        self.note_waiting(pass.records - noted);
        pass.is_blocked = !self.commit();
        pass
    }

    /// For those who ask what waits while a sink is stuck. What another process emitted is not among it.
    fn note_waiting(&self, read: u64) {
        if self.renderer.as_ref().is_some_and(|renderer| renderer.recovery.is_none()) {
            counts::note_waiting(read, self.lines_waiting());
        }
    }

    /// Renders records of one ring up to the time of another's next one, or up to a chunk.
    ///
    /// Returns how many, and when the ring's next one is.
    fn run(&mut self, index: usize, until: u64) -> (u64, Option<u64>) {
        let mut records = 0;
        self.follow(index);
        loop {
            // An encoder that panics leaves half a line: it is cut back, and the ring is read on behind the record.
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run_unguarded(index, until, &mut records)));
            match outcome {
                Ok(next) => {
                    self.follow(index);
                    return (records, next);
                }
                Err(_) => self.cut_back(),
            }
        }
    }

    /// Exchanges the time that the timeline follows with that of a ring: before its records, and after them.
    fn follow(&mut self, index: usize) {
        if let Some(renderer) = &mut self.renderer {
            self.ring_times[index] = renderer.timeline.follow(self.ring_times[index]);
        }
    }

    fn run_unguarded(&mut self, index: usize, until: u64, records: &mut u64) -> Option<u64> {
        let Collector { rings, renderer: Some(renderer), outputs, lines, .. } = self else { return None };
        let ring = &mut rings[index];
        loop {
            let ticks = ring.peek_ticks();
            if ticks.is_some_and(|ticks| ticks > until) || is_chunk_full(outputs, lines) {
                return ticks;
            }
            outputs.iter_mut().zip(lines.iter()).for_each(|(output, lines)| output.whole = lines.len());
            match ring.next()? {
                Ok(record) => {
                    *records += 1;
                    match renderer.site(record) {
                        Some(site) => render_waiting(renderer, outputs, lines, site, record),
                        // Only a damaged record names a callsite that there is not.
                        None => callsite::count_lost_unnamed(1),
                    }
                }
                Err(damaged) => {
                    DAMAGED_BYTES.fetch_add(damaged.bytes as u64, Ordering::Relaxed);
                    return None;
                }
            }
        }
    }

    fn note_lag(&mut self, oldest: u64) {
        if let Some(renderer) = &mut self.renderer {
            let age = renderer.timeline.age_ns(oldest, clock::ticks());
            LAG_NS.store(age, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clock_that_was_set_back_left_behind_does_not_wait() {
        assert!(!is_younger(1_000, 1_000));
        assert!(is_younger(1_001, 1_000));
        assert!(!is_younger(1_000 + YOUNGER_TICKS_MAX, 1_000));
        assert!(!is_younger(u64::MAX - 1, u64::MAX));
    }
}
