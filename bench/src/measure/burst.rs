//! What 100 events in a row cost the caller, when the queue has room: a request that logs its story.

use super::Report;
use super::rate::{median, percentile};
use crate::clock;

/// Events in a burst: about 13 KiB of arguments, far from filling any contestant's queue.
pub const BURST: u64 = 100;
/// Between bursts, so that every worker is idle again; 1.5 ms is enough for 15 us per event.
const PAUSE_NS: f64 = 1_500_000.0;
/// Bursts that only warm up.
const WARM_UP: usize = 20;

/// Adds `burst_ns` (median over bursts, per event) and `burst_p99_ns`.
pub fn measure(bursts: u64, event: &mut dyn FnMut(u64), report: &mut Report) {
    let ns_per_cycle = clock::ns_per_cycle();
    let mut per_event = Vec::with_capacity(bursts as usize);
    for burst in 0..bursts as usize + WARM_UP {
        let start = clock::cycles_fenced();
        event(BURST);
        let cycles = clock::cycles_fenced() - start;
        if burst >= WARM_UP {
            per_event.push(cycles as f64 * ns_per_cycle / BURST as f64);
        }
        clock::spin_ns(PAUSE_NS, ns_per_cycle);
    }
    report.insert("burst_ns".to_owned(), median(&mut per_event));
    report.insert("burst_p99_ns".to_owned(), percentile(&mut per_event, 99.0));
}
