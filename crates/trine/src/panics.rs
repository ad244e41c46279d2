//! Panics are events: `runtime_thread_panicked`, at `critical`.
//!
//! The hook runs where the panic happened: perhaps inside a formatter or a sink, under any lock of the program's, and a second
//! panic in it would abort the process. So it only takes down what it sees. Emitting and flushing, which may run code of the user's
//! (a sink, a stage), happen on a thread of their own, for which the hook waits no longer than [`PANIC_WAIT`].
//!
//! On a thread whose events a test captures there is no such event: a failed assertion is a panic, too, and a test that catches one
//! lists the events of its own code.
//!
//! A panic that Trine itself catches (in a value's formatting, a stage, an encoder, a sink) ends nothing and is said where it
//! happened, so it is no event.

use std::{
    cell::RefCell,
    panic::{self, PanicHookInfo},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use trine_model::Level;
use trine_ring::{Arg, caught, clock};

use crate::{
    batch,
    callsite::Callsite,
    collector, emit,
    error::{backtrace, fingerprint},
    error_text::{TEXT_BYTES_MAX, pass},
    hold::Hold,
    logger::Logger,
    options::Options,
};

/// Longest that a panic waits for the sinks before its message is printed.
const PANIC_WAIT: Duration = Duration::from_secs(1);
/// Name of the thread that emits and flushes, as `top` shows it.
const THREAD_NAME: &str = "trine-panic";
/// Name of a thread that has none, as the standard library prints it.
const UNNAMED: &str = "<unnamed>";
/// What stands for the type of a panic in its fingerprint.
const PANIC_TYPE: &str = "panic";

static SITE: Callsite = Callsite::new(
    "runtime_thread_panicked",
    Level::Critical,
    (module_path!(), file!(), line!()),
    &["thread", "location", "message", "error_fingerprint"],
);

static IS_REPORTED: AtomicBool = AtomicBool::new(true);

thread_local! {
    /// When this thread last panicked, in ticks, and what the panic said.
    static LAST: RefCell<Option<(u64, String)>> = const { RefCell::new(None) };
}

/// Says whether panics are events, from now on.
pub(crate) fn report(wanted: bool) {
    IS_REPORTED.store(wanted, Ordering::Relaxed);
}

/// What this thread's last panic said, if it was not before `ticks`. Past the gate.
pub(crate) fn message_since(ticks: u64) -> Option<String> {
    LAST.try_with(|last| {
        let last = last.try_borrow().ok()?;
        last.as_ref().filter(|(at, _)| *at >= ticks).map(|(_, message)| message.clone())
    })
    .ok()
    .flatten()
}

/// Sets the hook, in front of the one that there is.
pub(crate) fn install() {
    // Setting a hook while panicking is itself a panic.
    if thread::panicking() {
        return;
    }
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !caught::is_catching() {
            on_panic(info);
        }
        previous(info);
    }));
}

fn on_panic(info: &PanicHookInfo<'_>) {
    let message = caught::message(info.payload()).map(|text| pass(text, TEXT_BYTES_MAX).into_owned());
    if let Some(message) = &message {
        let _ = LAST.try_with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = Some((clock::ticks(), message.clone()));
            }
        });
    }
    let panicked = (IS_REPORTED.load(Ordering::Relaxed) && !emit::is_capturing()).then(|| Panicked {
        thread: thread::current().name().unwrap_or(UNNAMED).to_owned(),
        location: info.location().map(ToString::to_string),
        message,
        stack_trace: backtrace::at_event(None),
        scope: emit::scope(),
        hold: emit::hold(),
    });
    aside(move || {
        batch::flush_all();
        if let Some(panicked) = panicked {
            panicked.emit();
        }
        collector::flush(Instant::now() + PANIC_WAIT);
    });
}

/// Runs `work` on a thread of its own, and waits for it with a bound. Where there can be no such thread, nothing is done.
fn aside(work: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let spawned = thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(move || {
        // Its own panics are caught, and so are no events.
        let _ = caught::catch_unwind(panic::AssertUnwindSafe(work));
        let _ = done.send(());
    });
    if spawned.is_ok() {
        let _ = is_done.recv_timeout(PANIC_WAIT);
    }
}

/// What the hook saw.
struct Panicked {
    thread: String,
    location: Option<String>,
    /// `None` where the panic was started with something that is no text.
    message: Option<String>,
    stack_trace: Option<String>,
    /// What the thread's events carry, and the debug events that wait for a failure.
    scope: Logger,
    hold: Option<Hold>,
}

impl Panicked {
    /// Emits the event, as the thread that panicked would have.
    fn emit(self) {
        emit::set_scope(self.scope);
        emit::set_hold(self.hold);
        if !SITE.is_on() {
            return;
        }
        let message = self.message.as_deref();
        let fingerprint = fingerprint::of(PANIC_TYPE, None, message);
        let mut options = Options::new();
        if let Some(trace) = &self.stack_trace {
            options.set("stack_trace", &Arg::Str(trace));
        }
        let args = [
            Arg::Str(&self.thread),
            self.location.as_deref().map_or(Arg::Null, Arg::Str),
            message.map_or(Arg::Null, Arg::Str),
            Arg::Str(&fingerprint),
        ];
        emit::emit_with(&SITE, None, options, &args);
    }
}
