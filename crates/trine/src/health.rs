//! How the pipeline is doing: numbers for the program, lines on stderr for people.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    callsite::{self, Callsite},
    collector, hold, inline, lock,
    sink::Sink,
    stage,
};

/// What became of the events so far. From [`health`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Lines accepted by sinks. An event with several outputs counts once for each.
    pub written: u64,
    /// Bytes accepted by sinks.
    pub written_bytes: u64,
    /// Events lost.
    pub lost: u64,
    /// Events lost, by name.
    pub lost_by_name: BTreeMap<&'static str, u64>,
    /// Events that stages have dropped, as they were asked to.
    pub dropped_by_stages: u64,
    /// Debug events that a scope held for the case of a failure, and dropped: there was none, or they were too many.
    pub held_dropped: u64,
    /// Failed writes, flushes and rotations.
    pub sink_errors: u64,
    /// Most bytes that waited in one ring.
    pub ring_bytes_high: u64,
    /// Bytes of rings that could not be read, because something wrote over them.
    pub ring_bytes_damaged: u64,
    /// How long the oldest event had waited when the rings were last drained.
    pub lag: Duration,
}

/// Looks at the pipeline: what was written, what was lost, how far the worker is behind.
///
/// Cost: takes two short locks and adds up a counter per callsite; for once a second, not once an event.
///
/// ```
/// trine::info!("user_login", user_id = 7);
/// trine::flush(std::time::Duration::from_secs(5));
/// let health = trine::health();
/// assert_eq!(health.lost, 0);
/// assert!(health.written >= 1);
/// ```
pub fn health() -> Health {
    let (by_worker, by_callers) = (collector::counts(), inline::counts());
    Health {
        written: by_worker.events + by_callers.events,
        written_bytes: by_worker.bytes + by_callers.bytes,
        lost: callsite::lost_total(),
        lost_by_name: callsite::lost_by_name(),
        dropped_by_stages: stage::dropped(),
        held_dropped: hold::dropped(),
        sink_errors: by_worker.errors + by_callers.errors,
        ring_bytes_high: collector::ring_bytes_high(),
        ring_bytes_damaged: collector::damaged_bytes(),
        lag: collector::lag(),
    }
}

/// Sinks that fail at present, by description: each is reported once until it recovers.
static FAILING: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Says on stderr that a sink fails, unless that is known.
pub(crate) fn report_once(sink: &dyn Sink, error: &dyn fmt::Display) {
    let (name, error) = (sink.describe(), error.to_string());
    if lock(&FAILING).insert(name.clone(), error.clone()).as_ref() != Some(&error) {
        report(format_args!(
            "cannot write to {name}: {error}; the program goes on, events wait or are counted as lost"
        ));
    }
}

/// Says on stderr that a sink works again.
pub(crate) fn report_recovered(sink: &dyn Sink) {
    let name = sink.describe();
    if lock(&FAILING).remove(&name).is_some() {
        report(format_args!("{name} takes events again"));
    }
}

/// Counts an event that a stage or an encoder panicked at, and says once that one is broken.
pub(crate) fn rendering_panicked(site: Option<&'static Callsite>) {
    static SAID: AtomicBool = AtomicBool::new(false);
    site.map_or_else(|| callsite::count_lost_unnamed(1), Callsite::count_lost);
    if !SAID.swap(true, Ordering::Relaxed) {
        let name = site.map_or("an event", Callsite::name);
        report(format_args!("a stage or an encoder panicked at `{name}`; the event is lost, and counted"));
    }
}

/// A finding, which brings its own beginning.
pub(crate) fn report_line(finding: &dyn fmt::Display) {
    let _ = io::stderr().lock().write_all(format!("{finding}\n").as_bytes());
}

/// One line on stderr. That stderr itself may fail is nobody's business.
pub(crate) fn report(message: fmt::Arguments<'_>) {
    let _ = io::stderr().lock().write_all(format!("trine: {message}\n").as_bytes());
}
