//! An event, as encoders, stages and tests see it.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use trine_model::Level;
use trine_ring::record::{BlockRef, Record};

pub use trine_ring::record::{List, Map, Text, ValueRef};

use crate::callsite::Callsite;

/// An event on its way to an output: what the callsite knows, the record's values, the time.
#[derive(Clone, Copy, Debug)]
pub struct EventRef<'a> {
    pub(crate) site: &'static Callsite,
    pub(crate) record: Record<'a>,
    pub(crate) unix_ns: i64,
}

impl<'a> EventRef<'a> {
    /// The name, exactly as written.
    pub fn name(&self) -> &'static str {
        self.site.name()
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.site.level()
    }

    /// The callsite: module, file, line, keys.
    pub fn callsite(&self) -> &'static Callsite {
        self.site
    }

    /// When it happened: nanoseconds since 1970-01-01 UTC.
    pub fn unix_ns(&self) -> i64 {
        self.unix_ns
    }

    /// The fields in the order of the line: those of the call, then what options added, then context, the inner first.
    /// A key occurs once: the first wins.
    pub fn fields(&self) -> impl Iterator<Item = (Cow<'a, str>, ValueRef<'a>)> {
        let values = self.record.values();
        let blocks = values.clone().blocks();
        let keys: &'static [&'static str] = self.site.keys();
        let of_call = keys.iter().map(|key| Cow::Borrowed(*key)).zip(values);
        let this = *self;
        let of_context = blocks.clone().enumerate().flat_map(move |(index, block)| {
            block.fields().filter(move |(key, _)| !this.has_before(index, *key))
        });
        of_call.chain(of_context.map(|(key, value)| (key.to_str(), value)))
    }

    /// True when the call, or a block before the one at `index`, has the key.
    pub(crate) fn has_before(&self, index: usize, key: Text<'_>) -> bool {
        let is_key = |other: &[u8]| other == key.as_bytes();
        self.site.keys().iter().any(|other| is_key(other.as_bytes()))
            || self
                .record
                .values()
                .blocks()
                .take(index)
                .flat_map(BlockRef::fields)
                .any(|(other, _)| is_key(other.as_bytes()))
    }

    /// A copy that owns its data.
    pub fn to_owned(&self) -> Event {
        Event {
            name: self.name(),
            level: self.level(),
            module: self.site.module(),
            time: from_unix_ns(self.unix_ns),
            fields: self
                .fields()
                .map(|(key, value)| Field { key: key.into_owned(), value: value.into() })
                .collect(),
        }
    }
}

/// An event with its data, as tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    name: &'static str,
    level: Level,
    module: &'static str,
    time: SystemTime,
    fields: Vec<Field>,
}

impl Event {
    /// The name, exactly as written.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Path of the module that emitted it.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// When it happened.
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// The fields, in the order of the line.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The keys, in the order of the line.
    pub fn keys(&self) -> Vec<&str> {
        self.fields.iter().map(|field| &*field.key).collect()
    }

    /// The value of a field, if the event has it.
    pub fn get(&self, key: &str) -> Option<&OwnedValue> {
        self.fields.iter().find(|field| field.key == key).map(|field| &field.value)
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key.
    pub key: String,
    /// The value.
    pub value: OwnedValue,
}

/// The value of a field, owned. Widths are gone: an integer is an integer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OwnedValue {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer that fits 128 bits with a sign.
    Int(i128),
    /// An integer that fits 128 bits without one only.
    Uint(u128),
    /// A float.
    Float(f64),
    /// Text.
    Text(String),
    /// A length of time.
    Duration(Duration),
    /// A point in time.
    Time(SystemTime),
    /// An IP address.
    Ip(IpAddr),
    /// An IP address and port.
    Socket(SocketAddr),
    /// Values in order.
    List(Vec<OwnedValue>),
    /// Keys and values in order.
    Map(Vec<(String, OwnedValue)>),
    /// There is no value; the text says why.
    Failed(String),
}

impl OwnedValue {
    /// The text of a text value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            OwnedValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An integer value, when it fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            OwnedValue::Int(value) => i64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// A number as a float: integers too.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            OwnedValue::Float(value) => Some(*value),
            OwnedValue::Int(value) => Some(*value as f64),
            OwnedValue::Uint(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// A truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            OwnedValue::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

impl From<ValueRef<'_>> for OwnedValue {
    fn from(value: ValueRef<'_>) -> OwnedValue {
        let text = |text: Text<'_>| text.to_str().into_owned();
        match value {
            ValueRef::Null => OwnedValue::Null,
            ValueRef::Bool(v) => OwnedValue::Bool(v),
            ValueRef::I64(v) => OwnedValue::Int(v.into()),
            ValueRef::U64(v) => OwnedValue::Int(v.into()),
            ValueRef::I128(v) => OwnedValue::Int(v),
            ValueRef::U128(v) => i128::try_from(v).map_or(OwnedValue::Uint(v), OwnedValue::Int),
            ValueRef::F32(v) => OwnedValue::Float(v.into()),
            ValueRef::F64(v) => OwnedValue::Float(v),
            ValueRef::Char(v) => OwnedValue::Text(v.into()),
            ValueRef::Str(v) => OwnedValue::Text(text(v)),
            ValueRef::Duration(s, ns) => OwnedValue::Duration(Duration::new(s, ns)),
            ValueRef::Time(s, ns) => OwnedValue::Time(from_parts(s, ns)),
            ValueRef::Ip(v) => OwnedValue::Ip(v),
            ValueRef::Socket(v) => OwnedValue::Socket(v),
            ValueRef::List(v) => OwnedValue::List(v.items().map(OwnedValue::from).collect()),
            ValueRef::Map(v) => {
                OwnedValue::Map(v.entries().map(|(key, value)| (text(key), value.into())).collect())
            }
            ValueRef::Failed(v) => OwnedValue::Failed(text(v)),
        }
    }
}

/// Fields of a block, owned.
pub(crate) fn owned_fields<'a>(fields: impl Iterator<Item = (Text<'a>, ValueRef<'a>)>) -> Vec<Field> {
    fields.map(|(key, value)| Field { key: key.to_str().into_owned(), value: value.into() }).collect()
}

fn from_unix_ns(ns: i64) -> SystemTime {
    from_parts(ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000) as u32)
}

/// Seconds rounded down and nanoseconds above them; a time beyond what the system can hold becomes 1970.
fn from_parts(seconds: i64, nanos: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    start.and_then(|start| start.checked_add(Duration::new(0, nanos))).unwrap_or(UNIX_EPOCH)
}
