//! Running a question: the first segment over the input with all threads, the others over what it made.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    Error, Settings,
    budget::Budget,
    compare, context,
    groups::Cells,
    keep::Kept,
    known,
    marks::{LOST_LITERAL, Marker},
    plan::{Plan, Segment, Step},
    readers::Readers,
    scope::{EventScope, Scope},
    sink::Data,
    stream,
    value::Val,
    worker::{Shared, Worker, items_of, span_of, with_extra},
};
use crate::{
    answer::{Answer, Cell, Column, Kind, Notes, Shape},
    lang::{
        self,
        ast::{Field, Query, Stage},
    },
    scan::{
        input::{Input, Options, Report, scan},
        line::Line,
        needles::{Condition, Needles},
    },
};

/// Bytes of the first source in which the rarest literal is looked for.
const SAMPLE_BYTES: usize = 256 << 10;

/// Answers a question over an input. See [`super::ask`].
pub(super) fn ask(text: &str, input: &Input, settings: &Settings<'_>) -> Result<Answer, Error> {
    let query = lang::parse(text)?;
    let Some((before, stage, behind)) = compare::cut(&query) else {
        return answer(text, &query, input, settings);
    };
    let answer = match *stage {
        Stage::Compare(number, unit) => compare::answer(text, &before, (number, unit), input, settings)?,
        Stage::Context(around) => context::answer(text, &before, around, input, settings)?,
        _ => return Ok(Answer::default()),
    };
    onward(text, answer, behind, settings)
}

/// Stages over an answer.
fn onward(text: &str, answer: Answer, stages: &[Stage], settings: &Settings<'_>) -> Result<Answer, Error> {
    let [first, ..] = stages else { return Ok(answer) };
    if answer.shape == Shape::Events {
        let at = text.find("context").unwrap_or(0);
        let error = lang::Error::new(text, at, "context".len(), "`context` is the last stage");
        return Err(Error::Question(error.hint(format!("write `{first}` before it"))));
    }
    let segments = Plan::over_rows(text, answer.columns.clone(), stages, settings.now_ns)?;
    let notes = answer.notes.clone();
    let mut data = Data::Answer(answer);
    for segment in &segments {
        data = over(segment, data, settings);
    }
    let mut answer = match (data, segments.last()) {
        (Data::Answer(answer), _) => answer,
        (Data::Runs(runs), _) => runs.answer(),
        (Data::Kept(kept), Some(last)) => answer_of(last, kept, None),
        (Data::Kept(_), None) => Answer::default(),
    };
    answer.notes = notes;
    Ok(answer)
}

/// Errors: the input cannot be read a second time.
pub(super) fn check_twice(text: &str, word: &str, input: &Input) -> Result<(), Error> {
    if input.sources().iter().all(|source| source.path().is_some()) {
        return Ok(());
    }
    let at = text.find(word).unwrap_or(0);
    let error = lang::Error::new(text, at, word.len(), format!("`{word}` reads its input twice"));
    Err(Error::Question(error.hint("name files; the standard input can be read only once")))
}

pub(super) fn answer(
    text: &str,
    query: &Query,
    input: &Input,
    settings: &Settings<'_>,
) -> Result<Answer, Error> {
    let plan = plan(text, query, input, settings)?;
    answer_of_plan(text, query, &plan, input, settings)
}

/// Compiles a question; those in brackets are answered on the way.
pub(super) fn plan(text: &str, query: &Query, input: &Input, settings: &Settings<'_>) -> Result<Plan, Error> {
    let mut failure = None;
    let mut subquery = |field: &Field, query: &Query| match values_of(text, field, query, input, settings) {
        Ok(values) => Ok(values),
        Err(Error::Question(error)) => Err(error),
        Err(other) => {
            let message = "the question in brackets cannot be answered";
            failure = Some(other);
            Err(lang::Error::new(text, field.at, field.name.len(), message))
        }
    };
    Plan::new(text, query, settings.now_ns, settings.range.is_some(), &mut subquery)
        .map_err(|error| failure.unwrap_or(Error::Question(error)))
}

pub(super) fn answer_of_plan(
    text: &str,
    query: &Query,
    plan: &Plan,
    input: &Input,
    settings: &Settings<'_>,
) -> Result<Answer, Error> {
    if let Some(found) = stream::first_of_all(text, query, plan, input, settings) {
        let (data, notes) = found?;
        return Ok(Answer { notes, ..rest(&plan.segments, data, settings) });
    }
    let Some(first) = plan.segments.first() else { return Ok(Answer::default()) };
    let (worker, report) = read(first, &plan.condition, input, settings)?;
    let Worker { gathered, mut notes, seen, .. } = worker;
    finish_notes(&mut notes, &report);
    if !settings.is_lenient && !notes.is_partial {
        known::check(text, query, first, &seen, input, settings, &mut notes)?;
    }
    let data = first.sink.finish(gathered, span_of(settings.range));
    let mut answer = rest(&plan.segments, data, settings);
    notes.remarks.extend(report.troubles.iter().map(ToString::to_string));
    answer.notes = notes;
    Ok(answer)
}

pub(super) fn finish_notes(notes: &mut Notes, report: &Report) {
    notes.bytes = report.bytes;
    notes.is_partial = report.is_partial;
    if let Some(sampled) = &mut notes.sampled {
        sampled.error = sampled.error.sqrt();
    }
}

/// The scope of a segment that reads events.
pub(super) fn event_scope(segment: &Segment) -> &EventScope {
    static NONE: EventScope = EventScope { slots: Vec::new(), fields: Vec::new(), extra: Vec::new() };
    match &segment.scope {
        Scope::Events(scope) => scope,
        Scope::Rows(_) => &NONE,
    }
}

/// What the threads of the first segment share.
pub(super) fn share<'p>(
    segment: &'p Segment,
    condition: &Condition,
    readers: Readers,
    sample: &[u8],
    settings: &Settings<'_>,
) -> Shared<'p> {
    // What was lost is told whatever the question.
    let condition = Condition::OneOf(vec![condition.clone(), Condition::Holds(LOST_LITERAL.into())]);
    Shared {
        segment,
        scope: event_scope(segment),
        readers,
        needles: Needles::new(&condition, sample),
        range: settings.range,
        marks: Marker::new(event_scope(segment), sample),
    }
}

/// As [`share`], for an input.
pub(super) fn share_input<'p>(
    segment: &'p Segment,
    condition: &Condition,
    input: &Input,
    settings: &Settings<'_>,
) -> Shared<'p> {
    let sample = input.sources().first().map(|source| source.head(SAMPLE_BYTES)).unwrap_or_default();
    share(segment, condition, Readers::new(input), &sample, settings)
}

/// How the input is read, until that is set.
pub(super) fn options<'s>(settings: &Settings<'s>, stop: &'s AtomicBool) -> Options<'s> {
    Options {
        threads: settings.threads,
        range: settings.range,
        stop: Some(stop),
        progress: settings.progress,
        ..Options::default()
    }
}

/// What is held is numbered with 32 bits, by each thread and when all is put together.
pub(super) const HELD_MAX: usize = u32::MAX as usize - 1;

/// Runs the first segment over the input.
pub(super) fn read(
    segment: &Segment,
    condition: &Condition,
    input: &Input,
    settings: &Settings<'_>,
) -> Result<(Worker, Report), Error> {
    let shared = share_input(segment, condition, input, settings);
    let budget = Budget::new(settings.memory_bytes);
    let own_stop = AtomicBool::new(false);
    let outcome = scan(
        input,
        &options(settings, &own_stop),
        || (Worker::new(segment), 0_usize),
        |(worker, reported), block| {
            if settings.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) || budget.is_over() {
                own_stop.store(true, Ordering::Relaxed);
                return;
            }
            worker.block(&shared, block);
            let bytes = worker.gathered.bytes();
            if !budget.report(*reported, bytes) {
                own_stop.store(true, Ordering::Relaxed);
            }
            *reported = bytes;
        },
    );
    let sizes: Vec<_> = outcome.states.iter().map(|(worker, _)| worker.gathered.size()).collect();
    let count = sizes.iter().map(|(count, _)| count).sum();
    if budget.is_over() || count > HELD_MAX {
        return Err(Error::memory(budget.limit(), count, sizes.first().map_or("group", |(_, noun)| noun)));
    }
    let mut states = outcome.states.into_iter().map(|(worker, _)| worker);
    let mut worker = states.next().unwrap_or_else(|| Worker::new(segment));
    states.for_each(|other| worker.merge(segment, other));
    Ok((worker, outcome.report))
}

/// Runs the segments behind the first, and makes an answer of what comes out of the last.
pub(super) fn rest(segments: &[Segment], mut data: Data, settings: &Settings<'_>) -> Answer {
    let mut every_ns = None;
    for pair in segments.windows(2) {
        let segment = &pair[1];
        if let Data::Answer(answer) = &data {
            every_ns = match answer.shape {
                Shape::Series { every_ns } => Some(every_ns),
                _ => None,
            };
        }
        data = over(segment, data, settings);
    }
    match (data, segments.last()) {
        (Data::Answer(answer), _) => answer,
        (Data::Runs(runs), _) => runs.answer(),
        (Data::Kept(kept), Some(last)) => answer_of(last, kept, every_ns),
        (Data::Kept(_), None) => Answer::default(),
    }
}

fn over(segment: &Segment, data: Data, settings: &Settings<'_>) -> Data {
    let mut worker = Worker::new(segment);
    match data {
        Data::Kept(kept) => {
            let readers = Readers::without_sources();
            for (line, kept) in (0..).zip(kept) {
                match kept {
                    Kept::Event(event) => worker.kept(segment, event_scope(segment), &readers, &event, line),
                    Kept::Row(cells) => rows::row(segment, &mut worker, cells, line),
                }
            }
        }
        Data::Answer(answer) => rows::all(segment, &mut worker, answer.rows.into_iter()),
        Data::Runs(runs) => rows::runs(segment, &mut worker, runs),
    }
    segment.sink.finish(worker.gathered, span_of(settings.range))
}

/// Steps over rows of a table.
mod rows {
    use super::{Cell, Cells, Kept, Scope, Segment, Step, Worker, items_of};
    use crate::engine::{aggregate::Moment, event::Row, pairs::Rows, place::Place};

    pub(super) fn all(segment: &Segment, worker: &mut Worker, rows: impl Iterator<Item = Vec<Cell>>) {
        for (line, cells) in (0..).zip(rows) {
            row(segment, worker, cells, line);
        }
    }

    /// The tests in front are asked before a row is made and sorted: most questions are for few of them.
    pub(super) fn runs(segment: &Segment, worker: &mut Worker, mut rows: Rows) {
        let tests: Vec<_> = segment
            .steps
            .iter()
            .map_while(|step| match step {
                Step::Test(test) => Some(test),
                _ => None,
            })
            .collect();
        if !tests.is_empty() {
            rows.keep(|row| tests.iter().all(|test| test.passes(row)));
        }
        for (line, row) in (0..).zip(rows.in_order()) {
            if tests.len() == segment.steps.len() {
                segment.sink.add(&mut worker.gathered, &row, &moment(line), || Kept::Row(row.cells()));
            } else {
                steps(segment, worker, row.cells(), tests.len(), moment(line));
            }
        }
    }

    pub(super) fn row(segment: &Segment, worker: &mut Worker, cells: Vec<Cell>, line: u32) {
        steps(segment, worker, cells, 0, moment(line));
    }

    fn moment(line: u32) -> Moment {
        Moment { weight: 1.0, time: i64::MIN, place: Place { line, ..Place::default() } }
    }

    fn steps(segment: &Segment, worker: &mut Worker, mut cells: Vec<Cell>, from: usize, moment: Moment) {
        let columns = match &segment.scope {
            Scope::Rows(columns) => &columns[..],
            Scope::Events(_) => &[],
        };
        cells.resize(columns.len().max(cells.len()), Cell::Null);
        for (at, step) in segment.steps.iter().enumerate().skip(from) {
            let row = Cells { cells: &cells, columns };
            match step {
                Step::Test(test) => {
                    if !test.passes(&row) {
                        return;
                    }
                }
                Step::Extend(place, expr) => {
                    let cell = expr.value(&row).into_cell();
                    cells[*place] = cell;
                }
                Step::Explode(slot, place) => {
                    let Some(items) = items_of(&row.value(*slot)) else { continue };
                    for (child, item) in (0..).zip(items) {
                        let mut cells = cells.clone();
                        cells[*place] = item;
                        let place = Place { child, ..moment.place };
                        steps(segment, worker, cells, at + 1, Moment { place, ..moment });
                    }
                    return;
                }
            }
        }
        let row = Cells { cells: &cells, columns };
        segment.sink.add(&mut worker.gathered, &row, &moment, || Kept::Row(cells.clone()));
    }
}

/// Events as they stand in the log, or rows with their columns.
fn answer_of(segment: &Segment, kept: Vec<Kept>, every_ns: Option<i64>) -> Answer {
    match &segment.scope {
        Scope::Events(scope) => {
            let mut answer = Answer::new(vec![Column::new("line", Kind::Nested)]);
            answer.shape = Shape::Events;
            for kept in kept {
                if let Kept::Event(event) = kept {
                    let line = with_extra(&event, scope);
                    answer.rows.push(vec![Cell::Nested(String::from_utf8_lossy(&line).into_owned())]);
                }
            }
            answer
        }
        Scope::Rows(columns) => {
            let mut answer = Answer::new(columns.clone());
            let is_series = columns.iter().any(|column| column.is_key && column.kind == Kind::Time);
            if let Some(every_ns) = every_ns.filter(|_| is_series) {
                answer.shape = Shape::Series { every_ns };
            }
            answer.rows = kept
                .into_iter()
                .filter_map(|kept| match kept {
                    Kept::Row(cells) => Some(cells),
                    Kept::Event(_) => None,
                })
                .collect();
            answer
        }
    }
}

/// What a question in brackets is answered with: the values of the column with the field's name, or else of the only one; of events, the
/// field itself.
fn values_of(
    text: &str,
    field: &Field,
    query: &Query,
    input: &Input,
    settings: &Settings<'_>,
) -> Result<HashSet<Vec<u8>>, Error> {
    check_twice(text, "in", input)?;
    let answer = answer(text, query, input, settings)?;
    let mut values = HashSet::new();
    let mut add = |val: &Val<'_>| {
        if !val.is_null() {
            let mut key = Vec::new();
            val.encode(&mut key);
            values.insert(key);
        }
    };
    if answer.shape == Shape::Events {
        for row in &answer.rows {
            if let [Cell::Nested(line)] = &row[..]
                && let Ok(Some(raw)) = Line::new(line.as_bytes()).get_path(&field.path)
            {
                add(&Val::of_raw(raw));
            }
        }
        return Ok(values);
    }
    let column = match (answer.column(&field.name), answer.columns.len()) {
        (Some(column), _) => column,
        (None, 1) => 0,
        (None, _) => {
            let message = format!("the question in brackets has no column `{}`", field.name);
            let error = lang::Error::new(text, field.at, field.name.len(), message);
            return Err(Error::Question(error.hint(format!("end it with `| fields {}`", field.name))));
        }
    };
    answer.rows.iter().for_each(|row| add(&Val::of_cell(&row[column])));
    Ok(values)
}
