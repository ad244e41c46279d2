//! Everything that happened under one id: found as bytes, put in order, and made into a tree of runs.
//!
//! ```
//! use trine_query::{flow::{Finder, What}, scan::{foreign, input::{Input, Options, scan}}};
//!
//! let log = br#"{"event":"order_fulfill_started","order_id":"ORD-1","timestamp":"2025-10-24T10:00:00.000000Z","level":"info"}
//! {"event":"payment_charge_started","order_id":"ORD-1","timestamp":"2025-10-24T10:00:00.010000Z","level":"info"}
//! {"event":"payment_charge_failed","order_id":"ORD-1","error":"declined","timestamp":"2025-10-24T10:00:00.200000Z","level":"error"}
//! {"event":"order_fulfill_failed","order_id":"ORD-1","reason":"payment","timestamp":"2025-10-24T10:00:00.210000Z","level":"error"}
//! "#;
//! let input = Input::reader("log", &log[..]);
//! let finder = Finder::new("ORD-1", None);
//! let found = scan(&input, &Options::default(), || finder.begin(), |found, block| {
//!     finder.feed(found, block, foreign::named("trine").unwrap());
//! });
//! let flow = finder.finish(found.states);
//! let shown: Vec<_> = flow.nodes.iter().map(|node| (node.depth, node.what, node.name.as_str())).collect();
//! assert_eq!(shown, [(0, What::Run, "order_fulfill"), (1, What::Run, "payment_charge")]);
//! assert_eq!(flow.nodes[1].end_ns.unwrap() - flow.nodes[1].begin_ns, 190_000_000);
//! ```
//!
//! # What belongs to an id?
//! An event one of whose values is the id, whatever its key, however deep; a number is the id that its digits are. Of a batch the events
//! that hold it, or all of them where the batch itself does.
//!
//! # Where is a run in the tree?
//! Below the run whose `operation_id` is its `parent`, where it says one. Else below the shortest run that goes on all the while it
//! does; of an unfinished run only the begin counts. Starts and ends are paired by [`crate::operations::pair`].

use std::collections::BTreeMap;

use trine_model::{Level, NameParts, Role};

use crate::{
    events::{Event, Reader, each_field},
    operations::{DURATIONS, KEYS, Keys, as_name, duration_ms},
    scan::{
        foreign::Format,
        input::{Block, Order, TimeRange},
        line::{Kind, Line, Raw},
        needles::{Condition, Needles},
    },
};

mod tree;

pub use self::tree::{GAP_NS_MIN, GAP_SHARE, Node, What};

/// Events of one id that are kept, by each worker: more is not a flow that a person reads.
pub const EVENTS_MAX: usize = 50_000;
/// Fields of one event that are kept.
pub const FIELDS_MAX: usize = 64;
/// Bytes of one value that are kept.
pub const VALUE_BYTES_MAX: usize = 1_000;

/// An event of a flow.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    name: String,
    at_ns: i64,
    level: Option<Level>,
    /// Its fields but for name, time and level, as text or JSON, in the order of the line.
    fields: Vec<(String, String)>,
    /// Its domain and action, and its status, as far as its name has them.
    operation: String,
    status: String,
    role: Role,
    /// The keys under which the id was found.
    found_at: Vec<String>,
    keys: Keys,
    duration_ms: Option<f64>,
    operation_id: Option<String>,
    parent: Option<String>,
    /// Where it stands in the log.
    order: (Order, usize),
}

/// Everything of one id.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Runs, events and gaps, each below what it belongs to, in the order of their times.
    pub nodes: Vec<Node>,
    /// How many events there are.
    pub events: usize,
    /// Events that were left out, because there were too many or they had no time.
    pub left_out: u64,
    /// The first event and the last one.
    pub times_ns: Option<(i64, i64)>,
    /// Fields of several events that are the same in all that have them, and in how many: keys of the flow. In the order of the names.
    pub shared: BTreeMap<String, (String, usize)>,
    /// Keys whose value is the id, and of how many events.
    pub found_at: BTreeMap<String, usize>,
}

/// Finds the events of one id.
#[derive(Debug)]
pub struct Finder {
    id: String,
    needles: Needles,
    range: Option<TimeRange>,
}

/// What one worker has found.
#[derive(Debug, Default)]
pub struct Gathered {
    readers: Vec<(&'static Format, Reader)>,
    events: Vec<Found>,
    left_out: u64,
}

impl Finder {
    /// For this id, within a range of time.
    pub fn new(id: &str, range: Option<TimeRange>) -> Finder {
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        let condition = if is_number { Condition::text_holds(id) } else { Condition::text_is(id) };
        Finder { id: id.to_owned(), needles: Needles::new(&condition, b""), range }
    }

    /// Nothing found yet.
    pub fn begin(&self) -> Gathered {
        Gathered::default()
    }

    /// Takes in a block of lines of this format.
    pub fn feed(&self, gathered: &mut Gathered, block: Block<'_>, format: &'static Format) {
        let place = match gathered.readers.iter().position(|(known, _)| std::ptr::eq(*known, format)) {
            Some(place) => place,
            None => {
                gathered.readers.push((format, Reader::new(format, &wanted())));
                gathered.readers.len() - 1
            }
        };
        let Gathered { readers, events, left_out } = gathered;
        for line in self.needles.lines(block.bytes) {
            let order = (block.order, line.start);
            // A broken line has no place in a tree; whoever counts lines counts it.
            let _ = readers[place].1.each(Line::new(&block.bytes[line]), &mut |event| {
                if let Some(found) = self.found(event, format, order) {
                    if events.len() < EVENTS_MAX && event.time_ns.is_some() {
                        events.push(found);
                    } else {
                        *left_out += 1;
                    }
                }
            });
        }
    }

    fn found(&self, event: &Event<'_>, format: &Format, order: (Order, usize)) -> Option<Found> {
        if let Some(range) = self.range
            && !event.time_ns.is_some_and(|at_ns| range.since_ns <= at_ns && at_ns < range.until_ns)
        {
            return None;
        }
        let mut found_at = Vec::new();
        let mut fields = Vec::new();
        each_field(event.line, format, &mut |key, raw| {
            if self.holds(raw, DEPTH_MAX) {
                found_at.push(key.to_owned());
            }
            if fields.len() < FIELDS_MAX {
                fields.push((key.to_owned(), shown(raw)));
            }
        });
        if let Some(batch) = event.batch {
            each_field(batch, format, &mut |key, raw| {
                if !matches!(key, "events" | "event_count") {
                    if self.holds(raw, DEPTH_MAX) {
                        found_at.push(key.to_owned());
                    }
                    if fields.len() < FIELDS_MAX && !fields.iter().any(|(known, _)| known == key) {
                        fields.push((key.to_owned(), shown(raw)));
                    }
                }
            });
        }
        if found_at.is_empty() {
            return None;
        }
        let (durations, rest) = event.fields.split_at(DURATIONS.len());
        let [level, parent, ids @ ..] = rest else { return None };
        let text = |raw: Option<Raw<'_>>| raw.map(shown).filter(|text| !text.is_empty());
        let name = as_name(event.name).unwrap_or_default();
        let parts = NameParts::of(&name);
        Some(Found {
            name: event.name.to_owned(),
            at_ns: event.time_ns.unwrap_or_default(),
            level: level.and_then(|raw| format.level_of(raw)),
            fields,
            operation: parts.operation().into_owned(),
            status: parts.status.to_owned(),
            role: parts.role(),
            found_at,
            keys: Keys::of(ids),
            duration_ms: duration_ms(durations),
            operation_id: text(ids.first().copied().flatten()),
            parent: text(*parent),
            order,
        })
    }

    /// Whether a value is the id, or holds it.
    fn holds(&self, raw: Raw<'_>, depth: usize) -> bool {
        match raw.kind() {
            Kind::Text => raw.is_text(&self.id),
            Kind::Number => raw.bytes() == self.id.as_bytes(),
            Kind::List if depth > 0 => raw.items().flatten().any(|item| self.holds(item, depth - 1)),
            Kind::Map if depth > 0 => {
                raw.members().flatten().any(|member| self.holds(member.value, depth - 1))
            }
            _ => false,
        }
    }

    /// Puts together what the workers have found.
    pub fn finish(&self, gathered: impl IntoIterator<Item = Gathered>) -> Flow {
        let (mut events, mut left_out) = (Vec::new(), 0);
        for one in gathered {
            events.extend(one.events);
            left_out += one.left_out;
        }
        events.sort_by_key(|event| (event.at_ns, event.order));
        let mut found_at = BTreeMap::new();
        for key in events.iter().flat_map(|event| &event.found_at) {
            *found_at.entry(key.clone()).or_insert(0) += 1;
        }
        let times_ns = events.first().zip(events.last()).map(|(first, last)| (first.at_ns, last.at_ns));
        let shared = shared(&events);
        Flow { events: events.len(), left_out, times_ns, shared, found_at, nodes: tree::of(events) }
    }
}

/// How deep an id is looked for in the value of a field.
const DEPTH_MAX: usize = 8;

/// Fields that readers look for: durations, level, parent, ids.
fn wanted() -> Vec<&'static [&'static str]> {
    let mut wanted: Vec<&'static [&'static str]> = DURATIONS.iter().map(|(names, _)| *names).collect();
    wanted.extend([&["level"][..], &["parent", "parent_span_id", "parentSpanId"]]);
    wanted.extend(KEYS);
    wanted
}

/// A value as text: a text without its quotes, else its JSON; cut where it is long.
fn shown(raw: Raw<'_>) -> String {
    let mut buffer = String::new();
    let text = match raw.text(&mut buffer) {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(raw.bytes()).into_owned(),
    };
    let end =
        (0..=VALUE_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].to_owned()
}

/// Fields that several events have, and all the same.
fn shared(events: &[Found]) -> BTreeMap<String, (String, usize)> {
    let mut seen: BTreeMap<&str, (Option<&str>, usize)> = BTreeMap::new();
    for (key, value) in events.iter().flat_map(|event| &event.fields) {
        let known = seen.entry(key).or_insert((Some(value), 0));
        known.0 = known.0.filter(|known| known == value);
        known.1 += 1;
    }
    let same = seen.into_iter().filter(|(_, (value, events))| value.is_some() && *events > 1);
    same.map(|(key, (value, events))| (key.to_owned(), (value.unwrap_or_default().to_owned(), events)))
        .collect()
}
