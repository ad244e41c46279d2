//! Events and rows that need not wait for others: given as they are found, in the order of the input, and not held.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{
    Error, Settings,
    budget::Budget,
    compare,
    keep::{Keeping, Kept},
    known,
    plan::{Plan, Segment},
    run,
    scope::Scope,
    sink::{Data, Gathered, Sink},
    worker::{Worker, with_extra},
};
use crate::{
    answer::{Answer, Column, Notes, row_json},
    lang::{self, ast::Query},
    scan::{
        input::{Input, Report, scan_in_order},
        needles::Condition,
    },
};

/// Which answers are given as lines as they are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Events, as they stand in the log.
    Events,
    /// Rows as well: of a question for some fields of each event.
    Rows,
}

/// What became of a question that may be answered with lines.
#[derive(Clone, Debug)]
pub enum Told {
    /// All lines were given.
    Lines {
        /// How many.
        count: u64,
        /// What must be said beside them.
        notes: Box<Notes>,
    },
    /// It is one that must see all events before it can say anything, or no lines were asked for.
    Whole(Answer),
}

/// Answers a question, and gives events (or rows) as lines as soon as they are found, in the order of the input: as long as `give` is true.
///
/// Shape: each time whole lines of JSON, each with its line feed.
/// Errors: as of [`super::ask`]. What was given before stays.
pub fn tell(
    text: &str,
    input: &Input,
    settings: &Settings<'_>,
    lines: Lines,
    give: &mut (dyn FnMut(&[u8]) -> bool + Send),
) -> Result<Told, Error> {
    let query = lang::parse(text)?;
    if compare::cut(&query).is_some() {
        return run::ask(text, input, settings).map(Told::Whole);
    }
    let plan = run::plan(text, &query, input, settings)?;
    let Some(order) = plan.segments.first().and_then(in_order).filter(|order| {
        plan.segments.len() == 1 && (lines == Lines::Rows || matches!(order, InOrder::Events(..)))
    }) else {
        return run::answer_of_plan(text, &query, &plan, input, settings).map(Told::Whole);
    };
    let mut count = 0;
    let limit = order.keeping().limit;
    let (plan_first, mut goes_on) = (&plan.segments[0], true);
    let found = find(
        plan_first,
        &plan.condition,
        input,
        settings,
        |kept| {
            let lines = order.lines(plan_first, kept);
            let bytes = lines.text.len();
            (lines, bytes)
        },
        |mut lines: Text| {
            if let Some(limit) = limit {
                lines.cut(limit - count);
            }
            if goes_on && lines.count > 0 {
                count += lines.count;
                goes_on = give(&lines.text);
            }
            goes_on && limit.is_none_or(|limit| count < limit)
        },
    )?;
    let notes = finish(text, &query, plan_first, found, input, settings)?;
    Ok(Told::Lines { count: count as u64, notes: Box::new(notes) })
}

/// The first events or rows of all, without reading on once they are there; `None` of a question for others.
pub(super) fn first_of_all(
    text: &str,
    query: &Query,
    plan: &Plan,
    input: &Input,
    settings: &Settings<'_>,
) -> Option<Result<(Data, Notes), Error>> {
    let first = plan.segments.first()?;
    let order = in_order(first)?;
    let limit = order.keeping().limit?;
    let (mut all, mut all_bytes) = (Vec::new(), 0);
    let found = find(
        first,
        &plan.condition,
        input,
        settings,
        |kept| {
            let bytes: usize = kept.iter().map(Kept::bytes).sum();
            ((kept, bytes), bytes)
        },
        |(kept, bytes): (Vec<Kept>, usize)| {
            all.extend(kept);
            all.truncate(limit);
            all_bytes += bytes;
            all.len() < limit && all_bytes <= settings.memory_bytes
        },
    );
    if all_bytes > settings.memory_bytes && all.len() < limit {
        return Some(Err(Error::memory(settings.memory_bytes, all.len(), "event")));
    }
    Some(found.and_then(|found| {
        let notes = finish(text, query, first, found, input, settings)?;
        Ok((first.sink.data_of(all), notes))
    }))
}

/// What comes in the order of the input, one by one.
enum InOrder<'p> {
    Events(&'p Keeping),
    Rows(&'p Keeping, &'p [Column]),
}

fn in_order(segment: &Segment) -> Option<InOrder<'_>> {
    let order = match &segment.sink {
        Sink::Keep(keeping) => InOrder::Events(keeping),
        Sink::Project(_, columns, keeping) => InOrder::Rows(keeping, columns),
        _ => return None,
    };
    (order.keeping().sort.is_empty() && matches!(segment.scope, Scope::Events(_))).then_some(order)
}

impl InOrder<'_> {
    fn keeping(&self) -> &Keeping {
        match self {
            InOrder::Events(keeping) | InOrder::Rows(keeping, _) => keeping,
        }
    }

    fn lines(&self, segment: &Segment, kept: Vec<Kept>) -> Text {
        let mut lines = Text { text: Vec::new(), count: kept.len() };
        let mut row = String::new();
        for kept in kept {
            match (self, kept) {
                (InOrder::Events(_), Kept::Event(event)) => {
                    let line = with_extra(&event, run::event_scope(segment));
                    lines.text.extend_from_slice(String::from_utf8_lossy(&line).as_bytes());
                }
                (InOrder::Rows(_, columns), Kept::Row(cells)) => {
                    row.clear();
                    row_json(columns, &cells, &mut row);
                    lines.text.extend_from_slice(row.as_bytes());
                }
                // The first segment reads events, and each sink keeps its own.
                _ => continue,
            }
            lines.text.push(b'\n');
        }
        lines
    }
}

/// Some lines.
struct Text {
    text: Vec<u8>,
    count: usize,
}

impl Text {
    /// At most so many of them.
    fn cut(&mut self, most: usize) {
        if self.count > most {
            let end = memchr::memchr_iter(b'\n', &self.text).take(most).last().map_or(0, |end| end + 1);
            self.text.truncate(end);
            self.count = most;
        }
    }
}

/// What a scan in order found.
struct Found {
    worker: Worker,
    report: Report,
    /// Whether it ended because nothing more was wanted.
    is_early: bool,
}

/// Reads with all threads, and gives what `make` makes of each block in the order of the input, until `give` is false.
fn find<T: Send>(
    segment: &Segment,
    condition: &Condition,
    input: &Input,
    settings: &Settings<'_>,
    make: impl Fn(Vec<Kept>) -> (T, usize) + Sync,
    mut give: impl FnMut(T) -> bool + Send,
) -> Result<Found, Error> {
    let shared = run::share_input(segment, condition, input, settings);
    let budget = Budget::new(settings.memory_bytes);
    let (own_stop, is_done) = (AtomicBool::new(false), AtomicBool::new(false));
    let too_many = AtomicUsize::new(0);
    let outcome = scan_in_order(
        input,
        &run::options(settings, &own_stop),
        || Worker::new(segment),
        |worker, block| {
            if settings.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                own_stop.store(true, Ordering::Relaxed);
                return make(Vec::new());
            }
            worker.block(&shared, block);
            let kept = match std::mem::replace(&mut worker.gathered, segment.sink.begin()) {
                Gathered::Keep(kept) => kept,
                _ => Default::default(),
            };
            if !budget.report(0, kept.bytes()) {
                too_many.store(kept.len(), Ordering::Relaxed);
                own_stop.store(true, Ordering::Relaxed);
            }
            budget.report(kept.bytes(), 0);
            let keeping = match &segment.sink {
                Sink::Keep(keeping) | Sink::Project(_, _, keeping) => keeping,
                _ => &NONE,
            };
            make(kept.finish(keeping))
        },
        |result| {
            if !is_done.load(Ordering::Relaxed) && !give(result) {
                is_done.store(true, Ordering::Relaxed);
                own_stop.store(true, Ordering::Relaxed);
            }
        },
    );
    if budget.is_over() {
        return Err(Error::memory(budget.limit(), too_many.into_inner(), "event"));
    }
    let mut states = outcome.states.into_iter();
    let mut worker = states.next().unwrap_or_else(|| Worker::new(segment));
    states.for_each(|other| worker.merge(segment, other));
    let mut report = outcome.report;
    let is_stopped = settings.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
    let is_early = is_done.into_inner() && report.bytes != input.bytes();
    report.is_partial &= is_stopped;
    Ok(Found { worker, report, is_early })
}

const NONE: Keeping = Keeping { sort: Vec::new(), is_newest_first: false, limit: None };

fn finish(
    text: &str,
    query: &Query,
    first: &Segment,
    found: Found,
    input: &Input,
    settings: &Settings<'_>,
) -> Result<Notes, Error> {
    let Found { worker: Worker { mut notes, seen, .. }, report, is_early } = found;
    run::finish_notes(&mut notes, &report);
    // Of what was not read nothing is known, and that names are missing in the rest of it neither.
    if !settings.is_lenient && !notes.is_partial && !is_early {
        known::check(text, query, first, &seen, input, settings, &mut notes)?;
    }
    notes.remarks.extend(report.troubles.iter().map(ToString::to_string));
    Ok(notes)
}
