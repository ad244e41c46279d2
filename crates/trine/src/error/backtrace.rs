//! Stack traces: whether they are wanted, and the one of here and now.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Display,
    sync::atomic::{AtomicU8, Ordering},
};

use super::shown::Shown;
use crate::{config::StackTraces, error_text::TRACE_BYTES_MAX};

/// What was set up, as a number: see [`StackTraces`].
static WANTED: AtomicU8 = AtomicU8::new(StackTraces::Auto as u8);

/// Says whether events of errors and panics have stack traces, from now on.
pub(crate) fn want(wanted: StackTraces) {
    WANTED.store(wanted as u8, Ordering::Relaxed);
}

fn is(wanted: StackTraces) -> bool {
    WANTED.load(Ordering::Relaxed) == wanted as u8
}

/// The trace of an error at its event: what it brings, or else that of the caller where one is wanted.
///
/// Cost: without the variables `RUST_BACKTRACE` and `RUST_LIB_BACKTRACE`, a load. Else that of looking names up: tens of
/// milliseconds the first time, then some hundred microseconds.
pub(crate) fn at_event(brought: Option<&dyn Display>) -> Option<String> {
    at_end(brought).or_else(|| if is(StackTraces::Auto) { shown(&Backtrace::capture()) } else { None })
}

/// The trace of an error at the end of an operation, which is seldom where the error arose: what it brings, or else that of the
/// caller where traces are always wanted.
pub(crate) fn at_end(brought: Option<&dyn Display>) -> Option<String> {
    match brought {
        _ if is(StackTraces::Off) => None,
        Some(trace) => Some(bounded(trace)),
        None if is(StackTraces::On) => shown(&Backtrace::force_capture()),
        None => None,
    }
}

fn shown(trace: &Backtrace) -> Option<String> {
    (trace.status() == BacktraceStatus::Captured).then(|| bounded(trace))
}

fn bounded(trace: &dyn Display) -> String {
    Shown::bounded(trace, TRACE_BYTES_MAX).to_text().trim_end_matches(['\n', ' ']).to_owned()
}
