//! Which fields a question wants, and how they are found in an event, whatever wrote it.

use std::{borrow::Cow, ops::Range};

use trine_model::EventName;

use super::{
    names::{Found, Named, Names},
    scope::EventScope,
    value::Val,
};
use crate::{
    answer::Cell,
    scan::{
        foreign::Format,
        level::own_level,
        line::{Broken, FieldSet, Front, Hits, Line, Path, Raw},
        time,
    },
};

/// Key of the name, in questions.
pub(super) const NAME: &str = "event";
/// Key of the time.
pub(super) const TIME: &str = "timestamp";
/// Key of the level.
pub(super) const LEVEL: &str = "level";
/// The event that holds others.
pub(super) const BATCH: &str = "events_batch";
/// What a batch has of its own, and does not hand on to its events.
const BATCH_KEYS: [&str; 3] = [NAME, "event_count", "events"];

/// What a question can ask an event for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slot {
    /// A field.
    Field(Path),
    /// The name, in the spelling with `_`.
    Name,
    /// When it happened.
    Time,
    /// Its level, in our words.
    Level,
    /// A field with this key, or else what the name or the time says.
    Derived(Derived),
    /// What a stage before added; a place among [`Event::extra`].
    Extra(usize),
    /// What lies within a value that a stage before added.
    Within(usize, Path),
}

impl Slot {
    /// Whether it is the name, or something that the name says.
    pub(super) fn is_of_name(&self) -> bool {
        match self {
            Slot::Name => true,
            Slot::Derived(derived) => !derived.is_of_time(),
            _ => false,
        }
    }
}

/// What the name or the time says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derived {
    Domain,
    Action,
    Status,
    Role,
    Outcome,
    Operation,
    HourOfDay,
    DayOfWeek,
}

impl Derived {
    pub(super) const ALL: [(&'static str, Derived); 8] = [
        ("domain", Derived::Domain),
        ("action", Derived::Action),
        ("status", Derived::Status),
        ("role", Derived::Role),
        ("outcome", Derived::Outcome),
        ("operation", Derived::Operation),
        ("hour_of_day", Derived::HourOfDay),
        ("day_of_week", Derived::DayOfWeek),
    ];

    pub(super) fn key(self) -> &'static str {
        Derived::ALL.iter().find(|(_, derived)| *derived == self).map_or("", |(key, _)| key)
    }

    fn is_of_time(self) -> bool {
        matches!(self, Derived::HourOfDay | Derived::DayOfWeek)
    }

    fn of_time(self, ns: i64) -> Val<'static> {
        match self {
            Derived::HourOfDay => Val::Int(hour_of_day(ns)),
            Derived::DayOfWeek => Val::Text(Cow::Borrowed(day_of_week(ns))),
            _ => Val::Null,
        }
    }
}

/// The first of these fields that is there.
#[inline]
fn first<'a>(found: &[Option<Raw<'a>>], range: &Range<usize>) -> Option<Raw<'a>> {
    match found.get(range.start) {
        Some(first @ Some(_)) if !range.is_empty() => *first,
        _ => found.get(range.clone())?.iter().copied().flatten().next(),
    }
}

/// The hour, 0 to 23, in UTC.
pub(super) fn hour_of_day(ns: i64) -> i128 {
    i128::from(ns.rem_euclid(time::DAY_NS) / (3_600 * time::SECOND_NS))
}

/// The day's name, as the guide has it.
pub(super) fn day_of_week(ns: i64) -> &'static str {
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    DAYS[ns.div_euclid(time::DAY_NS).rem_euclid(7) as usize]
}

/// What few lines have.
#[derive(Clone, Copy, Debug)]
pub(super) struct With {
    /// A sample rate.
    pub(super) weight: bool,
    /// A field of its own that is called like one that is derived.
    pub(super) own: bool,
}

impl With {
    /// Any of it.
    pub(super) const ALL: With = With { weight: true, own: true };

    #[inline]
    pub(super) fn is_any(self) -> bool {
        self.weight || self.own
    }
}

/// How the slots of a question are found in the lines of one format.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) format: &'static Format,
    set: FieldSet,
    places: Vec<Places>,
    /// Where name, time and level are, as far as they are wanted.
    ends: Vec<Range<usize>>,
    /// Where the name is, if it or something that is derived of it is wanted.
    name: Option<Range<usize>>,
    sample_rate: usize,
    with: With,
}

/// Where among the fields a slot is found: the first of these that is there.
#[derive(Clone, Debug, Default)]
struct Places {
    own: Range<usize>,
    /// Name or time, of which it is derived.
    from: Range<usize>,
}

impl Reader {
    /// `with`: what is looked for besides, as a walk over the whole line is needed to know that it is not there.
    pub(super) fn new(format: &'static Format, slots: &[Slot], with: With) -> Reader {
        let mut paths = Vec::new();
        let mut places = Vec::new();
        for slot in slots {
            let mut add = |more: Vec<Path>| {
                let begin = paths.len();
                paths.extend(more);
                begin..paths.len()
            };
            places.push(match slot {
                Slot::Field(path) => Places { own: add(format.paths(&path.to_string())), from: 0..0 },
                Slot::Name => Places { own: add(format.paths(NAME)), from: 0..0 },
                Slot::Time => Places { own: add(format.paths(TIME)), from: 0..0 },
                Slot::Level => Places { own: add(format.paths(LEVEL)), from: 0..0 },
                Slot::Derived(derived) => {
                    let own = if with.own { add(format.paths(derived.key())) } else { 0..0 };
                    Places { own, from: add(format.paths(if derived.is_of_time() { TIME } else { NAME })) }
                }
                Slot::Extra(_) | Slot::Within(..) => Places::default(),
            });
        }
        let ends = slots
            .iter()
            .zip(&places)
            .filter(|(slot, _)| matches!(slot, Slot::Name | Slot::Time | Slot::Level))
            .map(|(_, places)| places.own.clone())
            .collect();
        let name = slots.iter().zip(&places).find_map(|(slot, places)| match slot {
            Slot::Name => Some(places.own.clone()),
            slot if slot.is_of_name() => Some(places.from.clone()),
            _ => None,
        });
        let sample_rate = paths.len();
        if with.weight {
            paths.push(Path::key("sample_rate"));
        }
        Reader { format, set: FieldSet::new(paths), places, ends, name, sample_rate, with }
    }

    /// The name of an event, if the question asks for it or for what it says.
    #[inline]
    pub(super) fn name(&self, names: &mut Names, found: &[Option<Raw<'_>>]) -> Option<Found> {
        let raw = first(found, self.name.as_ref()?)?;
        match raw.plain() {
            Some(plain) => Some(names.find(plain, self.format.has_emoji)),
            None => Some(names.find_escaped(raw.text(&mut String::new())?, self.format.has_emoji)),
        }
    }

    /// How many places the fields of a line take.
    pub(super) fn len(&self) -> usize {
        self.set.len()
    }

    #[inline]
    pub(super) fn find<'a>(&self, line: &'a [u8], found: &mut [Option<Raw<'a>>]) -> Result<(), Broken> {
        self.set.find(Line::new(line), found)
    }

    /// As [`Reader::find`], of a line whose front is known. True when no name, time or level is missing.
    #[inline(always)]
    pub(super) fn find_behind<'a>(
        &self,
        front: Option<Front<'a>>,
        line: &'a [u8],
        found: &mut [Option<Raw<'a>>],
    ) -> Result<bool, Broken> {
        self.set.find_behind(front, Line::new(line), found)
    }

    /// As [`Reader::find_behind`], of a line that begins here in the block of the hits.
    #[inline(always)]
    pub(super) fn find_in_block<'a>(
        &self,
        front: Option<Front<'a>>,
        line: &'a [u8],
        begin: usize,
        hits: &mut Hits<'_>,
        found: &mut [Option<Raw<'a>>],
    ) -> Result<bool, Broken> {
        self.set.find_in_block(front, Line::new(line), begin, hits, found)
    }

    pub(super) fn hits<'b>(&self, block: &'b [u8]) -> Option<Hits<'b>> {
        self.set.hits(block)
    }

    /// How many events the line stands for; only of a reader with weight.
    pub(super) fn weight(&self, found: &[Option<Raw<'_>>]) -> f64 {
        match found.get(self.sample_rate).copied().flatten().and_then(Raw::number) {
            Some(rate) if rate > 0.0 && rate < 1.0 => 1.0 / rate,
            _ => 1.0,
        }
    }

    /// Whether a wanted name, time or level is missing: perhaps another program wrote this line.
    #[inline]
    pub(super) fn lacks_ends(&self, found: &[Option<Raw<'_>>]) -> bool {
        self.ends.iter().any(|range| found[range.clone()].iter().all(Option::is_none))
    }

    /// Fills, of an event of a batch, what it does not say itself and the batch does.
    pub(super) fn inherit<'a>(&self, found: &mut [Option<Raw<'a>>], batch: &[Option<Raw<'a>>]) {
        for (place, path) in self.set.paths().iter().enumerate() {
            let is_own = path.as_key().is_some_and(|key| BATCH_KEYS.contains(&key));
            if found[place].is_none() && !is_own {
                found[place] = batch[place];
            }
        }
    }
}

/// An event, its fields found and not yet read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'a> {
    pub(super) line: &'a [u8],
    pub(super) reader: &'a Reader,
    pub(super) scope: &'a EventScope,
    pub(super) found: &'a [Option<Raw<'a>>],
    /// Its name, if that or what it says is asked for.
    pub(super) name: Option<Named<'a>>,
}

/// An event, and what stages added to it. It is not copied into this, which would cost as much as all that is asked of most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extended<'e, 'a> {
    event: &'e Event<'a>,
    extra: &'e [Cell],
}

/// Something that has values in slots: an event, a row of a table.
pub(super) trait Row {
    /// The value in a slot.
    fn value(&self, slot: usize) -> Val<'_>;

    /// As it stands in the line, if it is of a line and not changed by us.
    fn raw(&self, _slot: usize) -> Option<Raw<'_>> {
        None
    }

    /// The value in a slot as a number to be calculated with; also of a text that is one.
    #[inline]
    fn number(&self, slot: usize) -> Option<f64> {
        self.value(slot).number()
    }

    /// The number of its name, where all that is derived of names is derived of this one.
    fn name_number(&self) -> Option<u32> {
        None
    }

    /// All of it, for words that may stand anywhere.
    fn whole(&self) -> Cow<'_, [u8]>;

    /// Goes through all fields.
    fn each(&self, visit: &mut dyn FnMut(&str, &Val<'_>));
}

impl<'a> Event<'a> {
    #[inline]
    pub(super) fn with<'e>(&'e self, extra: &'e [Cell]) -> Extended<'e, 'a> {
        Extended { event: self, extra }
    }

    #[inline]
    fn first(&self, range: &Range<usize>) -> Option<Raw<'a>> {
        first(self.found, range)
    }

    /// Whether there is anything in a slot.
    pub(super) fn has(&self, slot: usize) -> bool {
        let places = &self.reader.places[slot];
        self.first(&places.own).is_some() || self.first(&places.from).is_some()
    }

    /// The time as it stands in the line.
    #[inline]
    pub(super) fn time_raw(&self, slot: usize) -> Option<Raw<'a>> {
        self.first(&self.reader.places[slot].own)
    }

    /// Nanoseconds since 1970-01-01 UTC.
    #[inline]
    pub(super) fn time(&self, slot: usize) -> Option<i64> {
        self.time_raw(slot).and_then(time::from_raw)
    }
}

impl Extended<'_, '_> {
    #[inline(never)]
    fn number_of_value(&self, slot: usize) -> Option<f64> {
        self.value(slot).number()
    }
}

/// What a path finds in a value, whose key its first step is.
fn within<'a>(json: &'a str, path: &Path) -> Option<Raw<'a>> {
    path.behind_key(Raw::of(json.as_bytes()).ok()?)
}

/// The number that a value is which is not written as one.
#[inline(never)]
fn number_otherwise(raw: Raw<'_>) -> Option<f64> {
    Val::of_raw(raw).number()
}

/// A name in the spelling with `_`; a sentence stays as it is.
pub(crate) fn canonical(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.contains('.') && EventName::check(&name).is_ok() {
        Cow::Owned(name.replace('.', "_"))
    } else {
        name
    }
}

impl Row for Extended<'_, '_> {
    fn value(&self, slot: usize) -> Val<'_> {
        let Some(places) = self.event.reader.places.get(slot) else { return Val::Null };
        match &self.event.scope.slots[slot] {
            Slot::Field(_) => self.event.first(&places.own).map_or(Val::Null, Val::of_raw),
            Slot::Name => {
                self.event.name.map_or(Val::Null, |name| Val::Text(Cow::Borrowed(name.name.canonical())))
            }
            Slot::Time => self.event.time(slot).map_or(Val::Null, Val::Time),
            Slot::Level => {
                let raw = self.event.first(&places.own);
                let level = match raw {
                    Some(raw) => self.event.reader.format.level_of(raw),
                    None => return Val::Null,
                };
                match (level, raw) {
                    (Some(level), _) => Val::Text(Cow::Borrowed(level.as_str())),
                    (None, raw) => raw.map_or(Val::Null, Val::of_raw),
                }
            }
            Slot::Derived(derived) => {
                if let Some(own) = self.event.first(&places.own) {
                    return Val::of_raw(own);
                }
                if !derived.is_of_time() {
                    return self.event.name.map_or(Val::Null, |name| name.name.get(*derived));
                }
                let time = self.event.first(&places.from).and_then(time::from_raw);
                time.map_or(Val::Null, |ns| derived.of_time(ns))
            }
            Slot::Extra(place) => self.extra.get(*place).map_or(Val::Null, Val::of_cell),
            Slot::Within(place, path) => match self.extra.get(*place) {
                Some(Cell::Nested(json)) => within(json, path).map_or(Val::Null, Val::of_raw),
                _ => Val::Null,
            },
        }
    }

    #[inline]
    fn raw(&self, slot: usize) -> Option<Raw<'_>> {
        match self.event.scope.slots.get(slot)? {
            Slot::Field(_) => self.event.first(&self.event.reader.places[slot].own),
            Slot::Level => {
                let raw = self.event.first(&self.event.reader.places[slot].own)?;
                own_level(raw.plain()?).map(|_| raw)
            }
            Slot::Name if self.event.name?.name.is_plain => {
                self.event.first(&self.event.reader.places[slot].own)
            }
            _ => None,
        }
    }

    #[inline]
    fn number(&self, slot: usize) -> Option<f64> {
        match self.event.scope.slots.get(slot)? {
            // Nothing but the number is read, where it stands in the line as one.
            Slot::Field(_) => {
                let raw = self.event.first(&self.event.reader.places[slot].own)?;
                raw.number().or_else(|| number_otherwise(raw))
            }
            _ => self.number_of_value(slot),
        }
    }

    #[inline]
    fn name_number(&self) -> Option<u32> {
        if self.event.reader.with.own { None } else { self.event.name?.number }
    }

    fn whole(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.event.line)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &Val<'_>)) {
        let mut buffer = String::new();
        for member in Line::new(self.event.line).members().flatten() {
            let key = member.key(&mut buffer);
            if !self.event.scope.extra.iter().any(|(name, _)| name == key) {
                visit(key, &Val::of_raw(member.value));
            }
        }
        for ((name, _), cell) in self.event.scope.extra.iter().zip(self.extra) {
            visit(name, &Val::of_cell(cell));
        }
    }
}

/// An event of a batch as a line of its own: what it says, and behind that what it has of its batch.
pub(super) fn unbatched(child: &[u8], batch: &[u8]) -> Vec<u8> {
    let own: Vec<&[u8]> = Line::new(child).members().flatten().map(|member| member.key_bytes()).collect();
    let mut out = child.trim_ascii().strip_suffix(b"}").unwrap_or(child).to_vec();
    for member in Line::new(batch).members().flatten() {
        let key = member.key_bytes();
        if own.contains(&key) || BATCH_KEYS.iter().any(|batch_key| batch_key.as_bytes() == key) {
            continue;
        }
        if !out.trim_ascii_end().ends_with(b"{") {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":");
        out.extend_from_slice(member.value.bytes());
    }
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::foreign::named;

    #[track_caller]
    fn check(line: &str, slot: Slot, expected: Val<'_>) {
        let reader = Reader::new(named("trine").unwrap(), std::slice::from_ref(&slot), With::ALL);
        let scope = EventScope { slots: vec![slot], ..EventScope::default() };
        let mut found = vec![None; reader.len()];
        reader.find(line.as_bytes(), &mut found).unwrap();
        let mut names = Names::default();
        let name = reader.name(&mut names, &found);
        let event = Event {
            line: line.as_bytes(),
            reader: &reader,
            scope: &scope,
            found: &found,
            name: name.map(|found| names.get(found)),
        };
        assert_eq!(event.with(&[]).value(0), expected, "{line}");
    }

    fn text(text: &'static str) -> Val<'static> {
        Val::Text(text.into())
    }

    #[test]
    fn names_are_plain_whatever_their_spelling() {
        check(r#"{"event":"payment.process.failed"}"#, Slot::Name, text("payment_process_failed"));
        check(r#"{"event":"💳 cache_hit"}"#, Slot::Name, text("cache_hit"));
        check(r#"{"event":"Server started. Listening"}"#, Slot::Name, text("Server started. Listening"));
        check(r#"{"x":1}"#, Slot::Name, Val::Null);
    }

    #[test]
    fn parts_are_derived_unless_the_event_has_its_own() {
        let line = r#"{"event":"payment_process_failed","status":"odd","timestamp":"2025-10-24T10:30:00Z"}"#;
        for (derived, expected) in [
            (Derived::Domain, text("payment")),
            (Derived::Action, text("process")),
            (Derived::Status, text("odd")),
            (Derived::Role, text("fail")),
            (Derived::Outcome, text("failure")),
            (Derived::Operation, text("payment_process")),
            (Derived::HourOfDay, Val::Int(10)),
            (Derived::DayOfWeek, text("Friday")),
        ] {
            check(line, Slot::Derived(derived), expected);
        }
        check(r#"{"event":"cache_hit"}"#, Slot::Derived(Derived::Status), Val::Null);
    }

    #[test]
    fn levels_are_in_our_words() {
        check(r#"{"level":"WARN"}"#, Slot::Level, text("warning"));
        check(r#"{"level":50}"#, Slot::Level, text("error"));
        check(r#"{"level":"loud"}"#, Slot::Level, text("loud"));
    }

    #[test]
    fn an_event_of_a_batch_becomes_a_line() {
        let batch = r#"{"event":"events_batch","event_count":1,"events":[{"event":"a_b","x":1}],"x":2,"host":"h","level":"info"}"#;
        assert_eq!(
            String::from_utf8(unbatched(br#"{"event":"a_b","x":1}"#, batch.as_bytes())).unwrap(),
            r#"{"event":"a_b","x":1,"host":"h","level":"info"}"#
        );
    }
}
