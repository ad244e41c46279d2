//! A question over a log that grows: the same segments, fed piece by piece.

use super::{
    Error, Settings,
    budget::Budget,
    compare,
    keep::Keeping,
    plan::Plan,
    readers::Readers,
    run,
    sink::Sink,
    worker::{Worker, span_of},
};
use crate::{
    answer::Answer,
    lang::{
        self,
        ast::{Field, Query},
    },
    scan::input::{Block, Input, Order},
};

/// A question that is answered again and again while the log grows.
///
/// ```
/// use trine_query::{engine::{Live, Settings}, scan::input::Input};
///
/// let mut live = Live::begin("count() by event", &Input::default(), &Settings::default())?;
/// live.feed(b"{\"event\":\"cache_hit\"}\n")?;
/// live.feed(b"{\"event\":\"cache_hit\"}\n")?;
/// assert_eq!(live.answer().ndjson(), "{\"event\":\"cache_hit\",\"count\":2}\n");
/// # Ok::<(), trine_query::engine::Error>(())
/// ```
#[derive(Debug)]
pub struct Live<'s> {
    plan: Plan,
    settings: Settings<'s>,
    worker: Worker,
    bytes: u64,
    /// How many pieces came, which orders their events.
    pieces: u32,
    /// Where events are told of as they come: how many more are wanted.
    left: Option<usize>,
}

impl<'s> Live<'s> {
    /// Begins with what is there.
    ///
    /// Errors: as of [`super::ask`], except for names that nothing in the log has: they may come. What cannot be followed: `context`,
    /// `compare`, a question in brackets, and all events sorted, without a limit.
    pub fn begin(question: &str, past: &Input, settings: &Settings<'s>) -> Result<Live<'s>, Error> {
        let query = lang::parse(question)?;
        let never = |at: usize, length: usize, what: &str| {
            let error = lang::Error::new(question, at, length, format!("{what} cannot be followed"));
            Error::Question(error.hint("a filter can, and groups of what it lets through"))
        };
        if let Some((_, stage, _)) = compare::cut(&query) {
            let text = stage.to_string();
            let word = text.split(' ').next().unwrap_or_default();
            return Err(never(question.find(word).unwrap_or(0), word.len(), &format!("`{word}`")));
        }
        let mut no_answers = |field: &Field, _: &Query| {
            Err(lang::Error::new(
                question,
                field.at,
                field.name.len(),
                "a question in brackets cannot be followed",
            ))
        };
        let plan = Plan::new(question, &query, settings.now_ns, settings.range.is_some(), &mut no_answers)?;
        if let Some(word) = endless_sort(&plan).then_some("sort") {
            let error = lang::Error::new(
                question,
                question.find(word).unwrap_or(0),
                word.len(),
                "all events, sorted, cannot be followed",
            );
            return Err(Error::Question(error.hint("the first of them can: `| limit 10`")));
        }
        let Some(first) = plan.segments.first() else {
            return Err(never(0, question.len(), "this question"));
        };
        let (mut worker, report) = run::read(first, &plan.condition, past, settings)?;
        worker.notes.remarks = report.troubles.iter().map(ToString::to_string).collect();
        let left =
            plan.segments.last().and_then(|last| keeping(&last.sink)).and_then(|keeping| keeping.limit);
        Ok(Live { plan, settings: *settings, worker, bytes: report.bytes, pieces: 0, left })
    }

    /// Takes in whole lines.
    ///
    /// Errors: more memory is needed than the answer may take.
    pub fn feed(&mut self, lines: &[u8]) -> Result<(), Error> {
        let Some(first) = self.plan.segments.first() else { return Ok(()) };
        let shared =
            run::share(first, &self.plan.condition, Readers::without_sources(), lines, &self.settings);
        // Behind all that was there before: past inputs have fewer sources.
        let mut order = Order::nth(self.pieces.into());
        order.source = u32::MAX;
        self.pieces = self.pieces.saturating_add(1);
        self.worker.block(&shared, Block { bytes: lines, order, offset: None });
        self.bytes += lines.len() as u64;
        let budget = Budget::new(self.settings.memory_bytes);
        if budget.report(0, self.worker.gathered.bytes()) {
            return Ok(());
        }
        let (count, of) = self.worker.gathered.size();
        Err(Error::memory(budget.limit(), count, of))
    }

    /// Whether the question is for events as they come, or the first of each kind of them, and not for a whole that changes with them.
    pub fn is_of_events(&self) -> bool {
        let is_simple = |sink: &Sink| keeping(sink).is_some_and(|keeping| keeping.sort.is_empty());
        let Some((last, before)) = self.plan.segments.split_last() else { return false };
        let goes_through = |(at, sink): (usize, &Sink)| match sink {
            Sink::Dedup(_) => at == 0,
            sink => is_simple(sink) && keeping(sink).is_some_and(|keeping| keeping.limit.is_none()),
        };
        let is_last = is_simple(&last.sink) || (before.is_empty() && matches!(last.sink, Sink::Dedup(_)));
        is_last && before.iter().map(|segment| &segment.sink).enumerate().all(goes_through)
    }

    /// Whether so many events were told of as the question wants.
    pub fn is_done(&self) -> bool {
        self.is_of_events() && self.left == Some(0)
    }

    /// Whether it is for some values of each event, and not for the events as they stand in the log.
    pub fn is_of_rows(&self) -> bool {
        self.plan.segments.iter().any(|segment| matches!(segment.sink, Sink::Project(..)))
    }

    /// Of a question for events, those that came since the last time; of one for groups, all of them so far.
    pub fn answer(&mut self) -> Answer {
        let Some(first) = self.plan.segments.first() else { return Answer::default() };
        let range_ns = span_of(self.settings.range);
        let is_of_events = self.is_of_events();
        let data = if is_of_events {
            first.sink.news(&mut self.worker.gathered, range_ns)
        } else {
            first.sink.look(&mut self.worker.gathered, range_ns)
        };
        let mut answer = run::rest(&self.plan.segments, data, &self.settings);
        if let Some(left) = self.left.as_mut().filter(|_| is_of_events) {
            answer.rows.truncate(*left);
            *left -= answer.rows.len();
        }
        answer.notes = self.worker.notes.clone();
        answer.notes.bytes = self.bytes;
        if let Some(sampled) = &mut answer.notes.sampled {
            sampled.error = sampled.error.sqrt();
        }
        answer
    }
}

/// What a sink keeps events or rows by, where it does.
fn keeping(sink: &Sink) -> Option<&Keeping> {
    match sink {
        Sink::Keep(keeping) | Sink::Project(_, _, keeping) => Some(keeping),
        _ => None,
    }
}

/// Whether all events are to be sorted, and nothing behind says that few of them are wanted.
fn endless_sort(plan: &Plan) -> bool {
    let is_sorted = |sink: &Sink| keeping(sink).is_some_and(|keeping| !keeping.sort.is_empty());
    plan.segments.first().is_some_and(|first| is_sorted(&first.sink))
        && plan
            .segments
            .iter()
            .all(|segment| keeping(&segment.sink).is_some_and(|keeping| keeping.limit.is_none()))
}
