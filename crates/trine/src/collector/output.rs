//! One output's rendered lines: what waits, what is refused, what was written.

use std::{
    collections::BTreeMap, io::ErrorKind, panic::AssertUnwindSafe, sync::atomic::Ordering, time::Instant,
};

use trine_ring::{caught::catch_unwind, clock::monotonic_ns, record::Record};

use super::{
    CHUNK_BYTES, CHUNK_BYTES_SLOW, Hints, MAY_CALLERS_WRITE, PENDING_BYTES_MAX, RETRY_PAUSE, Renderer,
    SINK_SINCE_NS, WRITTEN_BYTES, WRITTEN_ERRORS, WRITTEN_EVENTS,
};
use crate::{
    black_box::Journal,
    callsite::{self, Callsite},
    encoder::Format,
    health,
    pipeline::Pipe,
    sink::WriteError,
};

/// How one output is doing.
#[derive(Debug, Default)]
pub(super) struct OutputState {
    /// Lines rendered since the last complete write.
    pub(super) events: u64,
    /// Bytes of its lines that were there before the record now being rendered.
    pub(super) whole: usize,
    /// Bytes of its lines that it did not take when last asked: they are no reason to ask again at once.
    pub(super) refused: usize,
    /// Not before then.
    pub(super) retry_at: Option<Instant>,
    /// Since when it has lines that the disk may not have.
    pub(super) unsynced_since: Option<Instant>,
    /// Its reader is gone; nothing is rendered for it.
    pub(super) is_gone: bool,
}

/// True when some output has enough new lines to be written.
#[inline]
pub(super) fn is_chunk_full(outputs: &[OutputState], lines: &[Vec<u8>]) -> bool {
    let full = if MAY_CALLERS_WRITE.load(Ordering::Relaxed) { CHUNK_BYTES } else { CHUNK_BYTES_SLOW };
    outputs.iter().zip(lines).any(|(output, lines)| lines.len() - output.refused >= full)
}

/// Renders a record for the outputs that want it and can hold it.
#[inline]
pub(super) fn render_waiting(
    renderer: &mut Renderer,
    outputs: &mut [OutputState],
    lines: &mut [Vec<u8>],
    site: &'static Callsite,
    record: Record<'_>,
) {
    let hints = Hints { timed: renderer.meter.timed(site), ..Hints::default() };
    let mut admits = renderer.admits(site, record);
    for (index, (output, lines)) in outputs.iter_mut().zip(lines.iter()).enumerate() {
        let bit = 1 << index;
        if admits & bit == 0 {
            continue;
        }
        if output.is_gone || lines.len() > PENDING_BYTES_MAX {
            admits &= !bit;
            site.count_lost();
        }
    }
    if renderer.render_to(admits, site, record, hints, lines) {
        count_rendered(outputs, admits);
    }
}

/// Counts a line for the outputs whose bit is set.
#[inline]
pub(super) fn count_rendered(outputs: &mut [OutputState], bits: u64) {
    for (index, output) in outputs.iter_mut().enumerate() {
        output.events += bits >> index & 1;
    }
}

/// True when the reader is gone for good, so that nothing waits for it any more.
fn is_given_up(outcome: &Result<(), WriteError>) -> bool {
    outcome.as_ref().is_err_and(|error| error.source.kind() == ErrorKind::BrokenPipe)
}

/// Counts the events of lines that nobody will take, by the names at their beginnings where the format has them there. Of a line
/// that was taken in part the rest has none.
#[cold]
fn count_lost_lines(format: Option<Format>, lines: &[u8], events: u64) {
    let (head, end): (&[u8], _) = match format {
        Some(Format::Json) => (b"{\"event\":\"", b'"'),
        Some(Format::Logfmt) => (b"event=", b' '),
        Some(Format::Pretty) | None => return callsite::count_lost_unnamed(events),
    };
    let mut names = BTreeMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        if let Some(name) = line.strip_prefix(head).and_then(|rest| rest.split(|byte| *byte == end).next()) {
            *names.entry(name).or_default() += 1;
        }
    }
    callsite::count_lost_by_name(names, events);
}

/// Writes one output's lines. False when it does not take them at present.
///
/// `journal`: told what is taken, and the output's number in it.
pub(super) fn write_out(
    pipe: &Pipe,
    output: &mut OutputState,
    lines: &mut Vec<u8>,
    mut journal: Option<(&mut Journal, usize)>,
) -> bool {
    if output.retry_at.is_some_and(|at| Instant::now() < at) {
        return false;
    }
    if lines.is_empty() {
        output.retry_at = None;
        return true;
    }
    SINK_SINCE_NS.store(monotonic_ns(), Ordering::Relaxed);
    let mut place = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| match &mut journal {
        Some((journal, index)) => pipe.sink.write_watched(lines, &mut |taken, now| {
            journal.place(*index, lines, taken, Some(now));
            place = Some((taken, now));
        }),
        None => pipe.sink.write(lines),
    }));
    SINK_SINCE_NS.store(0, Ordering::Relaxed);
    let outcome = outcome.unwrap_or_else(|_| {
        Err(WriteError { written: 0, source: std::io::Error::other("the sink panicked") })
    });
    if let Some((journal, index)) = journal {
        let taken = outcome.as_ref().map_or_else(|error| error.written.min(lines.len()), |()| lines.len());
        if place.is_none_or(|(noted, _)| noted != taken) {
            journal.place(index, lines, taken, None);
        }
        journal.forget_taken(index, if is_given_up(&outcome) { lines.len() } else { taken });
    }
    output.unsynced_since.get_or_insert_with(Instant::now);
    match outcome {
        Ok(()) => {
            WRITTEN_EVENTS.fetch_add(output.events, Ordering::Relaxed);
            WRITTEN_BYTES.fetch_add(lines.len() as u64, Ordering::Relaxed);
            if output.retry_at.take().is_some() {
                health::report_recovered(&*pipe.sink);
            }
            output.events = 0;
            lines.clear();
            true
        }
        Err(error) => {
            WRITTEN_ERRORS.fetch_add(1, Ordering::Relaxed);
            WRITTEN_BYTES.fetch_add(error.written as u64, Ordering::Relaxed);
            let rest = lines.split_off(error.written.min(lines.len()));
            let done = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            WRITTEN_EVENTS.fetch_add(done.min(output.events), Ordering::Relaxed);
            output.events -= done.min(output.events);
            *lines = rest;
            if error.source.kind() == ErrorKind::BrokenPipe {
                output.is_gone = true;
                count_lost_lines(pipe.format, lines, output.events);
                output.events = 0;
                lines.clear();
            }
            health::report_once(&*pipe.sink, &error);
            output.retry_at = Some(Instant::now() + RETRY_PAUSE);
            false
        }
    }
}
