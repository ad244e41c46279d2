//! One thread's work on the input: lines to events, batches to their events, and each event through the steps to the sink.

use super::{
    aggregate::Moment,
    event::{Event, NAME, Reader, Row, With, unbatched},
    keep::{Kept, KeptEvent},
    marks::{Marker, Marks},
    names::{Found, Names},
    place::Place,
    plan::{Segment, Step},
    readers::Readers,
    scope::{EventScope, Scope},
    sink::{Gathered, Sink},
    test::Test,
    value::Val,
};
use crate::{
    answer::{Cell, Notes, Sampled},
    scan::{
        foreign::Format,
        input::{Block, TimeRange},
        line::{Front, Hits, Line, Problem, Raw},
        needles::Needles,
        newline::Newlines,
        time::{self, Times},
    },
};

mod few;

/// What all threads of a scan share.
#[derive(Debug)]
pub(super) struct Shared<'p> {
    pub(super) segment: &'p Segment,
    pub(super) scope: &'p EventScope,
    pub(super) readers: Readers,
    pub(super) needles: Needles,
    pub(super) range: Option<TimeRange>,
    pub(super) marks: Marker,
}

/// What one thread found.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) gathered: Gathered,
    pub(super) notes: Notes,
    /// Slots that some event had.
    pub(super) seen: Vec<bool>,
    unseen: usize,
    extra: Vec<Cell>,
    names: Names,
    times: Times,
    /// Of each step that looks at names only: which names pass, by their numbers, as far as that is known.
    passing: Vec<Option<Vec<Option<bool>>>>,
}

/// What is the same for all lines of a block.
struct Around<'s> {
    shared: &'s Shared<'s>,
    format: &'static Format,
    /// Whether the name of an event stands where a front has it.
    has_fronts: bool,
    /// For lines without marks.
    plain: &'s Reader,
}

/// An event of the input, its fields found.
struct Met<'a> {
    reader: &'a Reader,
    line: &'a [u8],
    found: &'a [Option<Raw<'a>>],
    name: Option<Found>,
    weight: f64,
    place: Place,
    /// The line that it lies in, where that is another's.
    batch: Option<&'a [u8]>,
}

impl Worker {
    pub(super) fn new(segment: &Segment) -> Worker {
        let slots = match &segment.scope {
            Scope::Events(scope) => scope.slots.len(),
            Scope::Rows(_) => 0,
        };
        let is_of_name = |step: &Step| match (step, &segment.scope) {
            (Step::Test(test), Scope::Events(scope)) => test.is_of_name(&scope.slots),
            _ => false,
        };
        Worker {
            gathered: segment.sink.begin(),
            notes: Notes::default(),
            seen: vec![false; slots],
            unseen: slots,
            extra: Vec::new(),
            names: Names::default(),
            times: Times::default(),
            passing: segment.steps.iter().map(|step| is_of_name(step).then(Vec::new)).collect(),
        }
    }

    /// Takes in the lines of a block that may match.
    pub(super) fn block(&mut self, shared: &Shared<'_>, block: Block<'_>) {
        let format = shared.readers.format_of(block);
        let plain = shared.readers.of(format, Marks::default().with(), shared.scope);
        let around = Around { shared, format, has_fronts: format.event.first() == Some(&NAME), plain };
        let search = if around.has_fronts { &shared.marks.named } else { &shared.marks.all };
        // Events hold on to their names, and the worker goes on meanwhile.
        let mut names = std::mem::take(&mut self.names);
        let place = Place { block: block.order, ..Place::default() };
        if shared.needles.is_all() {
            let mut marks = search.of_block(block.bytes);
            let hits = plain.hits(block.bytes);
            let (newlines, mut begin) = (Newlines::new(), 0);
            let next = || {
                let rest = block.bytes.get(begin..).filter(|rest| !rest.is_empty())?;
                let line = &rest[..newlines.line_length(rest)];
                let at = begin;
                begin += line.len() + 1;
                Some((at, line, marks.up_to(at + line.len())))
            };
            self.lines(&around, &mut names, place, hits, next);
        } else {
            let is_dense = shared.needles.is_dense();
            let mut marks = is_dense.then(|| search.of_block(block.bytes));
            let hits = if is_dense { plain.hits(block.bytes) } else { None };
            let mut ranges = shared.needles.lines(block.bytes);
            let next = || {
                let range = ranges.next()?;
                let line = &block.bytes[range.clone()];
                let marks = match &mut marks {
                    Some(marks) => {
                        marks.up_to(range.start);
                        marks.up_to(range.end)
                    }
                    None => search.of_line(line),
                };
                Some((range.start, line, marks))
            };
            self.lines(&around, &mut names, place, hits, next);
        }
        self.names = names;
    }

    /// Takes in lines: where each begins in the block of the hits, its bytes and its marks.
    #[inline]
    fn lines<'b>(
        &mut self,
        around: &Around<'_>,
        names: &mut Names,
        mut place: Place,
        mut hits: Option<Hits<'b>>,
        mut next: impl FnMut() -> Option<(usize, &'b [u8], Marks)>,
    ) {
        let mut found = vec![None; around.plain.len()];
        while let Some((begin, line, marks)) = next() {
            place.line += 1;
            let hits = hits.as_mut().map(|hits| (hits, begin));
            self.line(around, names, line, marks, hits, place, &mut found);
        }
    }

    /// `found` has as many places as a plain line has fields.
    #[expect(clippy::too_many_arguments, reason = "what a line comes with; only its block puts it together")]
    // Always: what a line comes with is handed over in memory otherwise.
    #[inline(always)]
    fn line<'b>(
        &mut self,
        around: &Around<'_>,
        names: &mut Names,
        line: &'b [u8],
        mut marks: Marks,
        mut hits: Option<(&mut Hits<'_>, usize)>,
        place: Place,
        found: &mut Vec<Option<Raw<'b>>>,
    ) {
        let Around { shared, format, has_fronts, plain } = *around;
        let is_whole = line.first() == Some(&b'{') && line.last() == Some(&b'}');
        let line = if is_whole { line } else { line.trim_ascii() };
        if !is_whole {
            // Empty lines are no events, and no harm.
            let problem = match (line.first(), line.last()) {
                (None, _) => return,
                (Some(b'{'), Some(b'}')) => None,
                (Some(b'{'), _) => Some(Problem::Cut),
                _ => Some(Problem::NotAnObject),
            };
            if let Some(problem) = problem {
                return self.broken(problem);
            }
            hits = None;
        }
        let front = if has_fronts { Front::of(Line::new(line)) } else { None };
        let in_front = front.and_then(|front| front.name().plain());
        #[expect(clippy::manual_map, reason = "within a closure it would be a call")]
        let mut name = match in_front {
            Some(written) => Some(names.find(written, format.has_emoji)),
            None => None,
        };
        match name {
            Some(found) if found.is_special => {
                return self.special(around, names, name, line, shared.marks.all.of_line(line), place);
            }
            Some(_) => {}
            None => {
                if has_fronts {
                    marks = shared.marks.all.of_line(line);
                }
                if marks.is_special() {
                    return self.special(around, names, None, line, marks, place);
                }
            }
        }
        self.notes.lines += 1;
        if marks.with().is_any() {
            return self.marked(around, names, line, marks, name, place, found);
        }
        let result = match hits {
            Some((hits, begin)) => plain.find_in_block(front, line, begin, hits, found),
            None => plain.find_behind(front, line, found),
        };
        match result {
            Ok(true) => {}
            Ok(false) if plain.lacks_ends(found) => {
                return self.other_format(around, names, line, marks, place);
            }
            Ok(false) => {}
            Err(broken) => return self.broken(broken.problem),
        }
        if name.is_none() {
            name = plain.name(names, found);
        }
        let met = Met { reader: plain, line, found, name, weight: 1.0, place, batch: None };
        self.event(shared, names, &met);
    }

    #[cold]
    fn broken(&mut self, problem: Problem) {
        self.notes.lines += 1;
        *self.notes.broken.entry(problem.as_str()).or_default() += 1;
    }

    /// As [`Worker::event`], for what is not the usual line.
    #[inline(never)]
    fn event_apart(&mut self, shared: &Shared<'_>, names: &Names, met: &Met<'_>) {
        self.event(shared, names, met);
    }

    // Always: what an event comes with is moved from place to place otherwise, which is a tenth of a plain question.
    #[inline(always)]
    fn event(&mut self, shared: &Shared<'_>, names: &Names, met: &Met<'_>) {
        let Met { reader, line, found, weight, place, batch, .. } = *met;
        let name = met.name.map(|found| names.get(found));
        let event = Event { line, reader, scope: shared.scope, found, name };
        if self.unseen > 0 {
            self.look(&event);
        }
        let mut moment = Moment { weight, time: i64::MIN, place };
        if let Some(slot) = shared.segment.time {
            match event.time_raw(slot).and_then(|raw| self.times.read(raw)) {
                Some(ns) => moment.time = ns,
                None if shared.range.is_some() => {
                    self.notes.without_time += 1;
                    return;
                }
                None => {}
            }
            if let Some(range) = shared.range
                && !(range.since_ns..range.until_ns).contains(&moment.time)
            {
                return;
            }
        }
        if !shared.scope.extra.is_empty() {
            self.extra.clear();
            self.extra.resize(shared.scope.extra.len(), Cell::Null);
        }
        self.steps(shared.segment, &event, 0, &moment, batch);
    }

    fn look(&mut self, event: &Event<'_>) {
        for (slot, seen) in self.seen.iter_mut().enumerate() {
            if !*seen && event.has(slot) {
                *seen = true;
                self.unseen -= 1;
            }
        }
    }

    /// An event that was kept by the segment before.
    pub(super) fn kept(
        &mut self,
        segment: &Segment,
        scope: &EventScope,
        readers: &Readers,
        kept: &KeptEvent,
        line: u32,
    ) {
        let reader = readers.of(kept.format, With::ALL, scope);
        let mut found = vec![None; reader.len()];
        // It was read before, as far as it can be.
        let _ = reader.find(&kept.line, &mut found);
        self.extra.clear();
        self.extra.extend_from_slice(&kept.extra);
        self.extra.resize(scope.extra.len(), Cell::Null);
        let mut names = std::mem::take(&mut self.names);
        let name = reader.name(&mut names, &found).map(|found| names.get(found));
        let event = Event { line: &kept.line, reader, scope, found: &found, name };
        let time = segment.time.and_then(|slot| event.time(slot)).unwrap_or(i64::MIN);
        let moment =
            Moment { weight: reader.weight(&found), time, place: Place { line, ..Place::default() } };
        self.steps(segment, &event, 0, &moment, None);
        self.names = names;
    }

    /// Through the steps from this one on, and into the sink.
    #[inline(always)]
    fn steps(
        &mut self,
        segment: &Segment,
        event: &Event<'_>,
        from: usize,
        moment: &Moment,
        batch: Option<&[u8]>,
    ) {
        for (at, step) in segment.steps.iter().enumerate().skip(from) {
            match step {
                Step::Test(test) => {
                    let row = event.with(&self.extra);
                    let passes = match self.passing.get_mut(at) {
                        Some(Some(names)) => passes_by_name(test, &row, names),
                        _ => test.passes(&row),
                    };
                    if !passes {
                        return;
                    }
                }
                Step::Extend(place, expr) => {
                    let cell = expr.value(&event.with(&self.extra)).into_cell();
                    self.extra[*place] = cell;
                }
                Step::Explode(slot, place) => {
                    let items = items_of(&event.with(&self.extra).value(*slot));
                    let Some(items) = items else { continue };
                    return self.explode(segment, event, (at, *place), items, moment, batch);
                }
            }
        }
        self.passed(segment, event, moment, batch);
    }

    /// Each item through the steps behind this one.
    #[inline(never)]
    fn explode(
        &mut self,
        segment: &Segment,
        event: &Event<'_>,
        (at, place): (usize, usize),
        items: Vec<Cell>,
        moment: &Moment,
        batch: Option<&[u8]>,
    ) {
        for (child, item) in (0..).zip(items) {
            self.extra[place] = item;
            let place = Place { child: moment.place.child.wrapping_add(child), ..moment.place };
            self.steps(segment, event, at + 1, &Moment { place, ..*moment }, batch);
        }
    }

    #[inline(always)]
    fn passed(&mut self, segment: &Segment, event: &Event<'_>, moment: &Moment, batch: Option<&[u8]>) {
        self.notes.matched += 1;
        if moment.weight > 1.0 && segment.sink.is_weighted() {
            let sampled = self.notes.sampled.get_or_insert_default();
            sampled.events += 1;
            sampled.weight += moment.weight;
            // A sum of variances here; its root is taken when all is merged.
            sampled.error += moment.weight * (moment.weight - 1.0);
        }
        // Most questions make groups, and for these it is one comparison, and nothing else is put together.
        match (&segment.sink, &mut self.gathered) {
            (Sink::Group(grouping), Gathered::Groups(groups)) => {
                groups.add(grouping, &event.with(&self.extra), moment);
            }
            _ => self.passed_apart(segment, event, moment, batch),
        }
    }

    #[inline(never)]
    fn passed_apart(&mut self, segment: &Segment, event: &Event<'_>, moment: &Moment, batch: Option<&[u8]>) {
        let extra = &self.extra;
        segment.sink.add(&mut self.gathered, &event.with(extra), moment, || {
            let line = match batch {
                Some(batch) => unbatched(event.line, batch),
                None => event.line.to_vec(),
            };
            Kept::Event(KeptEvent { line, format: event.reader.format, extra: extra.clone() })
        });
    }

    pub(super) fn merge(&mut self, segment: &Segment, other: Worker) {
        segment.sink.merge(&mut self.gathered, other.gathered);
        self.seen.iter_mut().zip(other.seen).for_each(|(seen, other)| *seen |= other);
        let notes = &mut self.notes;
        notes.matched += other.notes.matched;
        notes.lines += other.notes.lines;
        notes.without_time += other.notes.without_time;
        for (problem, lines) in other.notes.broken {
            *notes.broken.entry(problem).or_default() += lines;
        }
        if let Some(Sampled { events, weight, error }) = other.notes.sampled {
            let own = notes.sampled.get_or_insert_default();
            own.events += events;
            own.weight += weight;
            own.error += error;
        }
        notes.lost.events += other.notes.lost.events;
        for (name, lost) in other.notes.lost.names {
            *notes.lost.names.entry(name).or_default() += lost;
        }
    }
}

/// Whether an event passes a test that looks at its name only: what is known of a name is not asked again.
fn passes_by_name(test: &Test, row: &impl Row, names: &mut Vec<Option<bool>>) -> bool {
    let Some(number) = row.name_number().map(|number| number as usize) else { return test.passes(row) };
    if let Some(Some(passes)) = names.get(number) {
        return *passes;
    }
    let passes = test.passes(row);
    if names.len() <= number {
        names.resize(number + 1, None);
    }
    names[number] = Some(passes);
    passes
}

/// The items of a list; `None` of what is none.
pub(super) fn items_of(val: &Val<'_>) -> Option<Vec<Cell>> {
    let Val::Nested(json) = val else { return None };
    let raw = Raw::of(json).ok()?;
    if raw.kind() != crate::scan::line::Kind::List {
        return None;
    }
    Some(raw.items().flatten().map(|item| Val::of_raw(item).into_cell()).collect())
}

/// The line of an event, with what stages added to it.
pub(super) fn with_extra(kept: &KeptEvent, scope: &EventScope) -> Vec<u8> {
    if kept.extra.iter().all(|cell| *cell == Cell::Null) {
        return kept.line.clone();
    }
    let mut out = String::from("{");
    let mut buffer = String::new();
    for member in Line::new(&kept.line).members().flatten() {
        let key = member.key(&mut buffer);
        if scope.extra.iter().any(|(name, _)| name == key) {
            continue;
        }
        if out.len() > 1 {
            out.push(',');
        }
        crate::answer::quote(key, &mut out);
        out.push(':');
        out.push_str(&String::from_utf8_lossy(member.value.bytes()));
    }
    for ((name, _), cell) in scope.extra.iter().zip(&kept.extra) {
        if out.len() > 1 {
            out.push(',');
        }
        crate::answer::quote(name, &mut out);
        out.push(':');
        cell.json(&mut out);
    }
    out.push('}');
    out.into_bytes()
}

/// Nanoseconds that a range spans, where it has both ends.
pub(super) fn span_of(range: Option<TimeRange>) -> Option<f64> {
    let TimeRange { since_ns, until_ns } = range?;
    let is_closed = since_ns > i64::MIN && until_ns < i64::MAX;
    is_closed
        .then(|| until_ns.saturating_sub(since_ns) as f64)
        .filter(|span| *span < 100.0 * 365.0 * time::DAY_NS as f64)
}
