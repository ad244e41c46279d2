//! The thread that drains the rings.
//!
//! It never spins: a consumer that polls on another core makes each push cost 109 ns instead of 6, since the two cores pass the
//! ring's cache lines to and fro. It naps, 100 us at first, ever longer while nothing comes, and at last parks until the next
//! event wakes it: an idle process costs nothing.

use std::{
    sync::RwLock,
    sync::atomic::{Ordering, fence},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use crate::{
    batch,
    collector::{self, Pass},
    health, pipeline,
};

/// Nap after a round that found something.
const NAP_MIN: Duration = Duration::from_micros(100);
/// Longest nap. A ring of 1 MiB takes 5,000 events in this time; at half full the caller wakes the worker anyway.
const NAP_MAX: Duration = Duration::from_millis(10);
/// Idle rounds after which the worker parks. By then it has napped for some 200 ms.
const IDLE_ROUNDS_MAX: u32 = 24;
/// Longest sleep when parked: sinks want a look now and then, and should the wake of an event be missed (it is a plain load,
/// so that it costs the caller nothing), this bounds the delay.
const PARK_MAX: Duration = Duration::from_secs(1);
/// Nap while no output takes anything.
const BLOCKED_NAP: Duration = Duration::from_millis(20);

static WORKER: RwLock<Option<Thread>> = RwLock::new(None);

/// Starts the worker unless it runs.
pub(crate) fn ensure_running() {
    if is_running() {
        return;
    }
    let mut worker = WORKER.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    if worker.is_none() {
        match thread::Builder::new().name("trine-worker".into()).spawn(run) {
            Ok(handle) => *worker = Some(handle.thread().clone()),
            // Without a worker callers deliver by themselves.
            Err(error) => {
                health::report(format_args!(
                    "cannot start the worker thread: {error}; events are written by their callers"
                ));
                pipeline::set_flag(pipeline::FLAG_INLINE, true);
            }
        }
    }
}

/// True when there is a worker.
pub(crate) fn is_running() -> bool {
    WORKER.read().unwrap_or_else(|poisoned| poisoned.into_inner()).is_some()
}

/// Ends the worker's nap.
#[cold]
pub(crate) fn wake() {
    // When the lock is taken, the worker is being started or a fork is under way: it will look by itself.
    if let Ok(worker) = WORKER.try_read()
        && let Some(worker) = &*worker
    {
        worker.unpark();
    }
}

/// In the child of a fork: the thread is not here. The next event starts another.
pub(crate) fn forget() {
    *WORKER.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    pipeline::set_flag(pipeline::FLAG_PARKED, false);
}

/// Holds the worker's handle still over a fork.
pub(crate) fn hold_for_fork() -> Box<dyn std::any::Any> {
    Box::new(WORKER.write().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

fn run() {
    let mut idle = 0;
    let mut nap = NAP_MIN;
    loop {
        batch::tick();
        let Pass { records, is_blocked, is_behind } = collector::round();
        if is_blocked {
            thread::park_timeout(BLOCKED_NAP);
        } else if records > 0 || is_behind {
            (idle, nap) = (0, NAP_MIN);
            thread::park_timeout(nap);
        } else if idle < IDLE_ROUNDS_MAX {
            idle += 1;
            nap = (nap * 2).min(NAP_MAX);
            thread::park_timeout(nap);
        } else {
            park();
        }
    }
}

/// Sleeps until an event wakes us. Looks once more after saying so, for events that came before they could know.
fn park() {
    pipeline::set_flag(pipeline::FLAG_PARKED, true);
    fence(Ordering::SeqCst);
    let Pass { records, is_behind, .. } = collector::round();
    if records == 0 && !is_behind {
        thread::park_timeout(batch::next_due(Instant::now()).map_or(PARK_MAX, |due| due.min(PARK_MAX)));
    }
    pipeline::set_flag(pipeline::FLAG_PARKED, false);
}
