//! Holding the reading side still: over a fork, and when the process ends.

use std::{
    any::Any,
    sync::{
        MutexGuard, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{COLLECTOR, Collector, Draining, LOCK_PAUSE, SINK_SINCE_NS, counts};

/// Longest that a fork waits for a write under way.
const FORK_WAIT: Duration = Duration::from_secs(1);
/// The process ends.
static IS_HELD_FOR_GOOD: AtomicBool = AtomicBool::new(false);

/// Ends the work of all other threads on the rings: the process ends, and a chunk that is being written then would be cut.
///
/// Returns how many events are not written; `None` when nobody can say.
pub(crate) fn hold_for_good() -> Option<u64> {
    let mut draining = Draining::until(Instant::now() + FORK_WAIT);
    let left = draining.as_mut().map(|draining| draining.0.backlog());
    IS_HELD_FOR_GOOD.store(left.is_some(), Ordering::Release);
    std::mem::forget(draining);
    left
}

/// True once nobody drains any more.
pub(crate) fn is_held_for_good() -> bool {
    IS_HELD_FOR_GOOD.load(Ordering::Acquire)
}

/// Holds the collector still over a fork. Nothing when the forking thread itself is draining, and when a stuck sink keeps
/// the lock beyond [`FORK_WAIT`]: then the child finds it locked for good, and its events are counted as lost.
pub(crate) fn hold_for_fork() -> Option<Box<dyn Any>> {
    let deadline = Instant::now() + FORK_WAIT;
    loop {
        match COLLECTOR.try_lock() {
            _ if Draining::is_here() => return None,
            Ok(guard) => return Some(Box::new(guard)),
            Err(TryLockError::Poisoned(poisoned)) => return Some(Box::new(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
        }
    }
}

/// In the child of a fork: rings and rendered lines are the parent's, which will write them.
pub(crate) fn forget(held: &mut dyn Any) {
    if let Some(collector) = held.downcast_mut::<MutexGuard<'static, Collector>>() {
        collector.rings.clear();
        collector.ring_times.clear();
        collector.lines.iter_mut().for_each(Vec::clear);
        collector.outputs.iter_mut().for_each(|output| output.events = 0);
        collector.journal = None;
    }
    counts::forget_waiting();
    SINK_SINCE_NS.store(0, Ordering::Relaxed);
}
