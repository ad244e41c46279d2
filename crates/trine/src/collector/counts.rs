//! What the reading side has done so far, for `health()`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::tally;

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

/// Events read from the rings, and those of them that are rendered and not yet accepted: as of the last write that began.
static READ: AtomicU64 = AtomicU64::new(0);
static LINES: AtomicU64 = AtomicU64::new(0);

/// A write begins that may not end: `read` more events have left the rings, `lines` are rendered and wait.
pub(super) fn note_waiting(read: u64, lines: u64) {
    // Under the collector's lock: nobody else writes them.
    READ.store(READ.load(Ordering::Relaxed) + read, Ordering::Relaxed);
    LINES.store(lines, Ordering::Relaxed);
}

/// In the child of a fork: nothing has been read yet.
pub(super) fn forget_waiting() {
    READ.store(0, Ordering::Relaxed);
    LINES.store(0, Ordering::Relaxed);
}

/// Events that no sink has accepted yet, for whoever cannot have the collector's lock since a sink is stuck. At least one.
pub(super) fn waiting() -> u64 {
    let in_rings = tally::put_into_rings().saturating_sub(READ.load(Ordering::Relaxed));
    (in_rings + LINES.load(Ordering::Relaxed)).max(1)
}

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

/// Bytes that all sinks have taken so far.
pub(crate) fn written_bytes() -> u64 {
    WRITTEN_BYTES.load(Ordering::Relaxed)
}
