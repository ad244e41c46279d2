//! What the current thread does with its events: its context, a capture, a hold; and the child of a fork, which forgets its parent's.

use std::cell::Cell;

use super::{CaptureBuffer, DIVERSION, Diversion, Local, with_local};
use crate::{hold::Hold, logger::Logger};

/// The context of the current thread.
pub(crate) fn scope() -> Logger {
    with_local(|local| local.scope.clone()).unwrap_or_default()
}

/// Replaces the context of the current thread; returns the one before.
pub(crate) fn set_scope(scope: Logger) -> Logger {
    with_local(|local| std::mem::replace(&mut local.scope, scope)).unwrap_or_default()
}

/// True while the current thread captures its events.
pub(crate) fn is_capturing() -> bool {
    DIVERSION.try_with(Cell::get).is_ok_and(|diversion| diversion.captures)
}

/// True while the current thread holds events that no output wants.
pub(crate) fn is_holding() -> bool {
    DIVERSION.try_with(Cell::get).is_ok_and(|diversion| diversion.holds)
}

/// Sends the thread's events into `capture`, or to the outputs again; returns where they went before.
pub(crate) fn set_capture(capture: Option<CaptureBuffer>) -> Option<CaptureBuffer> {
    divert(|local| std::mem::replace(&mut local.capture, capture)).flatten()
}

/// What the thread's scope holds.
pub(crate) fn hold() -> Option<Hold> {
    with_local(|local| local.hold.clone()).flatten()
}

/// Has the thread hold its debug events there, or not at all; returns where it did before.
pub(crate) fn set_hold(hold: Option<Hold>) -> Option<Hold> {
    divert(|local| std::mem::replace(&mut local.hold, hold)).flatten()
}

/// Changes what the thread does with its events.
fn divert<T>(change: impl FnOnce(&mut Local) -> T) -> Option<T> {
    with_local(|local| {
        let changed = change(local);
        let diversion = Diversion { captures: local.capture.is_some(), holds: local.hold.is_some() };
        local.is_diverted = diversion.captures || diversion.holds;
        let _ = DIVERSION.try_with(|place| place.set(diversion));
        changed
    })
}

/// In the child of a fork: the ring is the parent's, and so is what was counted.
pub(crate) fn forget_producer() {
    let producer = with_local(|local| {
        local.tally.forget();
        local.producer.take()
    });
    // Not given back: another thread of this process must not write into it either.
    drop(producer);
}
