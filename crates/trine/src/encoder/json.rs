//! JSON lines: docs/format.md §1.

use std::collections::HashSet;

use trine_ring::{
    Appender,
    record::{BlockRef, List, Map, Text, ValueRef},
};

use super::{Encoder, duration, escape, plans::Plans};
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
    plans: Plans<Plan>,
    contexts: Vec<Option<ContextText>>,
    stamp: Stamp,
}

/// A callsite's constant text.
#[derive(Debug)]
struct Plan {
    /// `{"event":"name"`
    head: Vec<u8>,
    /// `,"key":` of each key, and the unit of a duration in it.
    keys: Vec<(Vec<u8>, f64)>,
    /// `,"level":"info"}\n`
    tail: Vec<u8>,
}

#[derive(Debug)]
struct ContextText {
    id: u64,
    text: Vec<u8>,
}

impl Plan {
    fn new(site: &Callsite) -> Plan {
        let mut head = Vec::new();
        let mut out = Appender::new(&mut head);
        out.bytes(b"{\"event\":");
        escape::quoted(&mut out, site.name().as_bytes());
        drop(out);
        let keys = site.keys().iter().map(|key| {
            let mut text = Vec::new();
            write_key(&mut Appender::new(&mut text), key.as_bytes());
            (text, duration::unit_ns(key.as_bytes()))
        });
        Plan {
            head,
            keys: keys.collect(),
            tail: format!(",\"level\":\"{}\"}}\n", site.level().as_str()).into_bytes(),
        }
    }
}

impl Json {
    /// The encoder; it has no settings.
    pub fn new() -> Json {
        Json::default()
    }
}

/// Appends a context that shares no key with what came before.
#[inline]
fn write_context(contexts: &mut Vec<Option<ContextText>>, block: BlockRef<'_>, out: &mut Appender<'_>) {
    let slot = block.id() as usize % CONTEXTS_KEPT;
    if let Some(Some(kept)) = contexts.get(slot)
        && kept.id == block.id()
    {
        return out.bytes(&kept.text);
    }
    out.with_vec(|out| write_new_context(contexts, block, out));
}

/// Appends a context that is not kept yet, and keeps its text.
#[cold]
fn write_new_context(contexts: &mut Vec<Option<ContextText>>, block: BlockRef<'_>, out: &mut Vec<u8>) {
    let begin = out.len();
    for (key, value) in block.fields() {
        write_field(out, key.as_bytes(), &value);
    }
    let text = &out[begin..];
    if block.id() != 0 && text.len() <= CONTEXT_BYTES_KEPT {
        if contexts.is_empty() {
            contexts.resize_with(CONTEXTS_KEPT, || None);
        }
        let slot = block.id() as usize % CONTEXTS_KEPT;
        contexts[slot] = Some(ContextText { id: block.id(), text: text.into() });
    }
}

impl Encoder for Json {
    fn encode(&mut self, event: &EventRef<'_>, out: &mut Vec<u8>) {
        let Json { plans, contexts, stamp } = self;
        let plan = plans.of(event.site, Plan::new);
        let mut out = Appender::new(out);
        out.bytes(&plan.head);
        let mut values = event.record.values();
        for (key, unit_ns) in &plan.keys {
            out.bytes(key);
            match values.next() {
                Some(value) => write_value(&mut out, &value, Unit::Ns(*unit_ns)),
                None => out.bytes(b"null"),
            }
        }
        let mut seen = event.site.key_mask();
        for (index, block) in values.blocks().enumerate() {
            if seen & block.mask() == 0 {
                write_context(contexts, block, &mut out);
            } else {
                let is_first = |(key, _): &(Text<'_>, ValueRef<'_>)| !event.has_before(index, *key);
                for (key, value) in block.fields().filter(is_first) {
                    out.with_vec(|out| write_field(out, key.as_bytes(), &value));
                }
            }
            seen |= block.mask();
        }
        out.array(*b",\"timestamp\":\"");
        let (prefix, micros) = stamp.quoted(event.unix_ns);
        out.array(*prefix);
        out.array(micros);
        out.bytes(&plan.tail);
    }

    fn fresh(&self) -> Box<dyn Encoder> {
        Box::new(Json::new())
    }
}

/// Appends `,"key":`.
fn write_key(out: &mut Appender<'_>, key: &[u8]) {
    out.array(*b",");
    escape::quoted(out, key);
    out.array(*b":");
}

fn write_field(out: &mut Vec<u8>, key: &[u8], value: &ValueRef<'_>) {
    let out = &mut Appender::new(out);
    write_key(out, key);
    write_value(out, value, Unit::Of(key));
}

/// The unit for a duration: known, or that of a key, which is looked at where there is a duration.
#[derive(Clone, Copy)]
enum Unit<'a> {
    Ns(f64),
    Of(&'a [u8]),
}

impl Unit<'_> {
    fn ns(self) -> f64 {
        match self {
            Unit::Ns(ns) => ns,
            Unit::Of(key) => duration::unit_ns(key),
        }
    }
}

/// Appends a value to a vector, as compact JSON.
pub(super) fn append_value(out: &mut Vec<u8>, value: &ValueRef<'_>, unit_ns: f64) {
    write_value(&mut Appender::new(out), value, Unit::Ns(unit_ns));
}

/// Appends a value.
#[inline(always)]
fn write_value(out: &mut Appender<'_>, value: &ValueRef<'_>, unit: Unit<'_>) {
    match value {
        ValueRef::Str(text) => escape::quoted(out, text.as_bytes()),
        ValueRef::U64(v) => write_u64(out, *v),
        ValueRef::I64(v) => {
            if *v < 0 {
                out.array(*b"-");
            }
            write_u64(out, v.unsigned_abs());
        }
        ValueRef::F64(v) => write_f64(out, *v),
        ValueRef::Bool(true) => out.array(*b"true"),
        ValueRef::Bool(false) => out.array(*b"false"),
        ValueRef::Null => out.array(*b"null"),
        rare => out.with_vec(|out| write_rare(out, rare, unit)),
    }
}

/// Appends a value of a type seen less often.
#[inline(never)]
fn write_rare(out: &mut Vec<u8>, value: &ValueRef<'_>, unit: Unit<'_>) {
    match value {
        ValueRef::List(list) => write_list(out, *list, unit),
        ValueRef::Map(map) => write_map(out, *map),
        _ => write_scalar(out, value, unit),
    }
}

#[inline(never)]
fn write_scalar(out: &mut Vec<u8>, value: &ValueRef<'_>, unit: Unit<'_>) {
    let out = &mut Appender::new(out);
    match value {
        ValueRef::I128(v) => out.bytes(itoa::Buffer::new().format(*v).as_bytes()),
        ValueRef::U128(v) => out.bytes(itoa::Buffer::new().format(*v).as_bytes()),
        ValueRef::F32(v) if v.is_finite() => out.bytes(zmij::Buffer::new().format_finite(*v).as_bytes()),
        ValueRef::F32(v) => write_f64(out, f64::from(*v)),
        ValueRef::Char(v) => escape::quoted(out, v.encode_utf8(&mut [0; 4]).as_bytes()),
        ValueRef::Duration(seconds, nanos) => write_f64(out, duration::number(*seconds, *nanos, unit.ns())),
        ValueRef::Time(seconds, nanos) => {
            out.array(*b"\"");
            out.with_vec(|out| civil::write_time(out, *seconds, *nanos));
            out.array(*b"\"");
        }
        ValueRef::Ip(v) => escape::quoted(out, v.to_string().as_bytes()),
        ValueRef::Socket(v) => escape::quoted(out, v.to_string().as_bytes()),
        ValueRef::Failed(why) => {
            out.array(*b"\"<");
            escape::escape(out, why.as_bytes());
            out.array(*b">\"");
        }
        other => write_value(out, other, unit),
    }
}

#[inline(never)]
fn write_list(out: &mut Vec<u8>, list: List<'_>, unit: Unit<'_>) {
    let mut out = Appender::new(out);
    out.array(*b"[");
    for (index, item) in list.items().enumerate() {
        if index > 0 {
            out.array(*b",");
        }
        write_nested(&mut out, &item, unit);
    }
    out.array(*b"]");
}

/// Appends a map. Of a key written twice (a user's own [`Value`](crate::Value) may) the first stays.
#[inline(never)]
fn write_map(out: &mut Vec<u8>, map: Map<'_>) {
    let mut out = Appender::new(out);
    out.array(*b"{");
    let mut keys = Keys::new(map);
    for (index, (key, value)) in map.entries().enumerate() {
        if keys.has_before(index, key) {
            continue;
        }
        if index > 0 {
            out.array(*b",");
        }
        escape::quoted(&mut out, key.as_bytes());
        out.array(*b":");
        write_nested(&mut out, &value, Unit::Of(key.as_bytes()));
    }
    out.array(*b"}");
}

/// Appends a value of a list or a map: text, as most are, in place; what else there is by a call, so that 64 of them, one in the other,
/// need little of the stack.
#[inline(always)]
fn write_nested(out: &mut Appender<'_>, value: &ValueRef<'_>, unit: Unit<'_>) {
    match value {
        ValueRef::Str(text) => escape::quoted(out, text.as_bytes()),
        ValueRef::List(list) => out.with_vec(|out| write_list(out, *list, unit)),
        ValueRef::Map(map) => out.with_vec(|out| write_map(out, *map)),
        other => out.with_vec(|out| write_scalar(out, other, unit)),
    }
}

/// Entries of a map up to which a doubtful key is looked for among those before it; beyond, a set is kept.
const KEYS_COMPARED: usize = 64;

/// The keys of a map so far. Nearly all are told apart by one bit each, without keeping or comparing anything.
struct Keys<'a> {
    map: Map<'a>,
    bits: u64,
    many: Option<HashSet<&'a [u8]>>,
}

impl<'a> Keys<'a> {
    fn new(map: Map<'a>) -> Keys<'a> {
        Keys { map, bits: 0, many: None }
    }

    /// True when an entry before the one at `index` has the key.
    fn has_before(&mut self, index: usize, key: Text<'a>) -> bool {
        if index >= KEYS_COMPARED {
            let before = || self.map.entries().take(index).map(|(key, _)| key.as_bytes()).collect();
            return !self.many.get_or_insert_with(before).insert(key.as_bytes());
        }
        let bytes = key.as_bytes();
        let ends = bytes
            .first()
            .zip(bytes.last())
            .map_or(0, |(first, last)| usize::from(*first) * 5 + usize::from(*last));
        let bit = 1 << ((ends + bytes.len() * 11) % 64);
        let is_doubtful = self.bits & bit != 0;
        self.bits |= bit;
        is_doubtful && self.map.entries().take(index).any(|(other, _)| other == key)
    }
}

/// Up to eight digits at once, in a register; more by way of a buffer.
#[inline(always)]
fn write_u64(out: &mut Appender<'_>, v: u64) {
    match u32::try_from(v) {
        Ok(short @ ..100_000_000) => {
            let digits = civil::eight_digits(short);
            // Of zero, one stays.
            let zeros = (digits | 1 << 56).trailing_zeros() / 8;
            let text = (digits + 0x3030_3030_3030_3030) >> (8 * zeros);
            out.first(text.to_le_bytes(), 8 - zeros as usize);
        }
        _ => out.with_vec(|out| write_long(out, v)),
    }
}

#[inline(never)]
fn write_long(out: &mut Vec<u8>, v: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(v).as_bytes());
}

/// The shortest digits that read back as the same number; what JSON has no number for is a string.
#[inline(always)]
fn write_f64(out: &mut Appender<'_>, v: f64) {
    if v.is_finite() {
        out.bytes(zmij::Buffer::new().format_finite(v).as_bytes());
    } else {
        out.bytes(non_finite(v));
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
