//! One thread's work on the input: lines to events, batches to their events, and each event through the steps to the sink.

use aho_corasick::{AhoCorasick, packed};

use super::{
    aggregate::Moment,
    event::{BATCH, Event, Reader, Row, Sayings, Slot, With, unbatched},
    keep::{Kept, KeptEvent},
    place::Place,
    plan::{Segment, Step},
    readers::Readers,
    scope::{EventScope, Scope},
    sink::Gathered,
    value::Val,
};
use crate::{
    answer::{Cell, Notes, Sampled},
    scan::{
        foreign::{self, Format},
        input::{Block, TimeRange},
        line::{Items, Line, Problem, Raw},
        needles::Needles,
        time,
    },
};

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
    sayings: Sayings,
}

/// Finds, in a block, the few lines that are not simply one event.
#[derive(Debug)]
pub(super) struct Marker {
    search: Search,
    /// Which mark each literal is.
    marks: Vec<u8>,
}

#[derive(Debug)]
enum Search {
    /// By their first bytes, many bytes at a time.
    Packed(packed::Searcher),
    /// Where the processor has no instructions for that.
    Automaton(AhoCorasick),
}

/// What may be in a line.
#[derive(Clone, Copy, Debug, Default)]
struct Marks(u8);

/// Literals, and which mark each is. They are the ends of what is meant, whose first bytes are rare: `"event` would stand in every line.
/// What is found is looked at again.
const MARKS: [(&str, u8); 5] = [
    ("sample_rate\"", Marks::SAMPLED),
    ("nts_batch\"", Marks::BATCH),
    ("nts.batch\"", Marks::BATCH),
    ("nts_lost\"", Marks::LOST),
    ("ceLogs\"", Marks::OTLP),
];
/// What stands in a line that says what was lost: looked for whatever the question.
pub(super) const LOST_LITERAL: &str = "nts_lost\"";
const LOST: &str = "trine_events_lost";
/// Names whose loss is told apart.
const LOST_NAMES_MAX: usize = 1_000;

impl Marks {
    const SAMPLED: u8 = 1;
    const BATCH: u8 = 2;
    const LOST: u8 = 4;
    const OTLP: u8 = 8;
    const OWN: u8 = 16;
    /// What makes more of a line than one event.
    const SPECIAL: u8 = Marks::BATCH | Marks::LOST | Marks::OTLP;

    fn with(self) -> With {
        With { weight: self.has(Marks::SAMPLED), own: self.has(Marks::OWN) }
    }

    fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }
}

impl Marker {
    /// For a question with these slots: also for fields that are called like what it derives.
    pub(super) fn new(scope: &EventScope) -> Marker {
        let (mut literals, mut marks): (Vec<String>, Vec<u8>) =
            MARKS.iter().map(|(literal, mark)| ((*literal).to_owned(), *mark)).unzip();
        for slot in &scope.slots {
            if let Slot::Derived(derived) = slot {
                literals.push(format!("{}\"", derived.key()));
                marks.push(Marks::OWN);
            }
        }
        let search = match packed::Config::new().builder().extend(&literals).build() {
            Some(searcher) => Search::Packed(searcher),
            None => Search::Automaton(
                AhoCorasick::new(&literals).expect("a handful of literals makes an automaton"),
            ),
        };
        Marker { search, marks }
    }

    /// The first mark from here on: where it begins and ends, and which it is.
    #[inline]
    fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, usize, u8)> {
        let rest = bytes.get(from..)?;
        let (start, end, pattern) = match &self.search {
            Search::Packed(searcher) => {
                searcher.find(rest).map(|hit| (hit.start(), hit.end(), hit.pattern()))
            }
            Search::Automaton(automaton) => {
                automaton.find(rest).map(|hit| (hit.start(), hit.end(), hit.pattern()))
            }
        }?;
        Some((from + start, from + end, self.marks[pattern.as_usize()]))
    }

    fn of_line(&self, line: &[u8]) -> Marks {
        let (mut marks, mut from) = (Marks::default(), 0);
        while let Some((_, end, mark)) = self.next(line, from) {
            marks.0 |= mark;
            from = end;
        }
        marks
    }
}

impl Worker {
    pub(super) fn new(segment: &Segment) -> Worker {
        let slots = match &segment.scope {
            Scope::Events(scope) => scope.slots.len(),
            Scope::Rows(_) => 0,
        };
        Worker {
            gathered: segment.sink.begin(),
            notes: Notes::default(),
            seen: vec![false; slots],
            unseen: slots,
            extra: Vec::new(),
            sayings: Sayings::default(),
        }
    }

    /// Takes in the lines of a block that may match.
    pub(super) fn block(&mut self, shared: &Shared<'_>, block: Block<'_>) {
        let format = shared.readers.format_of(block);
        let mut found = Vec::new();
        let mut place = Place { block: block.order, ..Place::default() };
        if shared.needles.is_all() {
            // All marks of the block in one go: searched for line by line they would cost as much as the lines.
            let mut next = shared.marks.next(block.bytes, 0);
            for range in shared.needles.lines(block.bytes) {
                let mut marks = Marks::default();
                while let Some((_, end, mark)) = next.filter(|(start, ..)| *start < range.end) {
                    marks.0 |= mark;
                    next = shared.marks.next(block.bytes, end);
                }
                place.line += 1;
                self.line(shared, format, &block.bytes[range], marks, place, &mut found);
            }
        } else {
            for range in shared.needles.lines(block.bytes) {
                let line = &block.bytes[range];
                place.line += 1;
                self.line(shared, format, line, shared.marks.of_line(line), place, &mut found);
            }
        }
    }

    #[inline]
    fn line<'b>(
        &mut self,
        shared: &Shared<'_>,
        format: &'static Format,
        line: &'b [u8],
        marks: Marks,
        place: Place,
        found: &mut Vec<Option<Raw<'b>>>,
    ) {
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
        }
        if marks.0 & Marks::SPECIAL != 0 {
            return self.special(shared, format, line, marks, place);
        }
        self.notes.lines += 1;
        let reader = shared.readers.of(format, marks.with(), shared.scope);
        found.resize(reader.len(), None);
        if let Err(broken) = reader.find(line, found) {
            return self.broken(broken.problem);
        }
        if reader.lacks_ends(found) {
            return self.other_format(shared, format, line, marks, place);
        }
        let weight = if marks.has(Marks::SAMPLED) { reader.weight(found) } else { 1.0 };
        self.event(shared, reader, line, found, weight, place, None);
    }

    #[cold]
    fn broken(&mut self, problem: Problem) {
        self.notes.lines += 1;
        *self.notes.broken.entry(problem.as_str()).or_default() += 1;
    }

    /// A line without a name, time or level where its neighbours have them: another program may have written it.
    #[cold]
    fn other_format(
        &mut self,
        shared: &Shared<'_>,
        format: &'static Format,
        line: &[u8],
        marks: Marks,
        place: Place,
    ) {
        let other = foreign::detect(line).unwrap_or(&foreign::UNKNOWN);
        let own = shared.readers.of(format, marks.with(), shared.scope);
        let mut found = vec![None; own.len()];
        let mut reader = own;
        // What was found before is found again.
        let _ = own.find(line, &mut found);
        if !std::ptr::eq(other, format) {
            let theirs = shared.readers.of(other, marks.with(), shared.scope);
            let mut found_there = vec![None; theirs.len()];
            if theirs.find(line, &mut found_there).is_ok() && !theirs.lacks_ends(&found_there) {
                (reader, found) = (theirs, found_there);
            }
        }
        let weight = if marks.has(Marks::SAMPLED) { reader.weight(&found) } else { 1.0 };
        self.event(shared, reader, line, &found, weight, place, None);
    }

    /// A line that may hold other events, or say what was lost.
    #[cold]
    fn special(
        &mut self,
        shared: &Shared<'_>,
        format: &'static Format,
        line: &[u8],
        marks: Marks,
        place: Place,
    ) {
        self.notes.lines += 1;
        let reader = shared.readers.of(format, With::ALL, shared.scope);
        let mut found = vec![None; reader.len()];
        let mut buffer = String::new();
        let name = format.event(Line::new(line), &mut buffer).map(|name| name.replace('.', "_"));
        if marks.has(Marks::LOST) && name.as_deref() == Some(LOST) {
            self.lost(shared, format, line);
        }
        if marks.has(Marks::OTLP) {
            let records = foreign::otlp_records(Line::new(line));
            let otlp = foreign::named("otlp").unwrap_or(format);
            let reader = shared.readers.of(otlp, With::ALL, shared.scope);
            let mut found = vec![None; reader.len()];
            for (child, record) in (0..).zip(&records) {
                if let Err(broken) = reader.find(record.bytes(), &mut found) {
                    self.broken(broken.problem);
                    continue;
                }
                self.event(shared, reader, record.bytes(), &found, 1.0, Place { child, ..place }, None);
            }
            if !records.is_empty() {
                return;
            }
        }
        if let Err(broken) = reader.find(line, &mut found) {
            return self.broken(broken.problem);
        }
        let weight = reader.weight(&found);
        let children = match name.as_deref() {
            Some(BATCH) if marks.has(Marks::BATCH) => children(line),
            _ => None,
        };
        let Some(children) = children else {
            return self.event(shared, reader, line, &found, weight, place, None);
        };
        let mut of_child = vec![None; reader.len()];
        for (child, item) in (0..).zip(children.flatten()) {
            if reader.find(item.bytes(), &mut of_child).is_err() {
                self.broken(Problem::NoValue);
                continue;
            }
            reader.inherit(&mut of_child, &found);
            let place = Place { child, ..place };
            let weight = reader.weight(&of_child);
            self.event(shared, reader, item.bytes(), &of_child, weight, place, Some(line));
        }
    }

    /// Adds what a line says that was lost, if that was within the range.
    fn lost(&mut self, shared: &Shared<'_>, format: &Format, line: &[u8]) {
        let line = Line::new(line);
        if let (Some(range), Some(ns)) = (shared.range, format.time_ns(line))
            && !(range.since_ns..range.until_ns).contains(&ns)
        {
            return;
        }
        let count = |raw: Raw<'_>| raw.number().map_or(0, |number| number as u64);
        if let Ok(Some(lost)) = line.get("lost") {
            self.notes.lost.events += count(lost);
        }
        if let Ok(Some(names)) = line.get("names") {
            for member in names.members().flatten() {
                let name = member.key(&mut String::new()).to_owned();
                if self.notes.lost.names.len() < LOST_NAMES_MAX || self.notes.lost.names.contains_key(&name) {
                    *self.notes.lost.names.entry(name).or_default() += count(member.value);
                }
            }
        }
    }

    /// An event whose fields are found. `batch` is the line that it lies in, where that is another's.
    #[expect(
        clippy::too_many_arguments,
        reason = "what an event is, once each; a struct of them would be built and taken apart here only"
    )]
    #[inline]
    fn event(
        &mut self,
        shared: &Shared<'_>,
        reader: &Reader,
        line: &[u8],
        found: &[Option<Raw<'_>>],
        weight: f64,
        place: Place,
        batch: Option<&[u8]>,
    ) {
        let said = self.sayings.of(reader, found);
        let event = Event { line, reader, scope: shared.scope, found, said: said.as_deref(), extra: &[] };
        if self.unseen > 0 {
            self.look(&event);
        }
        let mut moment = Moment { weight, time: i64::MIN, place };
        if let Some(slot) = shared.segment.time {
            match event.time(slot) {
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
        self.steps(shared.segment, event, 0, moment, batch);
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
        let said = self.sayings.of(reader, &found);
        let event =
            Event { line: &kept.line, reader, scope, found: &found, said: said.as_deref(), extra: &[] };
        let time = segment.time.and_then(|slot| event.time(slot)).unwrap_or(i64::MIN);
        let moment =
            Moment { weight: reader.weight(&found), time, place: Place { line, ..Place::default() } };
        self.steps(segment, event, 0, moment, None);
    }

    /// Through the steps from this one on, and into the sink.
    #[inline]
    fn steps(
        &mut self,
        segment: &Segment,
        event: Event<'_>,
        from: usize,
        moment: Moment,
        batch: Option<&[u8]>,
    ) {
        for (at, step) in segment.steps.iter().enumerate().skip(from) {
            let current = Event { extra: &self.extra, ..event };
            match step {
                Step::Test(test) => {
                    if !test.passes(&current) {
                        return;
                    }
                }
                Step::Extend(place, expr) => {
                    let cell = expr.value(&current).into_cell();
                    self.extra[*place] = cell;
                }
                Step::Explode(slot, place) => {
                    let items = items_of(&current.value(*slot));
                    let Some(items) = items else { continue };
                    for (child, item) in (0..).zip(items) {
                        self.extra[*place] = item;
                        let place = Place { child: moment.place.child.wrapping_add(child), ..moment.place };
                        self.steps(segment, event, at + 1, Moment { place, ..moment }, batch);
                    }
                    return;
                }
            }
        }
        self.passed(segment, Event { extra: &[], ..event }, &moment, batch);
    }

    fn passed(&mut self, segment: &Segment, event: Event<'_>, moment: &Moment, batch: Option<&[u8]>) {
        self.notes.matched += 1;
        if moment.weight > 1.0 && segment.sink.is_weighted() {
            let sampled = self.notes.sampled.get_or_insert_default();
            sampled.events += 1;
            sampled.weight += moment.weight;
            // A sum of variances here; its root is taken when all is merged.
            sampled.error += moment.weight * (moment.weight - 1.0);
        }
        let event = Event { extra: &self.extra, ..event };
        segment.sink.add(&mut self.gathered, &event, moment, || {
            let line = match batch {
                Some(batch) => unbatched(event.line, batch),
                None => event.line.to_vec(),
            };
            Kept::Event(KeptEvent { line, format: event.reader.format, extra: event.extra.to_vec() })
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

/// The events of a batch.
fn children(line: &[u8]) -> Option<Items<'_>> {
    let events = Line::new(line).get("events").ok()??;
    let items = events.items();
    (events.kind() == crate::scan::line::Kind::List).then_some(items)
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
