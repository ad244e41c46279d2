//! The bytes of one event: docs/format.md §2.
//!
//! ```text
//! record  length u32 | site u32 | ticks u64 | values u16 | flags u16 | check u32 | value * values | block*
//! value   tag u8 | payload
//! block   length u32 | fields u32 | id u64 | mask u64 | field*          a context: fields with their keys
//! field   key length u16 | key | value
//! ```
//!
//! Integers are little-endian. `length` counts its own four bytes. The keys of the values are those of the callsite, in its
//! order; a block carries its keys itself. Both directions are here: `write` and `read`.

pub mod block;
pub(crate) mod check;
mod fields;
pub(crate) mod read;
mod rewrite;
mod run;
pub(crate) mod write;

pub use block::{Block, BlockBuilder, BlockRef, Fields};
pub use fields::FieldBuffer;
pub use read::{List, Map, Record, Text, ValueRef, Values};
pub use run::{ID_DIGITS, KeptValues, RunIds, RunStart, digits, encode_kept};
pub use write::{encode, set_flags};

/// Version of the record's bytes; a reader refuses what it does not know.
pub const VERSION: u32 = 1;
/// Bytes before the first value.
pub const HEADER_BYTES: usize = 24;
/// Longest record. Bounded by the `u32` length; a larger argument list is replaced by a marked value.
pub const RECORD_BYTES_MAX: usize = 1 << 30;
/// Flag of a record that was held back and let out later: it goes to every output, whatever its level.
pub const FLAG_RELEASED: u16 = 1;
/// Most values in a record, and so most keys of a callsite. From the `u16` count.
pub const VALUES_MAX: usize = u16::MAX as usize;
/// Longest key of a field in a block. From the `u16` length; a longer one is cut.
pub const KEY_BYTES_MAX: usize = u16::MAX as usize;
/// Deepest nesting of lists and maps; deeper ones are written as a marked value. Bounds the recursion of every reader.
pub const DEPTH_MAX: usize = 64;
/// `site` of a filler at the end of a ring's memory. Its length may be below [`HEADER_BYTES`].
pub(crate) const SITE_FILLER: u32 = 0;

/// What a value is. The numbers are the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Null = 0,
    False = 1,
    True = 2,
    I64 = 3,
    U64 = 4,
    I128 = 5,
    U128 = 6,
    F32 = 7,
    F64 = 8,
    Char = 9,
    Str = 10,
    Duration = 11,
    Time = 12,
    Ip4 = 13,
    Ip6 = 14,
    Socket4 = 15,
    Socket6 = 16,
    List = 17,
    Map = 18,
    /// Text that says why there is no value: a `Display` that failed or panicked, nesting too deep.
    Failed = 19,
}

impl Tag {
    #[inline]
    pub(crate) const fn from_u8(tag: u8) -> Option<Tag> {
        const TAGS: [Tag; 20] = [
            Tag::Null,
            Tag::False,
            Tag::True,
            Tag::I64,
            Tag::U64,
            Tag::I128,
            Tag::U128,
            Tag::F32,
            Tag::F64,
            Tag::Char,
            Tag::Str,
            Tag::Duration,
            Tag::Time,
            Tag::Ip4,
            Tag::Ip6,
            Tag::Socket4,
            Tag::Socket6,
            Tag::List,
            Tag::Map,
            Tag::Failed,
        ];
        if (tag as usize) < TAGS.len() { Some(TAGS[tag as usize]) } else { None }
    }
}
