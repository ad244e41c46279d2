//! What an operation costs beside one event with the same fields: it is two events, and should cost little more.

use super::Report;
use super::rate::median;
use crate::clock;

/// Operations in a burst, and events in the burst beside it: as many bytes as a burst of `burst.rs`, or less.
const BURST: u64 = 50;
/// Between bursts, as in `burst.rs`.
const PAUSE_NS: f64 = 1_500_000.0;
/// Bursts that only warm up.
const WARM_UP: usize = 20;

/// Adds `operation_ns` and `operation_event_ns`: medians over bursts of each in turn, so that both see the same machine.
pub fn measure(bursts: u64, event: &mut dyn FnMut(u64), operation: &mut dyn FnMut(u64), report: &mut Report) {
    let ns_per_cycle = clock::ns_per_cycle();
    let (mut of_event, mut of_operation) = (Vec::new(), Vec::new());
    let burst = |run: &mut dyn FnMut(u64), found: &mut Vec<f64>| {
        let start = clock::cycles_fenced();
        run(BURST);
        let cycles = clock::cycles_fenced() - start;
        found.push(cycles as f64 * ns_per_cycle / BURST as f64);
        clock::spin_ns(PAUSE_NS, ns_per_cycle);
    };
    for _ in 0..bursts as usize + WARM_UP {
        burst(event, &mut of_event);
        burst(operation, &mut of_operation);
    }
    // The first ones warmed up.
    let (of_event, of_operation) = (&mut of_event[WARM_UP..], &mut of_operation[WARM_UP..]);
    report.insert("operation_event_ns".to_owned(), median(of_event));
    report.insert("operation_ns".to_owned(), median(of_operation));
}
