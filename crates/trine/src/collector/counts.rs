//! What the reading side has done so far, for `health()`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What was delivered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) errors: u64,
}

pub(super) static WRITTEN_EVENTS: AtomicU64 = AtomicU64::new(0);
pub(super) static WRITTEN_BYTES: AtomicU64 = AtomicU64::new(0);
pub(super) static WRITTEN_ERRORS: AtomicU64 = AtomicU64::new(0);
pub(super) static RING_BYTES_HIGH: AtomicU64 = AtomicU64::new(0);
pub(super) static LAG_NS: AtomicU64 = AtomicU64::new(0);
pub(super) static DAMAGED_BYTES: AtomicU64 = AtomicU64::new(0);

/// What was written from the rings.
pub(crate) fn counts() -> Counts {
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Counts { events: load(&WRITTEN_EVENTS), bytes: load(&WRITTEN_BYTES), errors: load(&WRITTEN_ERRORS) }
}

/// Most bytes found in one ring so far.
pub(crate) fn ring_bytes_high() -> u64 {
    RING_BYTES_HIGH.load(Ordering::Relaxed)
}

/// How old the oldest record was when the rings were last drained.
pub(crate) fn lag() -> Duration {
    Duration::from_nanos(LAG_NS.load(Ordering::Relaxed))
}

/// Bytes of rings that could not be read.
pub(crate) fn damaged_bytes() -> u64 {
    DAMAGED_BYTES.load(Ordering::Relaxed)
}
