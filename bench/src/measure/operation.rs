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
    for burst in 0..bursts as usize + WARM_UP {
        for (run, found) in [(&mut *event, &mut of_event), (&mut *operation, &mut of_operation)] {
            let start = clock::cycles_fenced();
            run(BURST);
            let cycles = clock::cycles_fenced() - start;
            if burst >= WARM_UP {
                found.push(cycles as f64 * ns_per_cycle / BURST as f64);
            }
            clock::spin_ns(PAUSE_NS, ns_per_cycle);
        }
    }
    report.insert("operation_event_ns".to_owned(), median(&mut of_event));
    report.insert("operation_ns".to_owned(), median(&mut of_operation));
}
