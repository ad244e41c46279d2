//! A value of any shape, as a program could pass it.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arbitrary::{Arbitrary, Unstructured};
use trine_ring::{Arg, Value, ValueWriter, record::ValueRef};

/// Every kind of value there is.
#[derive(Arbitrary, Clone, Debug, PartialEq)]
pub enum Tree {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A wide signed integer.
    I128(i128),
    /// A wide unsigned integer.
    U128(u128),
    /// A single-precision float.
    F32(f32),
    /// A double-precision float.
    F64(f64),
    /// One character.
    Char(char),
    /// Text.
    Str(String),
    /// A length of time.
    Duration(Duration),
    /// A point in time.
    Time(Instant),
    /// An IP address.
    Ip(IpAddr),
    /// An IP address and port.
    Socket(SocketAddr),
    /// Values in order.
    List(Vec<Tree>),
    /// Keys and values in order; a key may stand twice.
    Map(Vec<(String, Tree)>),
}

/// A point in time that every system can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub SystemTime);

impl<'a> Arbitrary<'a> for Instant {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Instant> {
        let since = Duration::new(u64::arbitrary(u)? >> 2, u32::arbitrary(u)? % 1_000_000_000);
        let time =
            if bool::arbitrary(u)? { UNIX_EPOCH.checked_add(since) } else { UNIX_EPOCH.checked_sub(since) };
        time.map(Instant).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

impl Tree {
    /// The value as one plain argument, when it is one.
    fn plain(&self) -> Option<Arg<'_>> {
        Some(match self {
            Tree::Null => Arg::Null,
            Tree::Bool(v) => Arg::Bool(*v),
            Tree::I64(v) => Arg::I64(*v),
            Tree::U64(v) => Arg::U64(*v),
            Tree::I128(v) => Arg::I128(v),
            Tree::U128(v) => Arg::U128(v),
            Tree::F32(v) => Arg::F32(*v),
            Tree::F64(v) => Arg::F64(*v),
            Tree::Char(v) => Arg::Char(*v),
            Tree::Str(v) => Arg::Str(v),
            Tree::Duration(v) => Arg::Duration(v),
            Tree::Time(v) => Arg::Time(&v.0),
            Tree::Ip(v) => Arg::Ip(v),
            Tree::Socket(v) => Arg::Socket(v),
            Tree::List(_) | Tree::Map(_) => return None,
        })
    }

    /// The argument a callsite would pass.
    pub fn arg(&self) -> Arg<'_> {
        self.plain().unwrap_or(Arg::Dyn(self))
    }

    /// How many lists and maps lie in each other, at most.
    pub fn depth(&self) -> usize {
        match self {
            Tree::List(items) => 1 + items.iter().map(Tree::depth).max().unwrap_or(0),
            Tree::Map(entries) => 1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The value that was read, owned; `None` where a failed one lies in it, which no program writes.
    pub fn read(value: ValueRef<'_>) -> Option<Tree> {
        Some(match value {
            ValueRef::Null => Tree::Null,
            ValueRef::Bool(v) => Tree::Bool(v),
            ValueRef::I64(v) => Tree::I64(v),
            ValueRef::U64(v) => Tree::U64(v),
            ValueRef::I128(v) => Tree::I128(v),
            ValueRef::U128(v) => Tree::U128(v),
            ValueRef::F32(v) => Tree::F32(v),
            ValueRef::F64(v) => Tree::F64(v),
            ValueRef::Char(v) => Tree::Char(v),
            ValueRef::Str(v) => Tree::Str(v.to_str().into_owned()),
            ValueRef::Duration(seconds, nanos) => Tree::Duration(Duration::new(seconds, nanos)),
            ValueRef::Time(seconds, nanos) => Tree::Time(Instant(time(seconds, nanos)?)),
            ValueRef::Ip(v) => Tree::Ip(v),
            ValueRef::Socket(v) => Tree::Socket(v),
            ValueRef::List(list) => Tree::List(list.items().map(Tree::read).collect::<Option<_>>()?),
            ValueRef::Map(map) => {
                let entries =
                    map.entries().map(|(key, value)| Some((key.to_str().into_owned(), Tree::read(value)?)));
                Tree::Map(entries.collect::<Option<_>>()?)
            }
            ValueRef::Failed(_) => return None,
        })
    }
}

fn time(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    start?.checked_add(Duration::new(0, nanos))
}

impl Value for Tree {
    fn scalar(&self) -> Option<Arg<'_>> {
        self.plain()
    }

    fn encode(&self, writer: ValueWriter<'_>) {
        match self {
            Tree::List(items) => {
                let mut list = writer.list();
                items.iter().for_each(|item| {
                    list.item(item);
                });
            }
            Tree::Map(entries) => {
                let mut map = writer.map();
                entries.iter().for_each(|(key, value)| {
                    map.entry(key, value);
                });
            }
            plain => writer.arg(&plain.arg()),
        }
    }
}
