//! Single events, one per 20 us: what one caller sees, tail included.

use super::Report;
use super::rate::percentile;
use crate::clock;

/// Between two events. Slower contestants follow at their own pace.
const PACE_NS: f64 = 20_000.0;
/// Paced events for each burst of the same run: 1000 bursts go with 50,000 events, 50 of them beyond p99.9.
const EVENTS_PER_BURST: u64 = 50;

/// Adds `paced_p50_ns`, `paced_p99_ns`, `paced_p999_ns`, each with two fenced clock reads included (about 25 ns).
pub fn measure(bursts: u64, mut event: impl FnMut(usize), report: &mut Report) {
    let ns_per_cycle = clock::ns_per_cycle();
    let pace = (PACE_NS / ns_per_cycle) as u64;
    let mut singles = Vec::with_capacity((bursts * EVENTS_PER_BURST) as usize);
    for i in 0..(bursts * EVENTS_PER_BURST) as usize {
        let start = clock::cycles_fenced();
        event(i);
        let end = clock::cycles_fenced();
        singles.push((end - start) as f64 * ns_per_cycle);
        while clock::cycles() - start < pace {
            std::hint::spin_loop();
        }
    }
    for (name, percent) in [("paced_p50_ns", 50.0), ("paced_p99_ns", 99.0), ("paced_p999_ns", 99.9)] {
        report.insert(name.to_owned(), percentile(&mut singles, percent));
    }
    report.insert("paced_empty_ns".to_owned(), empty(ns_per_cycle));
}

/// Two fenced clock reads with nothing between them.
fn empty(ns_per_cycle: f64) -> f64 {
    let mut empties: Vec<f64> = (0..1000)
        .map(|_| {
            let start = clock::cycles_fenced();
            (clock::cycles_fenced() - start) as f64 * ns_per_cycle
        })
        .collect();
    percentile(&mut empties, 50.0)
}
