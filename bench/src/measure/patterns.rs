//! What else is done with events, beside one event: an operation is two of them, what sampling leaves out is none.

use super::rate::median;
use super::{Report, allocations};
use crate::clock;

/// Times a pattern is done in a burst, and events in the burst beside it: as many bytes as a burst of `burst.rs`, or less.
const BURST: u64 = 50;
/// Between bursts, as in `burst.rs`.
const PAUSE_NS: f64 = 1_500_000.0;
/// Bursts that only warm up.
const WARM_UP: usize = 20;

/// Adds `<name>_ns` and `<name>_event_ns`: medians over bursts of the pattern and of events in turn, so that both see the same
/// machine; and `<name>_allocations`.
pub fn measure(
    bursts: u64,
    name: &str,
    event: &mut dyn FnMut(u64),
    pattern: &mut dyn FnMut(u64),
    report: &mut Report,
) {
    let ns_per_cycle = clock::ns_per_cycle();
    let (mut of_event, mut of_pattern) = (Vec::new(), Vec::new());
    let burst = |run: &mut dyn FnMut(u64), found: &mut Vec<f64>| {
        let start = clock::cycles_fenced();
        run(BURST);
        let cycles = clock::cycles_fenced() - start;
        found.push(cycles as f64 * ns_per_cycle / BURST as f64);
        clock::spin_ns(PAUSE_NS, ns_per_cycle);
    };
    for _ in 0..bursts as usize + WARM_UP {
        burst(event, &mut of_event);
        burst(pattern, &mut of_pattern);
    }
    // The first ones warmed up.
    let (of_event, of_pattern) = (&mut of_event[WARM_UP..], &mut of_pattern[WARM_UP..]);
    report.insert(format!("{name}_event_ns"), median(of_event));
    report.insert(format!("{name}_ns"), median(of_pattern));
    report.insert(format!("{name}_allocations"), allocations::per_event(pattern));
}
