//! How long something takes, typically.

use std::time::Duration;

/// Times counted in steps of [`STEP_NS`]: as small for a billion of them as for one.
#[derive(Clone, Debug)]
pub(crate) struct Stopwatch {
    counts: Vec<u64>,
}

/// A hundredth of what an order takes.
const STEP_NS: u64 = 16;
/// Up to 65 µs; longer times share the last step, which no median meets.
const STEPS: usize = 4096;

impl Stopwatch {
    pub(crate) fn new() -> Stopwatch {
        Stopwatch { counts: vec![0; STEPS] }
    }

    pub(crate) fn enter(&mut self, time: Duration) {
        let step = time.as_nanos() / u128::from(STEP_NS);
        self.counts[step.min(STEPS as u128 - 1) as usize] += 1;
    }

    pub(crate) fn add(&mut self, other: &Stopwatch) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
    }

    /// The time that half of all do not exceed. Nanoseconds; zero without any.
    pub(crate) fn median_ns(&self) -> f64 {
        let half = self.counts.iter().sum::<u64>().div_ceil(2);
        let mut sum = 0;
        let reaches_half = |count: &u64| {
            sum += count;
            sum >= half
        };
        let step = self.counts.iter().position(reaches_half).unwrap_or(0);
        (step as u64 * STEP_NS) as f64
    }
}
