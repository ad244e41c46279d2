//! Waiting until everything is written, with a bound.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use trine_ring::clock::monotonic_ns;

use super::{
    Collector, Draining, FLUSHES_DONE, FLUSHES_WANTED, IS_FAILING, LOCK_PAUSE, MAY_CALLERS_WRITE, Renderer,
    SINK_SINCE_NS, WRITTEN_ERRORS, counts,
};
use crate::{health, worker};

/// How long written lines may wait for the disk to take them together: what a sync costs is then spread over some thousand events,
/// and a reader of the file knows no difference.
const SYNC_DELAY: Duration = Duration::from_millis(20);

/// Has the worker write what was emitted before the call; otherwise as [`flush_patiently`].
pub(super) fn flush_by_worker(deadline: Instant, patience: Duration) -> u64 {
    let wanted = FLUSHES_WANTED.fetch_add(1, Ordering::AcqRel) + 1;
    let mut failing_since = None;
    loop {
        worker::wake();
        std::thread::sleep(LOCK_PAUSE);
        if FLUSHES_DONE.load(Ordering::Acquire) >= wanted {
            return 0;
        }
        let now = Instant::now();
        if !IS_FAILING.load(Ordering::Relaxed) {
            failing_since = None;
        } else if now.duration_since(*failing_since.get_or_insert(now)) >= patience {
            break;
        }
        if now >= deadline {
            break;
        }
    }
    Draining::now().map_or_else(counts::waiting, |mut draining| draining.0.backlog().max(1))
}

/// True where the calling thread has to leave the writing to the worker.
pub(super) fn is_for_worker() -> bool {
    !MAY_CALLERS_WRITE.load(Ordering::Relaxed) && worker::is_running() && !Draining::is_here()
}

/// Writes what was emitted before the call. Returns how many events still wait at `deadline`.
pub(crate) fn flush(deadline: Instant) -> u64 {
    flush_patiently(deadline, Duration::MAX)
}

/// As [`flush`]; gives up before the deadline when some output has failed for `patience`.
///
/// A sink that is slow has until the deadline, one that fails does not.
pub(crate) fn flush_patiently(deadline: Instant, patience: Duration) -> u64 {
    if is_for_worker() {
        return flush_by_worker(deadline, patience);
    }
    let mut failing_since = None;
    loop {
        let Some(mut draining) = Draining::until(deadline) else { return counts::waiting() };
        let collector = &mut draining.0;
        if failing_since.is_none() {
            collector.outputs.iter_mut().for_each(|output| output.retry_at = None);
        }
        let is_blocked = collector.pass().is_blocked;
        let now = Instant::now();
        // One output may work while another does not yet.
        let is_done = !is_blocked && collector.lines_waiting() == 0;
        let is_hopeless = now.duration_since(*failing_since.get_or_insert(now)) >= patience;
        if is_done || is_hopeless || now >= deadline {
            if !is_blocked {
                collector.report_losses(true);
                collector.flush_sinks();
            }
            // What other threads have emitted meanwhile is not asked for.
            return if is_done { 0 } else { collector.backlog() };
        }
        drop(draining);
        std::thread::sleep(LOCK_PAUSE);
    }
}

/// Has an event say what was lost, unless somebody else is at it.
#[cold]
pub(crate) fn tell_losses() {
    if let Some(mut draining) = Draining::now() {
        draining.0.pass();
    }
}

impl Collector {
    /// Has the sinks hand what they have to the operating system, or to the disk.
    pub(super) fn flush_sinks(&mut self) {
        self.flush_sinks_after(Duration::ZERO);
    }

    /// Has the disk take what was written [`SYNC_DELAY`] ago and since, where that is wanted.
    pub(super) fn sync(&mut self) {
        let config = self.renderer.as_ref().and_then(|renderer| renderer.config.as_ref());
        if config.is_some_and(|config| config.is_durable) {
            self.flush_sinks_after(SYNC_DELAY);
        }
    }

    /// Flushes the sinks that have been written to so long ago; with zero, all of them.
    fn flush_sinks_after(&mut self, age: Duration) {
        let pipes = self.renderer.as_ref().map_or(&[][..], Renderer::pipes);
        for (pipe, output) in pipes.iter().zip(&mut self.outputs) {
            if !age.is_zero() && output.unsynced_since.is_none_or(|since| since.elapsed() < age) {
                continue;
            }
            SINK_SINCE_NS.store(monotonic_ns(), Ordering::Relaxed);
            let outcome = pipe.sink.flush();
            SINK_SINCE_NS.store(0, Ordering::Relaxed);
            // Also after a failure: to ask again at once would tell of success that is none.
            output.unsynced_since = None;
            if let Err(error) = outcome {
                WRITTEN_ERRORS.fetch_add(1, Ordering::Relaxed);
                health::report_once(&*pipe.sink, &error);
            }
        }
    }
}
