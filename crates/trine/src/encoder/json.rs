//! JSON lines: docs/format.md §1.

use trine_ring::record::{BlockRef, ValueRef};

use super::{Encoder, duration, escape};
use crate::{callsite::Callsite, civil, civil::Stamp, event::EventRef};

/// Contexts whose text is kept. A slot per id modulo this; a request's events come close together, so few are needed.
const CONTEXTS_KEPT: usize = 256;
/// Longest context text that is kept, so that the whole cache stays below 1 MiB.
const CONTEXT_BYTES_KEPT: usize = 4096;

/// One JSON object per line: `event`, the fields of the call, context, `timestamp`, `level`.
///
/// What does not change is kept as text: of each callsite everything but the values, of each context all of it.
#[derive(Debug, Default)]
pub struct Json {
    /// By callsite number.
    plans: Vec<Option<Box<Plan>>>,
    contexts: Vec<Option<ContextText>>,
    stamp: Stamp,
}

/// A callsite's constant text.
#[derive(Debug)]
struct Plan {
    /// `{"event":"name"`
    head: Vec<u8>,
    /// `,"key":` of each key, and what a second is worth in it.
    keys: Vec<(Vec<u8>, f64)>,
    /// `","level":"info"}\n`
    tail: Vec<u8>,
}

#[derive(Debug)]
struct ContextText {
    id: u64,
    text: Vec<u8>,
}

impl Plan {
    fn new(site: &Callsite) -> Plan {
        let mut head = b"{\"event\":\"".to_vec();
        escape::escape(&mut head, site.name().as_bytes());
        head.push(b'"');
        let keys = site.keys().iter().map(|key| {
            let mut text = Vec::new();
            write_key(&mut text, key.as_bytes());
            (text, duration::per_second(key.as_bytes()))
        });
        Plan { head, keys: keys.collect(), tail: format!("\",\"level\":\"{}\"}}\n", site.level().as_str()).into_bytes() }
    }
}

impl Json {
    /// The encoder; it has no settings.
    pub fn new() -> Json {
        Json::default()
    }

    #[inline]
    fn plan<'a>(plans: &'a mut Vec<Option<Box<Plan>>>, site: &Callsite) -> &'a Plan {
        let id = site.id() as usize;
        if plans.len() <= id {
            plans.resize_with(id + 1, || None);
        }
        plans[id].get_or_insert_with(|| Box::new(Plan::new(site)))
    }

    /// Appends a context that shares no key with what came before.
    #[inline]
    fn context(&mut self, block: BlockRef<'_>, out: &mut Vec<u8>) {
        let slot = block.id() as usize % CONTEXTS_KEPT;
        if let Some(Some(kept)) = self.contexts.get(slot) {
            if kept.id == block.id() {
                out.extend_from_slice(&kept.text);
                return;
            }
        }
        let start = out.len();
        for (key, value) in block.fields() {
            write_field(out, key.as_bytes(), &value);
        }
        let text = &out[start..];
        if block.id() != 0 && text.len() <= CONTEXT_BYTES_KEPT {
            if self.contexts.is_empty() {
                self.contexts.resize_with(CONTEXTS_KEPT, || None);
            }
            match &mut self.contexts[slot] {
                Some(kept) => {
                    kept.id = block.id();
                    kept.text.clear();
                    kept.text.extend_from_slice(text);
                }
                empty => *empty = Some(ContextText { id: block.id(), text: text.to_vec() }),
            }
        }
    }
}

impl Encoder for Json {
    fn encode(&mut self, event: &EventRef<'_>, out: &mut Vec<u8>) {
        let plan = Json::plan(&mut self.plans, event.site);
        out.extend_from_slice(&plan.head);
        let mut values = event.record.values();
        for (key, per_second) in &plan.keys {
            out.extend_from_slice(key);
            match values.next() {
                Some(value) => write_value(out, &value, *per_second),
                None => out.extend_from_slice(b"null"),
            }
        }
        let mut seen = event.site.key_mask();
        for (index, block) in values.blocks().enumerate() {
            if seen & block.mask() == 0 {
                self.context(block, out);
            } else {
                for (key, value) in block.fields().filter(|(key, _)| !event.has_before(index, *key)) {
                    write_field(out, key.as_bytes(), &value);
                }
            }
            seen |= block.mask();
        }
        out.extend_from_slice(b",\"timestamp\":\"");
        self.stamp.write(out, event.unix_ns);
        out.extend_from_slice(&Json::plan(&mut self.plans, event.site).tail);
    }

    fn fresh(&self) -> Box<dyn Encoder> {
        Box::new(Json::new())
    }
}

/// Appends `,"key":`.
fn write_key(out: &mut Vec<u8>, key: &[u8]) {
    out.extend_from_slice(b",\"");
    escape::escape_lossy(out, key);
    out.extend_from_slice(b"\":");
}

fn write_field(out: &mut Vec<u8>, key: &[u8], value: &ValueRef<'_>) {
    write_key(out, key);
    write_value(out, value, duration::per_second(key));
}

/// Appends a value. `per_second` is the unit for a duration.
#[inline]
pub(super) fn write_value(out: &mut Vec<u8>, value: &ValueRef<'_>, per_second: f64) {
    match value {
        ValueRef::Str(text) => write_text(out, text.as_bytes()),
        ValueRef::U64(v) => out.extend_from_slice(itoa::Buffer::new().format(*v).as_bytes()),
        ValueRef::I64(v) => out.extend_from_slice(itoa::Buffer::new().format(*v).as_bytes()),
        ValueRef::F64(v) => write_f64(out, *v),
        ValueRef::Bool(true) => out.extend_from_slice(b"true"),
        ValueRef::Bool(false) => out.extend_from_slice(b"false"),
        ValueRef::Null => out.extend_from_slice(b"null"),
        rare => write_rare(out, rare, per_second),
    }
}

fn write_rare(out: &mut Vec<u8>, value: &ValueRef<'_>, per_second: f64) {
    match value {
        ValueRef::I128(v) => out.extend_from_slice(itoa::Buffer::new().format(*v).as_bytes()),
        ValueRef::U128(v) => out.extend_from_slice(itoa::Buffer::new().format(*v).as_bytes()),
        ValueRef::F32(v) if v.is_finite() => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(*v).as_bytes());
        }
        ValueRef::F32(v) => write_f64(out, f64::from(*v)),
        ValueRef::Char(v) => write_text(out, v.encode_utf8(&mut [0; 4]).as_bytes()),
        ValueRef::Duration(seconds, nanos) => write_f64(out, duration::number(*seconds, *nanos, per_second)),
        ValueRef::Time(seconds, nanos) => {
            out.push(b'"');
            civil::write_time(out, *seconds, *nanos);
            out.push(b'"');
        }
        ValueRef::Ip(v) => write_text(out, v.to_string().as_bytes()),
        ValueRef::Socket(v) => write_text(out, v.to_string().as_bytes()),
        ValueRef::List(list) => {
            out.push(b'[');
            for (index, item) in list.items().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, &item, per_second);
            }
            out.push(b']');
        }
        ValueRef::Map(map) => write_map(out, map.entries()),
        ValueRef::Failed(why) => {
            out.extend_from_slice(b"\"<");
            escape::escape_lossy(out, why.as_bytes());
            out.extend_from_slice(b">\"");
        }
        common => write_value(out, common, per_second),
    }
}

/// Appends a map. Of a key written twice (a user's own [`Value`](crate::Value) may) the first stays.
fn write_map<'a>(out: &mut Vec<u8>, entries: impl Iterator<Item = (trine_ring::record::Text<'a>, ValueRef<'a>)>) {
    out.push(b'{');
    let mut seen = Keys::default();
    for (key, value) in entries {
        if !seen.insert(key.as_bytes()) {
            continue;
        }
        if seen.count > 1 {
            out.push(b',');
        }
        write_text_lossy(out, key.as_bytes());
        out.push(b':');
        write_value(out, &value, duration::per_second(key.as_bytes()));
    }
    out.push(b'}');
}

/// Above so many keys, a set is used instead of comparing with each.
const KEYS_COMPARED: usize = 16;

/// The keys of a map so far.
#[derive(Default)]
struct Keys<'a> {
    few: Vec<&'a [u8]>,
    many: std::collections::HashSet<&'a [u8]>,
    count: usize,
}

impl<'a> Keys<'a> {
    /// True when the key is new.
    fn insert(&mut self, key: &'a [u8]) -> bool {
        let is_new = if self.few.len() < KEYS_COMPARED {
            let is_new = !self.few.contains(&key);
            if is_new {
                self.few.push(key);
            }
            is_new
        } else {
            !self.few.contains(&key) && self.many.insert(key)
        };
        self.count += usize::from(is_new);
        is_new
    }
}

#[inline]
fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    escape::escape(out, text);
    out.push(b'"');
}

fn write_text_lossy(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    escape::escape_lossy(out, text);
    out.push(b'"');
}

/// The shortest digits that read back as the same number; what JSON has no number for is a string.
#[inline]
fn write_f64(out: &mut Vec<u8>, v: f64) {
    if v.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(v).as_bytes());
    } else {
        out.extend_from_slice(non_finite(v));
    }
}

fn non_finite(v: f64) -> &'static [u8] {
    if v.is_nan() {
        b"\"NaN\""
    } else if v > 0.0 {
        b"\"inf\""
    } else {
        b"\"-inf\""
    }
}
