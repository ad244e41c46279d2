//! The ends of a process: leaving, panicking, forking. Set up once, by the first start; nothing to hold, nothing to forget.

use std::{
    any::Any,
    cell::RefCell,
    time::{Duration, Instant},
};

use trine_ring::{caught, process};

use crate::{
    batch, black_box, callsite, collector, emit, health, inline, metrics, operation, panics, pipeline,
    random, tally, worker,
};

/// Longest that leaving waits for sinks that are slow.
const EXIT_WAIT: Duration = Duration::from_secs(5);
/// Longest that leaving waits for closed files to be compressed: small ones are, the next start does the others.
const COMPRESSION_WAIT: Duration = Duration::from_secs(1);
/// Longest that leaving waits for a sink that fails: nobody should wait seconds for a program whose log path is wrong.
const EXIT_PATIENCE: Duration = Duration::from_millis(300);

pub(crate) fn install() {
    process::at_exit(on_exit);
    process::at_fork(before_fork, after_fork_in_parent, after_fork_in_child);
    panics::install();
}

/// Writes what is under way. Events that come later (from other threads, from exit hooks that run after this one) are
/// delivered by their callers.
extern "C" fn on_exit() {
    let _ = caught::catch_unwind(|| {
        batch::flush_all();
        let left = flush_at_the_end();
        pipeline::set_flag(pipeline::FLAG_INLINE, true);
        if left == 0 {
            // What other threads put into their rings meanwhile.
            collector::flush_patiently(Instant::now() + EXIT_WAIT, EXIT_PATIENCE);
        }
        emit::leave_ring();
        finish_sinks();
        black_box::leave(collector::hold_for_good() == Some(0));
        inline::hold_for_good();
    });
}

/// Lets sinks finish what they do aside.
fn finish_sinks() {
    let deadline = Instant::now() + COMPRESSION_WAIT;
    for pipe in pipeline::config().iter().flat_map(|config| &config.pipes) {
        pipe.sink.finish(deadline.saturating_duration_since(Instant::now()));
    }
}

/// Writes what can be written, and says what could not.
fn flush_at_the_end() -> u64 {
    let left = collector::flush_patiently(Instant::now() + EXIT_WAIT, EXIT_PATIENCE);
    if left > 0 {
        health::report(format_args!("the process ends with {left} events that no output has taken"));
    }
    left
}

/// Writes everything, then ends the process as the signal would have.
#[cfg(unix)]
pub(crate) fn install_termination() -> std::io::Result<()> {
    process::on_termination(|signal| {
        on_exit();
        process::raise_default(signal)
    })
}

thread_local! {
    /// What is held still over a fork, in the order of locking.
    static HELD: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

extern "C" fn before_fork() {
    let _ = HELD.try_with(|held| {
        if let Ok(mut held) = held.try_borrow_mut() {
            held.extend(collector::hold_for_fork());
            held.push(inline::hold_for_fork());
            held.push(worker_and_rest());
        }
    });
}

/// The locks behind the collector's, in their order.
fn worker_and_rest() -> Box<dyn Any> {
    Box::new((
        worker::hold_for_fork(),
        callsite::hold_for_fork(),
        pipeline::hold_for_fork(),
        black_box::hold_for_fork(),
        tally::hold_for_fork(),
        metrics::hold_for_fork(),
        batch::hold_for_fork(),
    ))
}

extern "C" fn after_fork_in_parent() {
    let _ = HELD.try_with(|held| held.try_borrow_mut().map(|mut held| held.clear()));
}

/// The child starts fresh: no worker, no rings, nothing of the parent's to write.
extern "C" fn after_fork_in_child() {
    let _ = HELD.try_with(|held| {
        if let Ok(mut held) = held.try_borrow_mut() {
            if let Some(collector) = held.first_mut() {
                collector::forget(&mut **collector);
            }
            held.clear();
        }
    });
    worker::forget();
    black_box::forget();
    callsite::renew_table();
    pipeline::forget_rings();
    emit::forget_producer();
    operation::renew_ids();
    random::renew();
    tally::reset();
    metrics::reset();
    batch::forget();
}
