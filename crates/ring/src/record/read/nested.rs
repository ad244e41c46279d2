//! Lists and maps within a record, read as they are asked for.

use super::{
    Cursor, Text, ValueRef,
    width::{WIDTH_NONE, WIDTH_TEXT, width_of},
};

/// The items of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct List<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) depth: usize,
}

impl<'a> List<'a> {
    /// The bytes of the items.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// True when no item is a text, a list or a map, as in a list of numbers.
    ///
    /// Cost: a few instructions an item; none is decoded.
    pub fn is_of_plain_items(self) -> bool {
        let mut at = 0;
        while let Some(tag) = self.bytes.get(at) {
            match width_of(*tag) {
                WIDTH_TEXT => return false,
                // Damaged: nothing behind it is read.
                WIDTH_NONE => return true,
                width => at += 1 + usize::from(width),
            }
        }
        true
    }

    /// The items, in order.
    #[inline]
    pub fn items(self) -> impl Iterator<Item = ValueRef<'a>> {
        Items { cursor: Cursor::new(self.bytes), depth: self.depth }
    }
}

/// The entries of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Map<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) depth: usize,
}

impl<'a> Map<'a> {
    /// The bytes of the entries.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The entries, in order. A key may occur twice when the writer wrote it twice.
    #[inline]
    pub fn entries(self) -> impl Iterator<Item = (Text<'a>, ValueRef<'a>)> {
        Entries { cursor: Cursor::new(self.bytes), depth: self.depth }
    }
}

/// Iterates over a list's items.
struct Items<'a> {
    cursor: Cursor<'a>,
    depth: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = ValueRef<'a>;
    // Always, as what it calls: see `Cursor::value`.
    #[inline(always)]
    fn next(&mut self) -> Option<ValueRef<'a>> {
        self.cursor.value(self.depth)
    }
}

/// Iterates over a map's entries.
struct Entries<'a> {
    cursor: Cursor<'a>,
    depth: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Text<'a>, ValueRef<'a>);
    // Always, as what it calls: see `Cursor::value`.
    #[inline(always)]
    fn next(&mut self) -> Option<(Text<'a>, ValueRef<'a>)> {
        let key = self.cursor.text()?;
        Some((key, self.cursor.value(self.depth)?))
    }
}
