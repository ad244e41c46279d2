//! Bytes to values. Total: any bytes give some values or an early end, never a panic and never a read outside.

mod nested;
mod whole;
mod width;

use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
};

pub use self::nested::{List, Map};
pub(crate) use self::whole::is_whole_value;
use self::width::{WIDTH_NONE, WIDTH_TEXT, width_of};
use super::{DEPTH_MAX, HEADER_BYTES, Tag, block::BlockRef};

/// Text as it lies in a record. It was UTF-8 when it was written; a damaged ring may hold anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(pub(crate) &'a [u8]);

impl<'a> Text<'a> {
    /// The bytes.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text; what is not UTF-8 becomes U+FFFD. Borrowed unless that happened.
    pub fn to_str(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.0)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_str().fmt(f)
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

/// A value, borrowed from a record.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueRef<'a> {
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
    Str(Text<'a>),
    /// A length of time: seconds, and nanoseconds below one second.
    Duration(u64, u32),
    /// A point in time: seconds since 1970-01-01 UTC rounded down, and nanoseconds above them.
    Time(i64, u32),
    /// An IP address.
    Ip(IpAddr),
    /// An IP address and port.
    Socket(SocketAddr),
    /// Values in order.
    List(List<'a>),
    /// Keys and values in order.
    Map(Map<'a>),
    /// There is no value; the text says why.
    Failed(Text<'a>),
}

impl<'a> ValueRef<'a> {
    /// The text of a text value.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        match self {
            ValueRef::Str(text) => Some(text.to_str()),
            _ => None,
        }
    }

    /// An integer value, when it fits.
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            ValueRef::I64(v) => Some(v),
            ValueRef::U64(v) => v.try_into().ok(),
            ValueRef::I128(v) => v.try_into().ok(),
            ValueRef::U128(v) => v.try_into().ok(),
            _ => None,
        }
    }

    /// A number as a float: integers too.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            ValueRef::F64(v) => Some(v),
            ValueRef::F32(v) => Some(v.into()),
            ValueRef::I64(v) => Some(v as f64),
            ValueRef::U64(v) => Some(v as f64),
            ValueRef::I128(v) => Some(v as f64),
            ValueRef::U128(v) => Some(v as f64),
            _ => None,
        }
    }

    /// A truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            ValueRef::Bool(v) => Some(v),
            _ => None,
        }
    }
}

impl PartialEq<str> for ValueRef<'_> {
    fn eq(&self, other: &str) -> bool {
        matches!(self, ValueRef::Str(text) if *text == *other)
    }
}

impl PartialEq<&str> for ValueRef<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// Reads forward through bytes; every step is checked.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor(bytes)
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    #[inline]
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    /// A `u32` length and that many bytes.
    #[inline]
    fn text(&mut self) -> Option<Text<'a>> {
        let len = u32::from_le_bytes(self.array()?) as usize;
        self.take(len).map(Text)
    }

    /// A key of a block: a `u16` length and that many bytes.
    #[inline]
    pub(crate) fn key(&mut self) -> Option<Text<'a>> {
        let len = usize::from(u16::from_le_bytes(self.array()?));
        self.take(len).map(Text)
    }

    /// One value. `depth` is how many lists and maps it lies in.
    ///
    /// The usual types are read in place, so that a caller that tells them apart again does so once.
    #[inline(always)]
    pub(crate) fn value(&mut self, depth: usize) -> Option<ValueRef<'a>> {
        let [tag] = self.array()?;
        Some(match Tag::from_u8(tag)? {
            Tag::Str => ValueRef::Str(self.text()?),
            Tag::I64 => ValueRef::I64(i64::from_le_bytes(self.array()?)),
            Tag::U64 => ValueRef::U64(u64::from_le_bytes(self.array()?)),
            Tag::F64 => ValueRef::F64(f64::from_bits(u64::from_le_bytes(self.array()?))),
            Tag::Null => ValueRef::Null,
            Tag::False => ValueRef::Bool(false),
            Tag::True => ValueRef::Bool(true),
            rare => return self.rare(rare, depth),
        })
    }

    /// Reads over so many values without looking at what they hold.
    #[inline]
    fn skip(&mut self, values: usize) -> Option<()> {
        let mut rest = self.0;
        for _ in 0..values {
            let (tag, behind) = rest.split_first()?;
            rest = match width_of(*tag) {
                WIDTH_TEXT => {
                    let (len, text) = behind.split_first_chunk()?;
                    text.get(u32::from_le_bytes(*len) as usize..)?
                }
                WIDTH_NONE => return None,
                width => behind.get(usize::from(width)..)?,
            };
        }
        self.0 = rest;
        Some(())
    }

    #[inline(never)]
    fn rare(&mut self, tag: Tag, depth: usize) -> Option<ValueRef<'a>> {
        Some(match tag {
            Tag::Null => ValueRef::Null,
            Tag::False => ValueRef::Bool(false),
            Tag::True => ValueRef::Bool(true),
            Tag::Str => ValueRef::Str(self.text()?),
            Tag::I64 => ValueRef::I64(i64::from_le_bytes(self.array()?)),
            Tag::U64 => ValueRef::U64(u64::from_le_bytes(self.array()?)),
            Tag::F64 => ValueRef::F64(f64::from_bits(u64::from_le_bytes(self.array()?))),
            Tag::F32 => ValueRef::F32(f32::from_bits(u32::from_le_bytes(self.array()?))),
            Tag::I128 => ValueRef::I128(i128::from_le_bytes(self.array()?)),
            Tag::U128 => ValueRef::U128(u128::from_le_bytes(self.array()?)),
            Tag::Char => ValueRef::Char(char::from_u32(u32::from_le_bytes(self.array()?))?),
            Tag::Duration => {
                let seconds = u64::from_le_bytes(self.array()?);
                ValueRef::Duration(seconds, nanos(self.array()?)?)
            }
            Tag::Time => {
                let seconds = i64::from_le_bytes(self.array()?);
                ValueRef::Time(seconds, nanos(self.array()?)?)
            }
            Tag::Ip4 => ValueRef::Ip(IpAddr::V4(Ipv4Addr::from(self.array::<4>()?))),
            Tag::Ip6 => ValueRef::Ip(IpAddr::V6(Ipv6Addr::from(self.array::<16>()?))),
            Tag::Socket4 => {
                let ip = Ipv4Addr::from(self.array::<4>()?);
                ValueRef::Socket(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_le_bytes(self.array()?))))
            }
            Tag::Socket6 => {
                let ip = Ipv6Addr::from(self.array::<16>()?);
                let port = u16::from_le_bytes(self.array()?);
                let scope = u32::from_le_bytes(self.array()?);
                ValueRef::Socket(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, scope)))
            }
            Tag::List => ValueRef::List(List { bytes: self.text()?.0, depth: deeper(depth)? }),
            Tag::Map => ValueRef::Map(Map { bytes: self.text()?.0, depth: deeper(depth)? }),
            Tag::Failed => ValueRef::Failed(self.text()?),
        })
    }
}

fn nanos(bytes: [u8; 4]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes)).filter(|ns| *ns < 1_000_000_000)
}

fn deeper(depth: usize) -> Option<usize> {
    (depth < DEPTH_MAX).then_some(depth + 1)
}

/// One event, as it lies in a ring.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    bytes: &'a [u8],
    site: u32,
    ticks: u64,
    count: u16,
    flags: u16,
}

impl<'a> Record<'a> {
    /// Reads the record at the front of `bytes`; `None` when there is not a whole one.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Option<Record<'a>> {
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let len = word(0) as usize;
        if len < HEADER_BYTES || len > bytes.len() {
            return None;
        }
        let ticks = u64::from(word(8)) | u64::from(word(12)) << 32;
        let count = u16::from_le_bytes([header[16], header[17]]);
        let flags = u16::from_le_bytes([header[18], header[19]]);
        Some(Record { bytes: &bytes[..len], site: word(4), ticks, count, flags })
    }

    /// The callsite's id.
    #[inline]
    pub fn site(&self) -> u32 {
        self.site
    }

    /// When: a reading of [`crate::clock::ticks`].
    #[inline]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// What is special about it: zero, or [`FLAG_RELEASED`](super::FLAG_RELEASED).
    #[inline]
    pub fn flags(&self) -> u16 {
        self.flags
    }

    /// The record's own bytes.
    #[inline]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The values, in the order of the callsite's keys. Ends early when the bytes are damaged.
    #[inline]
    pub fn values(&self) -> Values<'a> {
        Values { cursor: Cursor::new(&self.bytes[HEADER_BYTES..]), left: self.count }
    }
}

/// Iterates over a record's values; what is left behind them are its blocks.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    cursor: Cursor<'a>,
    left: u16,
}

impl<'a> Iterator for Values<'a> {
    type Item = ValueRef<'a>;
    // Always, as what it calls: see `Cursor::value`.
    #[inline(always)]
    fn next(&mut self) -> Option<ValueRef<'a>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let value = self.cursor.value(0);
        if value.is_none() {
            // Damaged: nothing behind it can be told apart.
            *self = Values { cursor: Cursor::new(&[]), left: 0 };
        }
        value
    }

    /// The values before it are read over, not decoded.
    #[inline]
    fn nth(&mut self, n: usize) -> Option<ValueRef<'a>> {
        let n = n.min(usize::from(self.left));
        if self.cursor.skip(n).is_none() {
            *self = Values { cursor: Cursor::new(&[]), left: 0 };
        }
        self.left = self.left.saturating_sub(n as u16);
        self.next()
    }
}

impl<'a> Values<'a> {
    /// The value `index` places ahead, for whoever wants one of many.
    #[inline]
    pub fn get(&self, index: usize) -> Option<ValueRef<'a>> {
        self.clone().nth(index)
    }

    /// True when one of the values that are texts fits; those inside lists and maps are not asked. What is no text is read over.
    #[inline]
    pub fn any_text(&self, fits: impl FnMut(&'a [u8]) -> bool) -> bool {
        self.any_text_and(usize::MAX, fits).0
    }

    /// As [`Values::any_text`], and the value at `index` besides, which is on the way.
    #[inline]
    pub fn any_text_and(
        &self,
        index: usize,
        mut fits: impl FnMut(&'a [u8]) -> bool,
    ) -> (bool, Option<ValueRef<'a>>) {
        let mut bytes = self.cursor.rest();
        let mut at_index: &[u8] = &[];
        for at in 0..usize::from(self.left) {
            if at == index {
                at_index = bytes;
            }
            let Some((tag, rest)) = bytes.split_first() else { break };
            let behind = match width_of(*tag) {
                WIDTH_TEXT => {
                    let Some((len, rest)) = rest.split_first_chunk() else { break };
                    let Some((text, behind)) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)
                    else {
                        break;
                    };
                    if *tag == Tag::Str as u8 && fits(text) {
                        return (true, self.get(index));
                    }
                    Some(behind)
                }
                // What stands there is no value.
                WIDTH_NONE => None,
                width => rest.get(usize::from(width)..),
            };
            let Some(behind) = behind else { break };
            bytes = behind;
        }
        (false, Cursor::new(at_index).value(0))
    }

    /// The contexts behind the values, as they lie in the record: what [`encode`](super::encode) takes as a block. Reads over values
    /// not yet taken.
    pub fn blocks_bytes(mut self) -> &'a [u8] {
        while self.next().is_some() {}
        self.cursor.rest()
    }

    /// The contexts behind the values, the most specific first. Reads over values not yet taken.
    #[inline]
    pub fn blocks(mut self) -> impl Iterator<Item = BlockRef<'a>> + Clone {
        while self.next().is_some() {}
        let mut rest = self.cursor.rest();
        std::iter::from_fn(move || {
            let (block, behind) = BlockRef::split(rest)?;
            rest = behind;
            Some(block)
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{
        arg::Arg,
        record::{BlockBuilder, encode},
    };
    use proptest::prelude::*;

    #[test]
    fn what_was_written_is_read_back() {
        let mut context = BlockBuilder::new();
        context.set("request_id", &Arg::Str("req_123"));
        let context = context.finish();
        let mut bytes = Vec::new();
        let list: &dyn crate::Value = &vec![Some(1u8), None];
        let args = [Arg::Str("/users"), Arg::I128(&i128::MIN), Arg::Dyn(list), Arg::Display(&'x')];
        encode(&mut bytes, 5, 99, &args, &[context.as_bytes()]);
        let record = Record::new(&bytes).unwrap();
        assert_eq!((record.site(), record.ticks(), record.as_bytes().len()), (5, 99, bytes.len()));
        let values: Vec<_> = record.values().collect();
        assert_eq!(values[0], ValueRef::Str(Text(b"/users")));
        assert_eq!(values[1], ValueRef::I128(i128::MIN));
        let ValueRef::List(list) = &values[2] else { panic!("not a list: {values:?}") };
        assert_eq!(list.items().collect::<Vec<_>>(), [ValueRef::U64(1), ValueRef::Null]);
        assert_eq!(values[3], ValueRef::Str(Text(b"x")));
        let blocks: Vec<_> = record.values().blocks().collect();
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].fields().next().unwrap().1, ValueRef::Str(Text(b"req_123")));
    }

    #[test]
    fn a_value_of_any_type_is_read_over_on_the_way_to_another() {
        let (duration, time) = (std::time::Duration::new(7, 8), std::time::SystemTime::UNIX_EPOCH);
        let (v4, v6) = ("10.0.0.1".parse().unwrap(), "::1".parse().unwrap());
        let sockets = ["10.0.0.1:80".parse().unwrap(), "[::1]:80".parse().unwrap()];
        let list: &dyn crate::Value = &vec![1, 2];
        let map: &dyn crate::Value = &std::collections::BTreeMap::from([("a", 1)]);
        let args = [
            Arg::Null,
            Arg::Bool(false),
            Arg::Bool(true),
            Arg::I64(-1),
            Arg::U64(1),
            Arg::I128(&-1),
            Arg::U128(&1),
            Arg::F32(0.5),
            Arg::F64(0.25),
            Arg::Char('x'),
            Arg::Str("text"),
            Arg::Duration(&duration),
            Arg::Time(&time),
            Arg::Ip(&v4),
            Arg::Ip(&v6),
            Arg::Socket(&sockets[0]),
            Arg::Socket(&sockets[1]),
            Arg::Dyn(list),
            Arg::Dyn(map),
            Arg::Str("last"),
        ];
        let mut bytes = Vec::new();
        encode(&mut bytes, 5, 99, &args, &[]);
        let record = Record::new(&bytes).unwrap();
        for (index, value) in record.values().enumerate() {
            assert_eq!(record.values().get(index).as_ref(), Some(&value), "{index}");
            let found = record.values().any_text_and(index, |_| false);
            assert_eq!(found, (false, Some(value.clone())), "{index}, on the way");
            let found = record.values().any_text_and(index, |text| text == b"text");
            assert_eq!(found, (true, Some(value)), "{index}, before and behind a text that fits");
        }
        assert_eq!(record.values().get(args.len() - 1), Some(ValueRef::Str(Text(b"last"))));
        assert_eq!(record.values().get(args.len()), None);
        let mut values = record.values();
        assert_eq!(
            (values.nth(3), values.nth(1), values.nth(args.len())),
            (Some(ValueRef::I64(-1)), Some(ValueRef::I128(-1)), None)
        );
    }

    /// Reads everything there is, so that a fault shows.
    fn walk(value: ValueRef<'_>) -> usize {
        match value {
            ValueRef::List(list) => list.items().map(walk).sum::<usize>() + 1,
            ValueRef::Map(map) => map.entries().map(|(_, v)| walk(v)).sum::<usize>() + 1,
            _ => 1,
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Some(record) = Record::new(&bytes) {
                let _ = record.values().map(walk).sum::<usize>();
                let _ = (0..9).filter_map(|index| record.values().get(index)).map(walk).sum::<usize>();
                let _ = record.values().blocks().flat_map(BlockRef::fields).map(|(_, v)| walk(v)).sum::<usize>();
            }
        }

        #[test]
        fn a_damaged_record_is_read_without_a_fault(at in 0usize..200, flip in 1u8..) {
            let mut bytes = Vec::new();
            let nested: &dyn crate::Value = &vec![vec!["a", "b"], vec![]];
            encode(&mut bytes, 1, 2, &[Arg::Str("text"), Arg::Dyn(nested), Arg::F64(1.5)], &[]);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            if let Some(record) = Record::new(&bytes) {
                prop_assert!(record.values().map(walk).sum::<usize>() < 1_000);
            }
        }
    }
}
