//! Allocations per event on the calling thread.

use crate::alloc::allocations_here;

/// Events counted, after the caches are warm.
const EVENTS: u64 = 1000;

/// Allocations and reallocations of this thread per event.
pub fn per_event(event: &mut dyn FnMut(u64)) -> f64 {
    event(EVENTS);
    let before = allocations_here();
    event(EVENTS);
    (allocations_here() - before) as f64 / EVENTS as f64
}
