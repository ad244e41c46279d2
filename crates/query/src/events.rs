//! The events of a line: name, time and fields, in whatever format it was written, and those of a batch one by one.
//!
//! ```
//! use trine_query::{events::Reader, scan::{foreign, line::Line}};
//!
//! let reader = Reader::new(foreign::named("trine").unwrap(), &[&["user_id"]]);
//! let line = br#"{"event":"events_batch","events":[{"event":"a_b"},{"event":"c_d"}],"user_id":7}"#;
//! let mut seen = Vec::new();
//! reader.each(Line::new(line), &mut |event| {
//!     seen.push((event.name.to_owned(), event.fields[0].unwrap().number()));
//! })?;
//! assert_eq!(seen, [("a_b".to_owned(), Some(7.0)), ("c_d".to_owned(), Some(7.0))]);
//! # Ok::<(), trine_query::scan::line::Broken>(())
//! ```
//!
//! # What is in a batch?
//! `events_batch` (the guide's) has a list `events`. Each of its items is an event: with its own time where it says one, else with that
//! of the batch; with the batch's fields where it has none of its own. A batch without such a list is an event like any other.

use std::ops::Range;

use crate::{
    scan::{
        foreign::{self, Format, otlp_records},
        input::Input,
        line::{Broken, FieldSet, Kind, Line, Raw},
        time,
    },
    weight::Weight,
};

/// Name of the events that hold others.
pub const BATCH: &str = "events_batch";
/// Name of the events by which Trine says what was lost; `lost` says how many.
pub const LOST: &str = "trine_events_lost";
/// Places in a line that one reader looks at: more names for more fields are left out. Room for what operations want in the
/// format with most spellings; a test looks.
pub(crate) const PLACES_MAX: usize = 80;
/// Bytes at the begin of a source by which its format is told.
const HEAD_BYTES: usize = 64 << 10;

/// An event.
#[derive(Debug)]
pub struct Event<'a> {
    /// What happened; empty where the line does not say.
    pub name: &'a str,
    /// When. Nanoseconds since 1970-01-01 UTC.
    pub time_ns: Option<i64>,
    /// How many it stands for.
    pub weight: Weight,
    /// Those that were wanted, in the order in which they were.
    pub fields: &'a [Option<Raw<'a>>],
    /// All of it: the line, or the item of a batch.
    pub line: Line<'a>,
    /// The batch that it comes from.
    pub batch: Option<Line<'a>>,
}

/// Reads events of one format, and of each the fields that are wanted.
#[derive(Debug)]
pub struct Reader {
    format: &'static Format,
    paths: FieldSet,
    /// Of name, time, sample rate, and every wanted field: which of the paths may lead to it.
    places: Vec<Range<usize>>,
}

/// The fields that every reader looks for, before those that are wanted.
const NAME: usize = 0;
const TIME: usize = 1;
const RATE: usize = 2;
const OWN: usize = 3;

impl Reader {
    /// For lines of this format. A field is wanted by its names: the first that is there counts.
    pub fn new(format: &'static Format, wanted: &[&[&str]]) -> Reader {
        let own: [&[&str]; OWN] = [&["event"], &["timestamp"], &["sample_rate"]];
        let (mut paths, mut places) = (Vec::new(), Vec::new());
        for names in own.iter().chain(wanted) {
            let begin = paths.len();
            paths.extend(names.iter().flat_map(|name| format.paths(name)));
            paths.truncate(PLACES_MAX);
            places.push(begin.min(paths.len())..paths.len());
        }
        Reader { format, paths: FieldSet::new(paths), places }
    }

    /// How many places it looks at.
    #[cfg(test)]
    pub(crate) fn places(&self) -> usize {
        self.paths.len()
    }

    /// Whether a line of Trine's shape has its name where this format has it.
    pub(crate) fn has_name_in_front(&self) -> bool {
        self.format.event.first() == Some(&"event")
    }

    /// Gives the events of a line: one, those of a batch, or the records that the collector put into one line.
    ///
    /// Errors: the line is broken. Nothing of it was given then, but for events before the break in a list of several.
    #[inline]
    pub fn each(&self, line: Line<'_>, each: &mut dyn FnMut(&Event<'_>)) -> Result<(), Broken> {
        if self.format.fields == Some("attributes") {
            let records = otlp_records(line);
            if !records.is_empty() {
                return records.iter().try_for_each(|record| self.one(Line::new(record.bytes()), each));
            }
        }
        self.one(line, each)
    }

    fn one(&self, line: Line<'_>, each: &mut dyn FnMut(&Event<'_>)) -> Result<(), Broken> {
        let mut fields = [None; PLACES_MAX];
        self.find(line, &mut fields)?;
        let (mut buffer, mut time_ns) = (String::new(), None);
        let name = self.name(fields[NAME], &mut buffer);
        if let Some(raw) = fields[TIME] {
            time_ns = time::from_raw(raw);
        }
        let weight = Weight::of_field(fields[RATE]);
        if name == BATCH
            && let Some(items) = line.get("events")?.filter(|items| items.kind() == Kind::List)
        {
            // Once for all items, of which there may be hundreds.
            let mut of_item = [None; PLACES_MAX];
            for item in items.items() {
                self.item(item?, (line, time_ns, weight, &fields), &mut of_item, each)?;
            }
            return Ok(());
        }
        let fields = &fields[OWN..self.places.len()];
        each(&Event { name, time_ns, weight, fields, line, batch: None });
        Ok(())
    }

    fn item<'a>(
        &self,
        item: Raw<'a>,
        (batch, time_ns, weight, outer): (Line<'a>, Option<i64>, Weight, &[Option<Raw<'a>>; PLACES_MAX]),
        fields: &mut [Option<Raw<'a>>; PLACES_MAX],
        each: &mut dyn FnMut(&Event<'_>),
    ) -> Result<(), Broken> {
        let line = Line::new(item.bytes());
        if item.kind() == Kind::Map {
            self.find(line, fields)?;
        } else {
            fields[..self.places.len()].fill(None);
        }
        let time_ns = fields[TIME].and_then(time::from_raw).or(time_ns);
        let weight = weight.times(Weight::of_field(fields[RATE]));
        let mut buffer = String::new();
        let name = self.name(fields[NAME], &mut buffer);
        let wanted = OWN..self.places.len();
        for (field, outer) in fields[wanted.clone()].iter_mut().zip(&outer[wanted.clone()]) {
            *field = field.or(*outer);
        }
        let fields = &fields[wanted];
        each(&Event { name, time_ns, weight, fields, line, batch: Some(batch) });
        Ok(())
    }

    /// Finds name, time, rate and the wanted fields, each at the first of its places.
    #[inline]
    fn find<'a>(&self, line: Line<'a>, fields: &mut [Option<Raw<'a>>; PLACES_MAX]) -> Result<(), Broken> {
        let mut found = [None; PLACES_MAX];
        let found = &mut found[..self.paths.len()];
        self.paths.find(line, found)?;
        for (field, places) in fields.iter_mut().zip(&self.places) {
            *field = found[places.clone()].iter().flatten().next().copied();
        }
        Ok(())
    }

    fn name<'a>(&self, raw: Option<Raw<'a>>, buffer: &'a mut String) -> &'a str {
        let name = raw.and_then(|raw| raw.text(buffer)).unwrap_or_default();
        if self.format.has_emoji { foreign::without_emoji(name) } else { name }
    }
}

/// The formats of the sources of an input, told by their first lines.
#[derive(Debug)]
pub struct Formats {
    sources: Vec<Option<&'static Format>>,
}

impl Formats {
    /// Looks at the begin of every file.
    pub fn of(input: &Input) -> Formats {
        let sources = input.sources().iter();
        Formats { sources: sources.map(|source| foreign::detect(&source.head(HEAD_BYTES))).collect() }
    }

    /// The format of a block of this source. Of a stream, which could not be looked at before, it is told by the block.
    pub fn of_block(&self, source: u32, block: &[u8]) -> &'static Format {
        let known = self.sources.get(source as usize).copied().flatten();
        known.or_else(|| foreign::detect(block)).unwrap_or(&foreign::UNKNOWN)
    }
}

/// Gives the fields of an event but for name, time and level, wherever the format keeps them.
pub fn each_field(line: Line<'_>, format: &Format, each: &mut dyn FnMut(&str, Raw<'_>)) {
    let own = [format.event, format.time, format.level];
    let (mut key_buffer, mut name_buffer) = (String::new(), String::new());
    for member in line.members().flatten() {
        let key = member.key(&mut key_buffer);
        if own.iter().any(|paths| paths.contains(&key)) {
            continue;
        }
        if format.fields != Some(key) {
            each(key, member.value);
            continue;
        }
        for inner in member.value.members().flatten() {
            let name = inner.key(&mut name_buffer);
            if !format
                .event
                .iter()
                .any(|path| path.strip_prefix(key).and_then(|rest| rest.strip_prefix('.')) == Some(name))
            {
                each(name, inner.value);
            }
        }
        // Attributes of OpenTelemetry: a list of keys and values.
        for item in member.value.items().flatten() {
            let of = |wanted: &str| item.members().flatten().find(|member| member.has_key(wanted.as_bytes()));
            if let (Some(name), Some(value)) = (of("key"), of("value")) {
                let inner = value.value.members().flatten().next().map_or(value.value, |member| member.value);
                each(name.value.text(&mut name_buffer).unwrap_or_default(), inner);
            }
        }
    }
}

/// Whether a field has a value: it is there, not null, not the empty text.
pub(crate) fn said(raw: Option<Raw<'_>>) -> Option<Raw<'_>> {
    raw.filter(|raw| raw.kind() != Kind::Null && raw.bytes() != b"\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: &str, line: &str) -> Vec<(String, Option<i64>, f64, Option<String>)> {
        let reader = Reader::new(foreign::named(format).unwrap(), &[&["id", "ident"]]);
        let mut all = Vec::new();
        reader
            .each(Line::new(line.as_bytes()), &mut |event| {
                let id = event.fields[0].map(|raw| String::from_utf8_lossy(raw.bytes()).into_owned());
                all.push((event.name.to_owned(), event.time_ns, event.weight.count(), id));
            })
            .unwrap();
        all
    }

    #[test]
    fn items_of_a_batch_have_their_own_time_rate_and_fields_or_those_of_the_batch() {
        let line = r#"{"event":"events_batch","events":[{"event":"a_b","id":1},{"event":"a_c","timestamp":"1970-01-01T00:00:01Z","sample_rate":0.5},7],"sample_rate":0.1,"ident":"x","timestamp":"1970-01-01T00:00:02Z","level":"info"}"#;
        let (one, two) = (Some(1_000_000_000), Some(2_000_000_000));
        let x = Some("\"x\"".to_owned());
        let expected = [
            ("a_b".to_owned(), two, 10.0, Some("1".to_owned())),
            ("a_c".to_owned(), one, 20.0, x.clone()),
            (String::new(), two, 10.0, x),
        ];
        assert_eq!(all("trine", line), expected);
    }

    #[test]
    fn a_batch_without_a_list_is_an_event() {
        let found = all("trine", r#"{"event":"events_batch","events":3}"#);
        assert_eq!(found, [("events_batch".to_owned(), None, 1.0, None)]);
    }

    #[test]
    fn events_of_others_are_read_where_they_lie() {
        let line =
            r#"{"timestamp":"1970-01-01T00:00:01Z","level":"INFO","fields":{"message":"a b","id":"x"}}"#;
        assert_eq!(
            all("tracing", line),
            [("a b".to_owned(), Some(1_000_000_000), 1.0, Some("\"x\"".to_owned()))]
        );
        let line = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"5","body":{"stringValue":"one"}},{"timeUnixNano":"6","body":{"stringValue":"two"},"attributes":[{"key":"id","value":{"intValue":"9"}}]}]}]}]}"#;
        let found = all("otlp", line);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].3.as_deref(), Some("\"9\""));
    }

    #[test]
    fn a_broken_line_is_an_error_and_not_an_event() {
        let reader = Reader::new(foreign::named("trine").unwrap(), &[&["id"]]);
        assert!(reader.each(Line::new(b"{\"event\":\"a_b\",\"x\":"), &mut |_| panic!("an event")).is_err());
    }
}
