//! Stack traces: whether they are wanted, and the one of here and now.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Display,
    sync::atomic::{AtomicU8, Ordering},
};

use super::shown::Shown;
use crate::{config::StackTraces, error_text::TRACE_BYTES_MAX};

/// What paths of frames begin with that are not the program's: ours, and the standard library's.
const PLUMBING: [&str; 6] = ["trine::", "core::", "alloc::", "std::", "__rust", "rust_begin_unwind"];
/// What is in the symbol of the frame that a thread's own code begins behind.
const THREAD_BEGIN: &str = "__rust_begin_short_backtrace";

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
    (trace.status() == BacktraceStatus::Captured).then(|| of_the_program(&bounded(trace)).to_owned())
}

fn bounded(trace: &dyn Display) -> String {
    Shown::bounded(trace, TRACE_BYTES_MAX).to_text().trim_end_matches(['\n', ' ']).to_owned()
}

/// The frames of the program: without ours and the standard library's above them, and what started the thread below. A trace
/// without frames of the program is left as it is.
///
/// Frames keep their numbers, which say how many are left out above.
fn of_the_program(trace: &str) -> &str {
    let begin = frames(trace).find(|(_, symbol)| !is_plumbing(symbol)).map(|(at, _)| at);
    let end = frames(trace).find(|(_, symbol)| symbol.contains(THREAD_BEGIN)).map(|(at, _)| at);
    match (begin, end.unwrap_or(trace.len())) {
        (Some(begin), end) if begin < end => trace[begin..end].trim_end(),
        _ => trace,
    }
}

/// Where each frame begins, and its symbol: lines of the form `  12: symbol`.
fn frames(trace: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = trace.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at - line.len(), line))
    });
    lines.filter_map(|(at, line)| {
        let (number, symbol) = line.trim().split_once(": ")?;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_number.then_some((at, symbol))
    })
}

/// Whether a frame above those of the program is ours or the standard library's: what takes the trace, what panics.
fn is_plumbing(symbol: &str) -> bool {
    let path = symbol.trim_start_matches('<');
    PLUMBING.iter().any(|of| path.starts_with(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_begins_and_ends_with_the_program() {
        let trace = "   0: trine::error::backtrace::at_event\n             at ./src/error/backtrace.rs:29:21\n   \
                     1: <alloc::boxed::Box<F> as core::ops::function::Fn<A>>::call\n   \
                     2: core::result::unwrap_failed\n   3: shop::pay::charge\n             at ./src/pay.rs:12:9\n   \
                     4: core::iter::Iterator::for_each\n   5: shop::main\n   \
                     6: std::sys::backtrace::__rust_begin_short_backtrace\n   7: main";
        let expected = "   3: shop::pay::charge\n             at ./src/pay.rs:12:9\n   \
                        4: core::iter::Iterator::for_each\n   5: shop::main";
        assert_eq!(of_the_program(trace), expected);
    }

    #[test]
    fn what_is_no_trace_of_ours_is_left_alone() {
        for trace in [
            "",
            "no frames",
            "   0: trine::a\n   1: std::b",
            "   0: trine::a\n   1: std::sys::backtrace::__rust_begin_short_backtrace\n   2: main",
            "disabled backtrace",
        ] {
            assert_eq!(of_the_program(trace), trace);
        }
        assert_eq!(of_the_program("   0: trine_shop::main"), "   0: trine_shop::main");
    }
}
