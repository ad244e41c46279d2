//! How many bytes a value takes, by its tag: what reads over values without decoding them asks for.

use crate::record::Tag;

/// A value that begins with its length, and a tag that there is not.
pub(super) const WIDTH_TEXT: u8 = u8::MAX;
pub(super) const WIDTH_NONE: u8 = u8::MAX - 1;

/// Bytes behind each tag. A table, as it is asked for each value that is read over.
const WIDTHS: [u8; 256] = {
    let mut widths = [WIDTH_NONE; 256];
    let mut tag = 0;
    while tag < widths.len() {
        if let Some(known) = Tag::from_u8(tag as u8) {
            widths[tag] = match known {
                Tag::Null | Tag::False | Tag::True => 0,
                Tag::F32 | Tag::Char | Tag::Ip4 => 4,
                Tag::Socket4 => 6,
                Tag::I64 | Tag::U64 | Tag::F64 => 8,
                Tag::Duration | Tag::Time => 12,
                Tag::I128 | Tag::U128 | Tag::Ip6 => 16,
                Tag::Socket6 => 22,
                Tag::Str | Tag::List | Tag::Map | Tag::Failed => WIDTH_TEXT,
            };
        }
        tag += 1;
    }
    widths
};

/// Bytes behind a tag. For the usual ones without the table: the processor foresees a branch, and goes on where it would have to
/// wait for what the table holds, value by value.
#[inline(always)]
pub(super) fn width_of(tag: u8) -> u8 {
    const STR: u8 = Tag::Str as u8;
    const I64: u8 = Tag::I64 as u8;
    const U64: u8 = Tag::U64 as u8;
    const F64: u8 = Tag::F64 as u8;
    match tag {
        STR => WIDTH_TEXT,
        I64 | U64 | F64 => 8,
        rare => WIDTHS[usize::from(rare)],
    }
}
