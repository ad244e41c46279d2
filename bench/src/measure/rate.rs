//! Nanoseconds per event, in batches of about half a millisecond; the median batch is the result.

use std::time::{Duration, Instant};

/// Long enough that reading the clock (45 ns) does not show, short enough that an interrupt spoils one batch only.
const BATCH: Duration = Duration::from_micros(500);
/// Batches at the least, however slow the contestant.
const BATCHES_MIN: usize = 15;

/// Calls `event(n)` for at least `ms` milliseconds and gives the median time of one event.
pub fn ns_per_event(ms: f64, event: &mut dyn FnMut(u64)) -> f64 {
    let batch = batch_len(event);
    let mut batches = Vec::new();
    let start = Instant::now();
    while batches.len() < BATCHES_MIN || start.elapsed().as_secs_f64() * 1e3 < ms {
        let batch_start = Instant::now();
        event(batch);
        batches.push(batch_start.elapsed().as_nanos() as f64 / batch as f64);
    }
    median(&mut batches)
}

/// How many events take about [`BATCH`]; finding out warms everything up as well.
pub fn batch_len(event: &mut dyn FnMut(u64)) -> u64 {
    let mut len = 16;
    loop {
        let start = Instant::now();
        event(len);
        if start.elapsed() >= BATCH {
            return len;
        }
        len *= 2;
    }
}

/// The middle of the values, which are sorted by it; of an even number, the mean of the middle two.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// The value that `percent` of the values do not exceed.
pub fn percentile(values: &mut [f64], percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    values[((percent / 100.0 * last as f64).round() as usize).min(last)]
}

#[cfg(test)]
mod tests {
    use super::{median, percentile};

    #[test]
    fn the_median_of_two_lies_between_them() {
        assert_eq!(median(&mut [3.0, 1.0]), 2.0);
        assert_eq!(median(&mut [5.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn the_last_percentile_is_the_largest_value() {
        let mut values: Vec<f64> = (0..1000).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 99.9), 998.0);
        assert_eq!(percentile(&mut values, 100.0), 999.0);
    }
}
