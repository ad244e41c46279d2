//! Runs of operations, from their starts and ends: how many, how fast, how many failed, which never ended.
//!
//! ```
//! use trine_query::{operations::{Operations, Settings}, scan::foreign};
//!
//! let log = br#"{"event":"payment_process_started","order_id":"A","timestamp":"2025-10-24T10:00:00.000000Z","level":"info"}
//! {"event":"payment_process_started","order_id":"B","timestamp":"2025-10-24T10:00:00.100000Z","level":"info"}
//! {"event":"payment_process_failed","order_id":"A","reason":"declined","timestamp":"2025-10-24T10:00:00.250000Z","level":"error"}
//! "#;
//! let mut operations = Operations::new(Settings::default());
//! operations.feed(log, foreign::named("trine").unwrap());
//! let report = operations.report(None);
//! let payment = &report.rows[0];
//! assert_eq!((payment.name.as_str(), payment.runs, payment.failed, payment.in_flight), ("payment_process", 2.0, 1.0, 1.0));
//! assert_eq!(payment.p50_ms, Some(250.0)); // from the two timestamps
//! assert_eq!(payment.reasons, [("declined".to_owned(), 1.0)]);
//! ```
//!
//! # What is a run?
//! The last word of a name says whether it begins a run, ends it well, or ends it otherwise (`trine_model::vocabulary`); the words
//! before are the operation. Which end belongs to which start is said by [`pair`].
//!
//! # In which order do lines come?
//! In any: an [`Operations`] may be fed with any part of a log, in any order, and merged with others of other parts; the report is the
//! same. That holds as long as fewer than [`MARKS_MAX`] starts and ends wait for their other side at once. Then those pairs are settled that are
//! certain ones, which changes no count, and only if that is not enough, all that are found: [`Seen::is_approximate`] says so.

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::HashMap;
use trine_model::{EventName, NAME_BYTES_MAX, NameParts, Role};

pub(crate) use self::wanted::{DURATIONS, duration_ms};
use self::{
    operation::Operation,
    reasons::Reasons,
    wanted::{Ids, Values, Wanted},
};
use crate::{
    events::{self, Event},
    scan::{
        foreign::Format,
        input::{Lines, TimeRange},
        line::{Line, Raw},
        time,
    },
    weight::Weight,
};

mod durations;
mod keys;
mod operation;
mod pairing;
mod reasons;
mod report;
mod wanted;

pub use self::{
    durations::{Durations, EXACT_MAX},
    keys::{KEYS, KEYS_KEPT, KEYS_MORE_MAX, Keys},
    pairing::{CANDIDATES_MAX, Fate, Mark, Means, Side, pair},
    reasons::{OTHER, REASON_CHARS_MAX, REASONS_MAX},
    report::{LONE_MAX, Lone, Report, Row, STUCK_RUNS_MIN, What},
};

/// Operations that are told apart. A log of a program has some hundred; beyond, names are made of data.
pub const OPERATIONS_MAX: usize = 10_000;
/// Starts and ends that one [`Operations`] holds before it settles those that it can: 30 MB.
pub const MARKS_MAX: usize = 1 << 19;
/// Marks of one of many gatherers that are worth being merged with those of the others: see [`Operations::take`]. 4 MB.
pub const HANDED_OVER: usize = 1 << 16;
/// Names whose meaning is kept, so that it need not be found out again.
const NAMES_MAX: usize = 1 << 16;
/// Names whose losses are told apart.
const LOST_NAMES_MAX: usize = 1_000;

/// What to look for, and what to keep.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Further fields that tell runs apart, before those of [`KEYS`] but for `operation_id`; at most [`KEYS_MORE_MAX`].
    pub keys: Vec<String>,
    /// Events outside are not looked at, nor those without a time.
    pub range: Option<TimeRange>,
    /// How long runs may take, in nanoseconds, before they are stuck: by operation, or, with an empty name, of all others.
    pub deadlines: Vec<(String, u64)>,
    /// Whether the ids of events are kept as text, for [`Report::lone`].
    pub has_texts: bool,
    /// Default [`MARKS_MAX`].
    pub marks_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            keys: Vec::new(),
            range: None,
            deadlines: Vec::new(),
            has_texts: false,
            marks_max: MARKS_MAX,
        }
    }
}

/// Runs of operations, gathered from some part of a log.
#[derive(Debug)]
pub struct Operations {
    settings: Arc<Settings>,
    names: HashMap<Box<[u8]>, Meaning>,
    places: HashMap<Box<str>, usize>,
    operations: Vec<Operation>,
    wanted: Vec<(&'static Format, Arc<Wanted>)>,
    /// Starts and ends that are held.
    marks: usize,
    seen: Seen,
    /// How many events of which name were lost, as far as that is known.
    lost: BTreeMap<String, u64>,
}

/// What was seen on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Time of the first event and of the last one.
    pub times_ns: Option<(i64, i64)>,
    /// Lines that are no event: broken.
    pub broken: u64,
    /// Starts and ends without a time: counted, and not paired.
    pub untimed: u64,
    /// What `trine_events_lost` reported.
    pub lost: u64,
    /// Starts and ends of operations beyond [`OPERATIONS_MAX`]: left out.
    pub beyond: u64,
    /// Whether pairs were settled that were not certain, or marks left out, because there were too many.
    pub is_approximate: bool,
}

/// What a name means.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// Neither a start nor an end.
    Point,
    /// Of the operation at this place.
    Status(usize, Role),
    /// Of an operation beyond the bound.
    Beyond,
    /// It holds others, or says what was lost: to be looked into.
    Own,
}

impl Operations {
    /// Nothing gathered yet.
    pub fn new(settings: Settings) -> Operations {
        Operations {
            settings: Arc::new(settings),
            names: HashMap::new(),
            places: HashMap::new(),
            operations: Vec::new(),
            wanted: Vec::new(),
            marks: 0,
            seen: Seen::default(),
            lost: BTreeMap::new(),
        }
    }

    /// Another one with the same settings, for another part of the log.
    pub fn fork(&self) -> Operations {
        Operations { settings: Arc::clone(&self.settings), ..Operations::new(Settings::default()) }
    }

    /// Takes in some whole lines of this format.
    pub fn feed(&mut self, lines: &[u8], format: &'static Format) {
        let wanted = self.wanted(format);
        let mut found = Vec::new();
        for line in Lines::of(lines) {
            self.line(Line::new(line), &wanted, &mut found);
        }
    }

    fn wanted(&mut self, format: &'static Format) -> Arc<Wanted> {
        if let Some((_, wanted)) = self.wanted.iter().find(|(known, _)| std::ptr::eq(*known, format)) {
            return Arc::clone(wanted);
        }
        let more = &self.settings.keys[..self.settings.keys.len().min(KEYS_MORE_MAX)];
        let wanted = Arc::new(Wanted::new(format, more));
        self.wanted.push((format, Arc::clone(&wanted)));
        wanted
    }

    fn line<'b>(&mut self, line: Line<'b>, wanted: &Wanted, found: &mut Vec<Option<Raw<'b>>>) {
        // Most lines begin with a name and end in a time: of one that means nothing here nothing else is looked at, of another only what it
        // can say. Whether this state has seen the name before must not matter, or the answer would depend on how the log is cut.
        if wanted.is_in_front()
            && let Some(ends) = line.ends()
            && let Some(name) =
                ends.name.plain().filter(|name| name.first().is_some_and(u8::is_ascii_alphanumeric))
            && let Some(meaning) = self.meaning_of(name)
        {
            let time_ns = ends.time.plain().and_then(time::from_fixed);
            match meaning {
                Meaning::Point => return self.pass(time_ns),
                Meaning::Status(place, role) => {
                    if let Some(fields) = wanted.by_role(role) {
                        match fields.of(line, found) {
                            Ok(_) if !self.pass_in(time_ns) => {}
                            Ok((weight, values)) => {
                                self.status((name, time_ns, weight), values, place, role);
                            }
                            Err(_) => self.seen.broken += 1,
                        }
                        return;
                    }
                }
                Meaning::Beyond | Meaning::Own => {}
            }
        }
        if line.bytes().trim_ascii().is_empty() {
            return;
        }
        if wanted.reader.each(line, &mut |event| self.event(event, wanted)).is_err() {
            self.seen.broken += 1;
        }
    }

    /// Looks at the time of an event; whether it is in the range.
    fn pass_in(&mut self, time_ns: Option<i64>) -> bool {
        if let Some(range) = self.settings.range
            && !time_ns.is_some_and(|at_ns| range.since_ns <= at_ns && at_ns < range.until_ns)
        {
            return false;
        }
        if let Some(at_ns) = time_ns {
            let (first, last) = self.seen.times_ns.unwrap_or((at_ns, at_ns));
            self.seen.times_ns = Some((first.min(at_ns), last.max(at_ns)));
        }
        true
    }

    fn pass(&mut self, time_ns: Option<i64>) {
        self.pass_in(time_ns);
    }

    fn event(&mut self, event: &Event<'_>, wanted: &Wanted) {
        if !self.pass_in(event.time_ns) {
            return;
        }
        match self.meaning(event.name) {
            Meaning::Point => {}
            Meaning::Beyond => self.seen.beyond += 1,
            Meaning::Own if event.name == events::LOST => self.loss(event.line),
            Meaning::Own => {}
            Meaning::Status(place, role) => {
                let head = (event.name.as_bytes(), event.time_ns, event.weight);
                self.status(head, wanted.of(event), place, role);
            }
        }
    }

    /// What a `trine_events_lost` says.
    fn loss(&mut self, line: Line<'_>) {
        let number = |raw: Option<Raw<'_>>| raw.and_then(|raw| raw.number()).unwrap_or_default() as u64;
        self.seen.lost += number(line.get("lost").ok().flatten());
        let mut buffer = String::new();
        let names = line.get("names").ok().flatten().into_iter().flat_map(|names| names.members().flatten());
        for name in names.take(LOST_NAMES_MAX) {
            self.lose(name.key(&mut buffer), number(Some(name.value)));
        }
    }

    fn lose(&mut self, name: &str, lost: u64) {
        if let Some(count) = self.lost.get_mut(name) {
            *count += lost;
        } else if self.lost.len() < LOST_NAMES_MAX {
            self.lost.insert(name.to_owned(), lost);
        }
    }

    fn status(
        &mut self,
        (name, time_ns, weight): (&[u8], Option<i64>, Weight),
        values: Values<'_, '_>,
        place: usize,
        role: Role,
    ) {
        let operation = &mut self.operations[place];
        let duration_ms = duration_ms(values.durations).filter(|_| role != Role::Open);
        if let Some(ms) = duration_ms {
            operation.durations.record(ms, weight);
        }
        match role {
            Role::Open => operation.starts += weight,
            Role::Fail => {
                operation.failed += weight;
                let name = str::from_utf8(name).ok().and_then(as_name).unwrap_or_default();
                operation.reasons.record(values.reasons, NameParts::of(&name).status, weight);
            }
            _ => operation.ok += weight,
        }
        let Some(at_ns) = time_ns else {
            self.seen.untimed += 1;
            return;
        };
        let text = if self.settings.has_texts { Some(self.settings.text(values.ids)) } else { None };
        let operation = &mut self.operations[place];
        operation.push(
            Mark {
                at_ns,
                side: if role == Role::Open { Side::Start } else { Side::End },
                keys: Keys::of_ids(values.ids),
                duration_ns: duration_ms.map(|ms| (ms * 1e6).round() as u64),
                weight,
                tag: 0,
                is_replaced: false,
            },
            text,
        );
        self.marks += 1;
        if self.marks >= self.settings.marks_max.max(2) {
            self.settle();
        }
    }

    /// What a name means: from memory, or found out.
    fn meaning(&mut self, name: &str) -> Meaning {
        if let Some(meaning) = self.names.get(name.as_bytes()) {
            return *meaning;
        }
        let meaning = self.find_meaning(name);
        if self.names.len() < NAMES_MAX {
            self.names.insert(name.as_bytes().into(), meaning);
        }
        meaning
    }

    /// Of a name that may be no text: then it has none.
    #[inline]
    fn meaning_of(&mut self, name: &[u8]) -> Option<Meaning> {
        match self.names.get(name) {
            Some(meaning) => Some(*meaning),
            None => str::from_utf8(name).ok().map(|name| self.meaning(name)),
        }
    }

    fn find_meaning(&mut self, name: &str) -> Meaning {
        if name == events::LOST || name == events::BATCH {
            return Meaning::Own;
        }
        let Some(name) = as_name(name) else { return Meaning::Point };
        let parts = NameParts::of(&name);
        match parts.role() {
            Role::Point => Meaning::Point,
            role => match self.place(&parts.operation()) {
                Some(place) => Meaning::Status(place, role),
                None => Meaning::Beyond,
            },
        }
    }

    /// Where an operation lies; `None` when there are too many.
    fn place(&mut self, name: &str) -> Option<usize> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        if self.operations.len() >= OPERATIONS_MAX {
            return None;
        }
        self.operations.push(Operation::new(name));
        self.places.insert(name.into(), self.operations.len() - 1);
        Some(self.operations.len() - 1)
    }

    /// Makes room: settles what is certain, lets go of ends that most likely have no start anywhere, and if that does not help, settles what is
    /// likely.
    fn settle(&mut self) {
        let room = self.settings.marks_max / 2;
        self.operations.iter_mut().for_each(|operation| operation.settle(pairing::is_certain));
        if self.count_marks() > room {
            // Half a million events, and not one of them begins such an operation.
            let unbegun = self.operations.iter_mut().filter(|operation| operation.starts == Weight::ZERO);
            unbegun.for_each(Operation::drop_ends);
        }
        if self.count_marks() > room {
            self.seen.is_approximate = true;
            self.operations.iter_mut().for_each(|operation| operation.settle(|_, _| true));
            self.operations.iter_mut().for_each(Operation::drop_ends);
        }
        if self.count_marks() > room {
            self.operations.iter_mut().for_each(Operation::drop_old_starts);
            self.count_marks();
        }
    }

    fn count_marks(&mut self) -> usize {
        self.marks = self.operations.iter().map(Operation::marks).sum();
        self.marks
    }

    /// Starts and ends that are held: they wait for their other side.
    pub fn marks(&self) -> usize {
        self.marks
    }

    /// Gives away what was gathered, and goes on with nothing but what is known of names. Where many gather from one log, starts and ends
    /// of one run come to different ones: those that hold more than [`HANDED_OVER`] marks merge them into one of all, where they meet.
    pub fn take(&mut self) -> Operations {
        let mut taken = self.fork();
        taken.operations = self.operations.iter_mut().map(Operation::take).collect();
        taken.marks = std::mem::take(&mut self.marks);
        taken.seen = std::mem::take(&mut self.seen);
        taken.lost = std::mem::take(&mut self.lost);
        taken
    }

    /// Takes in what another has gathered from another part.
    pub fn merge(&mut self, other: Operations) {
        for operation in other.operations.into_iter().filter(|operation| !operation.is_empty()) {
            match self.place(&operation.name) {
                Some(place) => self.operations[place].merge(operation),
                None => self.seen.beyond += operation.marks() as u64,
            }
        }
        self.marks += other.marks;
        other.lost.iter().for_each(|(name, lost)| self.lose(name, *lost));
        let seen = &mut self.seen;
        if let Some((first, last)) = other.seen.times_ns {
            let (own_first, own_last) = seen.times_ns.unwrap_or((first, last));
            seen.times_ns = Some((own_first.min(first), own_last.max(last)));
        }
        seen.broken += other.seen.broken;
        seen.untimed += other.seen.untimed;
        seen.lost += other.seen.lost;
        seen.beyond += other.seen.beyond;
        seen.is_approximate |= other.seen.is_approximate;
        if self.marks >= self.settings.marks_max.max(2) {
            self.settle();
        }
    }

    /// What came of it. `now_ns` is when runs that go on are looked at; without it, the time of the last event.
    pub fn report(self, now_ns: Option<i64>) -> Report {
        let now_ns = now_ns.or(self.seen.times_ns.map(|(_, last)| last)).unwrap_or_default();
        let operations = self.operations.into_iter().filter(|operation| !operation.is_empty()).collect();
        Report { lost: self.lost, ..Report::of(operations, self.seen, now_ns, &self.settings) }
    }
}

impl Settings {
    /// The most particular of these ids, as text.
    fn text(&self, ids: Ids<'_, '_>) -> String {
        let more = self.keys.iter().take(KEYS_MORE_MAX).map(String::as_str);
        let names =
            KEYS[..1].iter().map(|names| names[0]).chain(more).chain(KEYS[1..].iter().map(|names| names[0]));
        keys::text(names, ids)
    }

    /// How long runs of this operation may take.
    fn deadline_ns(&self, operation: &str) -> Option<u64> {
        let of = |name: &str| self.deadlines.iter().find(|(of, _)| of == name).map(|(_, ns)| *ns);
        of(operation).or_else(|| of(""))
    }
}

/// A text as a name: a sentence in lower or upper case, with blanks or dashes, is read as if it were written as one (`Request started`).
/// `None` where it is none.
pub(crate) fn as_name(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if EventName::check(text).is_ok() {
        return Some(text.into());
    }
    if text.len() > NAME_BYTES_MAX {
        return None;
    }
    let name: String = text
        .trim()
        .chars()
        .map(|c| if matches!(c, ' ' | '-' | '.') { '_' } else { c.to_ascii_lowercase() })
        .collect();
    EventName::check(&name).is_ok().then_some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{events::PLACES_MAX, scan::foreign};

    #[test]
    fn every_field_has_a_place_in_every_format() {
        let keys = (0..KEYS_MORE_MAX).map(|key| format!("key_{key}")).collect();
        let mut operations = Operations::new(Settings { keys, ..Settings::default() });
        for format in foreign::FORMATS.iter().chain([&foreign::UNKNOWN]) {
            let names: usize = operations.wanted(format).reader.places();
            assert!(names < PLACES_MAX, "{}: {names}, so some may have been left out", format.name);
        }
    }
}
