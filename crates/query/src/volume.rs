//! What a log weighs: bytes and events of each event, field and place in the code.
//!
//! ```
//! use trine_query::{scan::foreign, volume::Volume};
//!
//! let log = b"{\"event\":\"cache_hit\",\"key\":\"user:1\"}\n{\"event\":\"cache_hit\",\"key\":\"user:23\"}\n";
//! let mut volume = Volume::default();
//! volume.feed(log, foreign::named("structlog").unwrap());
//! let events = volume.events();
//! assert_eq!((events[0].name.as_str(), events[0].events, events[0].bytes), ("cache_hit", 2, log.len() as u64));
//! let fields = volume.fields();
//! assert_eq!((fields[1].name.as_str(), fields[1].bytes), ("key", 15 + 16)); // `"key":"user:1"`, and the comma
//! ```
//!
//! # Whose are the bytes?
//! Those of a line are its event's, with the line feed. Of a batch, the bytes of each item are that event's, and the rest the batch's. A
//! field has its key, its value, and the three signs around; the few that are left are the line's. It is what was written before
//! compression: nobody can say how much of a compressed file is whose.

use hashbrown::HashMap;

use crate::{
    events::{BATCH, Event, Reader},
    scan::{
        foreign::Format,
        input::{Lines, TimeRange},
        line::{Kind, Line, Raw},
    },
};

/// Names, fields or places that are told apart; those beyond are counted together.
pub const ROWS_MAX: usize = 10_000;
/// What they are called.
pub const OTHER: &str = "(others)";

/// Fields that say where in the code an event comes from, each with the one that has the line; the first that is there counts.
const PLACES: [(&[&str], &[&str]); 6] = [
    (&["callsite"], &[]),
    (&["caller"], &[]),
    (&["file", "code.file.path", "code.filepath"], &["line", "code.line.number", "code.lineno"]),
    (&["filename"], &["lineno", "line_number"]),
    (&["target"], &[]),
    (&["logger_name", "logger", "SourceContext"], &[]),
];

/// What one name, field or place weighs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weighed {
    /// What it is called.
    pub name: String,
    /// How many events; as they were written, whatever they stand for.
    pub events: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// Bytes and events, gathered from some part of a log, in any order.
#[derive(Debug, Default)]
pub struct Volume {
    range: Option<TimeRange>,
    events: Tally,
    fields: Tally,
    places: Tally,
    readers: Vec<(&'static Format, std::sync::Arc<Reader>)>,
    bytes: u64,
    lines: u64,
    broken: u64,
    times_ns: Option<(i64, i64)>,
}

/// Events and bytes by name.
#[derive(Debug, Default)]
struct Tally {
    rows: HashMap<Box<str>, (u64, u64)>,
    other: (u64, u64),
}

impl Tally {
    fn add(&mut self, name: &str, events: u64, bytes: u64) {
        let has_room = self.rows.len() < ROWS_MAX;
        let row = match self.rows.get_mut(name) {
            Some(row) => row,
            None if has_room => self.rows.entry(name.into()).or_default(),
            None => &mut self.other,
        };
        row.0 += events;
        row.1 += bytes;
    }

    fn merge(&mut self, other: Tally) {
        let mut rows: Vec<_> = other.rows.into_iter().collect();
        rows.sort_unstable();
        rows.into_iter().for_each(|(name, (events, bytes))| self.add(&name, events, bytes));
        self.other.0 += other.other.0;
        self.other.1 += other.other.1;
    }

    /// The heaviest first.
    fn rows(&self) -> Vec<Weighed> {
        let row = |(name, (events, bytes)): (&str, &(u64, u64))| Weighed {
            name: name.to_owned(),
            events: *events,
            bytes: *bytes,
        };
        let mut rows: Vec<Weighed> = self.rows.iter().map(|(name, sums)| row((name, sums))).collect();
        rows.extend((self.other != (0, 0)).then(|| row((OTHER, &self.other))));
        rows.sort_unstable_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        rows
    }
}

impl Volume {
    /// Of the events in a range of time.
    pub fn new(range: Option<TimeRange>) -> Volume {
        Volume { range, ..Volume::default() }
    }

    /// Takes in some whole lines of this format.
    pub fn feed(&mut self, lines: &[u8], format: &'static Format) {
        let reader = match self.readers.iter().find(|(known, _)| std::ptr::eq(*known, format)) {
            Some((_, reader)) => std::sync::Arc::clone(reader),
            None => {
                let reader = std::sync::Arc::new(Reader::new(format, &wanted()));
                self.readers.push((format, std::sync::Arc::clone(&reader)));
                reader
            }
        };
        for line in Lines::of(lines).filter(|line| !line.trim_ascii().is_empty()) {
            self.line(Line::new(line), &reader, format);
        }
    }

    fn line(&mut self, line: Line<'_>, reader: &Reader, format: &Format) {
        let bytes = line.bytes().len() as u64 + 1;
        let (mut is_counted, mut items) = (false, 0);
        let result = reader.each(line, &mut |event| {
            if !self.is_in(event.time_ns) {
                return;
            }
            is_counted = true;
            let own = match event.batch {
                Some(_) => event.line.bytes().len() as u64 + 1,
                None => bytes,
            };
            items += if event.batch.is_some() { own } else { 0 };
            self.events.add(if event.name.is_empty() { "(no name)" } else { event.name }, 1, own);
            if let Some(place) = place(event) {
                self.places.add(&place, 1, own);
            }
        });
        if result.is_err() {
            self.broken += 1;
            return;
        }
        if !is_counted {
            return;
        }
        if items > 0 {
            self.events.add(BATCH, 1, bytes.saturating_sub(items));
        }
        self.lines += 1;
        self.bytes += bytes;
        self.fields_of(line, format);
    }

    fn fields_of(&mut self, line: Line<'_>, format: &Format) {
        let mut buffer = String::new();
        for member in line.members().flatten() {
            let bytes = (member.key_bytes().len() + member.value.bytes().len() + PUNCTUATION_BYTES) as u64;
            let key = member.key(&mut buffer);
            if format.fields == Some(key) && member.value.kind() == Kind::Map {
                let mut inner_bytes = 0;
                for inner in member.value.members().flatten() {
                    let mut buffer = String::new();
                    let bytes =
                        (inner.key_bytes().len() + inner.value.bytes().len() + PUNCTUATION_BYTES) as u64;
                    inner_bytes += bytes;
                    self.fields.add(inner.key(&mut buffer), 1, bytes);
                }
                self.fields.add(key, 1, bytes.saturating_sub(inner_bytes));
            } else {
                self.fields.add(key, 1, bytes);
            }
        }
    }

    fn is_in(&mut self, time_ns: Option<i64>) -> bool {
        if let Some(range) = self.range
            && !time_ns.is_some_and(|at_ns| range.since_ns <= at_ns && at_ns < range.until_ns)
        {
            return false;
        }
        if let Some(at_ns) = time_ns {
            let (first, last) = self.times_ns.unwrap_or((at_ns, at_ns));
            self.times_ns = Some((first.min(at_ns), last.max(at_ns)));
        }
        true
    }

    /// Takes in what another has gathered from another part.
    pub fn merge(&mut self, other: Volume) {
        self.events.merge(other.events);
        self.fields.merge(other.fields);
        self.places.merge(other.places);
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.broken += other.broken;
        if let Some((first, last)) = other.times_ns {
            let (own_first, own_last) = self.times_ns.unwrap_or((first, last));
            self.times_ns = Some((own_first.min(first), own_last.max(last)));
        }
    }

    /// By event, the heaviest first.
    pub fn events(&self) -> Vec<Weighed> {
        self.events.rows()
    }

    /// By field of the line, the heaviest first.
    pub fn fields(&self) -> Vec<Weighed> {
        self.fields.rows()
    }

    /// By place in the code, of the events that say theirs, the heaviest first.
    pub fn places(&self) -> Vec<Weighed> {
        self.places.rows()
    }

    /// All bytes of the lines that were counted.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lines that were counted.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Lines that could not be read.
    pub fn broken(&self) -> u64 {
        self.broken
    }

    /// The first event and the last one.
    pub fn times_ns(&self) -> Option<(i64, i64)> {
        self.times_ns
    }
}

/// The quotes of a key, its colon, and a comma or bracket.
const PUNCTUATION_BYTES: usize = 4;

/// Fields that say where in the code: file, line, file, line, ...
fn wanted() -> Vec<&'static [&'static str]> {
    PLACES.iter().flat_map(|(files, lines)| [*files, *lines]).collect()
}

/// Where in the code an event comes from, where it says so.
fn place(event: &Event<'_>) -> Option<String> {
    let (mut file_buffer, mut line_buffer) = (String::new(), String::new());
    let pairs = event.fields.chunks_exact(2);
    let found = pairs.filter_map(|pair| Some((text(pair[0], &mut file_buffer)?, pair[1]))).next()?;
    Some(match text(found.1, &mut line_buffer) {
        Some(line) => format!("{}:{line}", found.0),
        None => found.0,
    })
}

fn text(raw: Option<Raw<'_>>, buffer: &mut String) -> Option<String> {
    let raw = raw?;
    match raw.kind() {
        Kind::Text => raw.text(buffer).map(str::to_owned),
        Kind::Number => Some(String::from_utf8_lossy(raw.bytes()).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{generate, scan::foreign};

    fn of(format: &str, log: &[u8]) -> Volume {
        let mut volume = Volume::default();
        volume.feed(log, foreign::named(format).unwrap());
        volume
    }

    fn rows(rows: Vec<Weighed>) -> Vec<(String, u64, u64)> {
        rows.into_iter().map(|row| (row.name, row.events, row.bytes)).collect()
    }

    #[test]
    fn every_byte_of_a_log_belongs_to_one_event() {
        let mut log = Vec::new();
        generate::write(generate::Settings { events: 5_000, ..generate::Settings::default() }, &mut log)
            .unwrap();
        let volume = of("trine", &log);
        assert_eq!(volume.bytes(), log.len() as u64);
        assert_eq!(volume.events().iter().map(|row| row.bytes).sum::<u64>(), log.len() as u64);
        let items = volume.events().iter().find(|row| row.name == "item_processed").unwrap().events;
        assert!(items > volume.events().iter().find(|row| row.name == BATCH).unwrap().events);
        // Of the fields, all but two brackets, less the comma that is not there, and the line feed.
        assert_eq!(volume.fields().iter().map(|row| row.bytes).sum::<u64>(), log.len() as u64 - 2 * 5_000);
    }

    #[test]
    fn places_in_the_code_are_read_from_what_loggers_call_them() {
        let line = |fields: &str| format!("{{\"event\":\"a_b\",{fields}}}\n");
        for (fields, expected) in [
            (r#""caller":"a.go:7""#, Some("a.go:7")),
            (r#""file":"a.rs","line":7"#, Some("a.rs:7")),
            (r#""filename":"a.py","lineno":"7""#, Some("a.py:7")),
            (r#""target":"shop::db""#, Some("shop::db")),
            (r#""line":7"#, None),
        ] {
            let places = of("structlog", line(fields).as_bytes()).places();
            assert_eq!(places.first().map(|row| row.name.as_str()), expected, "{fields}");
        }
    }

    #[test]
    fn fields_in_a_map_of_their_own_are_told_apart() {
        let log = b"{\"timestamp\":1,\"level\":\"info\",\"fields\":{\"message\":\"a\",\"id\":7}}\n";
        let found = rows(of("tracing", log).fields());
        assert!(found.contains(&("id".to_owned(), 1, 7)), "{found:?}");
    }

    #[test]
    fn names_without_end_are_counted_together() {
        let mut tally = Tally::default();
        (0..ROWS_MAX + 3).for_each(|number| tally.add(&format!("n{number}"), 1, 10));
        assert_eq!(tally.rows().len(), ROWS_MAX + 1);
        assert_eq!(rows(tally.rows())[0], (OTHER.to_owned(), 3, 30));
    }

    proptest! {
        #[test]
        fn a_log_in_two_parts_weighs_the_same(lines in prop::collection::vec("[a-c]{1,2}", 0..40), cut in 0_usize..40) {
            let lines: Vec<String> =
                lines.iter().map(|name| format!("{{\"event\":\"x_{name}\",\"{name}\":1}}\n")).collect();
            let cut = cut.min(lines.len());
            let whole = of("structlog", lines.concat().as_bytes());
            let mut merged = of("structlog", lines[cut..].concat().as_bytes());
            merged.merge(of("structlog", lines[..cut].concat().as_bytes()));
            prop_assert_eq!(merged.events(), whole.events());
            prop_assert_eq!(merged.fields(), whole.fields());
            prop_assert_eq!(merged.bytes(), whole.bytes());
        }
    }
}
