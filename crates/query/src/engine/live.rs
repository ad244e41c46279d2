//! A question over a log that grows: the same segments, fed piece by piece.

use super::{
    Error, Settings,
    budget::Budget,
    compare,
    plan::Plan,
    readers::Readers,
    run,
    sink::{Data, Sink},
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
}

impl<'s> Live<'s> {
    /// Begins with what is there.
    ///
    /// Errors: as of [`super::ask`], except for names that nothing in the log has: they may come. A question that must see all events before
    /// it can say anything cannot be followed: sorted events, `context`, `compare`, a question in brackets.
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
        match plan.segments.first().map(|segment| &segment.sink) {
            Some(Sink::Keep(keeping) | Sink::Project(_, _, keeping))
                if !keeping.sort.is_empty() || keeping.limit.is_some() =>
            {
                return Err(never(0, question.len(), "a question for the first events of all"));
            }
            Some(Sink::Dedup(_) | Sink::Pair(_)) => return Err(never(0, question.len(), "this question")),
            _ => {}
        }
        let Some(first) = plan.segments.first() else {
            return Err(never(0, question.len(), "this question"));
        };
        let (mut worker, report) = run::read(first, &plan.condition, past, settings)?;
        worker.notes.remarks = report.troubles.iter().map(ToString::to_string).collect();
        Ok(Live { plan, settings: *settings, worker, bytes: report.bytes, pieces: 0 })
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

    /// Whether the question is for events as they come, and not for groups of them.
    pub fn is_of_events(&self) -> bool {
        self.plan.segments.len() == 1
            && matches!(self.plan.segments[0].sink, Sink::Keep(_) | Sink::Project(..))
    }

    /// Whether it is for some values of each event, and not for the events as they stand in the log.
    pub fn is_of_rows(&self) -> bool {
        self.plan.segments.iter().any(|segment| matches!(segment.sink, Sink::Project(..)))
    }

    /// Of a question for events, those that came since the last time; of one for groups, all of them so far.
    pub fn answer(&mut self) -> Answer {
        let Some(first) = self.plan.segments.first() else { return Answer::default() };
        let range_ns = span_of(self.settings.range);
        let data = match &first.sink {
            Sink::Keep(_) | Sink::Project(..) => {
                let gathered = std::mem::replace(&mut self.worker.gathered, first.sink.begin());
                first.sink.finish(gathered, range_ns)
            }
            sink => Data::Answer(sink.look(&mut self.worker.gathered, range_ns)),
        };
        let mut answer = run::rest(&self.plan.segments, data, &self.settings);
        answer.notes = self.worker.notes.clone();
        answer.notes.bytes = self.bytes;
        if let Some(sampled) = &mut answer.notes.sampled {
            sampled.error = sampled.error.sqrt();
        }
        answer
    }
}
