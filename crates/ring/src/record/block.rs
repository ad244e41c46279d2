//! A context's bytes: fields that carry their keys, encoded once and copied into every record they belong to.

use std::sync::atomic::{AtomicU64, Ordering};

use trine_model::key;

use super::{
    KEY_BYTES_MAX,
    read::{Cursor, Text, ValueRef, is_whole_value},
    write,
};
use crate::arg::Arg;

/// Bytes before the first field: length, number of fields, id, mask.
pub const BLOCK_HEADER_BYTES: usize = 24;

/// Ids of contexts, unique in the process, so that a reader can keep what it made of one. Zero means "not worth keeping".
static ID_NEXT: AtomicU64 = AtomicU64::new(1);

/// A finished block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block(Box<[u8]>);

impl Block {
    /// The bytes, as they go into a record.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The block, to be read.
    pub fn as_ref(&self) -> BlockRef<'_> {
        BlockRef { id: 0, mask: 0, fields: &self.0[BLOCK_HEADER_BYTES..] }.with_header(&self.0)
    }
}

/// Collects fields into a [`Block`]. A key set again replaces the value and keeps its place, as in a map.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    fields: Vec<(Box<str>, Vec<u8>)>,
}

impl BlockBuilder {
    /// An empty one.
    pub fn new() -> BlockBuilder {
        BlockBuilder::default()
    }

    /// One that begins with the fields of `parent`.
    pub fn extending(parent: BlockRef<'_>) -> BlockBuilder {
        let mut builder = BlockBuilder::new();
        builder.merge(parent);
        builder
    }

    /// Sets `key`. A reserved key is kept with a `_` behind it; a key above [`KEY_BYTES_MAX`] bytes is cut.
    pub fn set(&mut self, key: &str, value: &Arg<'_>) -> &mut BlockBuilder {
        let mut end = key.len().min(KEY_BYTES_MAX - 1);
        while !key.is_char_boundary(end) {
            end -= 1;
        }
        let key = key::kept(&key[..end]);
        let mut bytes = Vec::with_capacity(16);
        write::any(&mut bytes, value, 0);
        self.put(&key, bytes);
        self
    }

    /// Sets every field of `block`, as it was written there.
    pub fn merge(&mut self, block: BlockRef<'_>) -> &mut BlockBuilder {
        for (key, raw) in block.raw_fields() {
            self.put(&key.to_str(), raw.to_vec());
        }
        self
    }

    fn put(&mut self, key: &str, value: Vec<u8>) {
        match self.fields.iter_mut().find(|(k, _)| **k == *key) {
            Some((_, old)) => *old = value,
            None => self.fields.push((key.into(), value)),
        }
    }

    /// Removes `key`; true when it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.fields.len();
        self.fields.retain(|(k, _)| **k != *key);
        self.fields.len() != before
    }

    /// The value of `key`, as it will be read.
    pub fn get(&self, key: &str) -> Option<ValueRef<'_>> {
        let (_, value) = self.fields.iter().find(|(k, _)| **k == *key)?;
        Cursor::new(value).value(0)
    }

    /// The fields so far, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, ValueRef<'_>)> {
        self.fields.iter().filter_map(|(key, value)| Some((&**key, Cursor::new(value).value(0)?)))
    }

    /// True when there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The block, with an id of its own.
    pub fn finish(self) -> Block {
        self.finish_with(ID_NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The block with id zero: used once, for the fields an option of one event adds.
    pub fn finish_once(self) -> Block {
        self.finish_with(0)
    }

    fn finish_with(self, id: u64) -> Block {
        let mut bytes = vec![0; BLOCK_HEADER_BYTES];
        let mut mask = 0;
        for (key, value) in &self.fields {
            mask |= key::mask_bit(key);
            bytes.extend_from_slice(&(key.len() as u16).to_le_bytes());
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(value);
        }
        let len = bytes.len() as u32;
        bytes[0..4].copy_from_slice(&len.to_le_bytes());
        bytes[4..8].copy_from_slice(&(self.fields.len() as u32).to_le_bytes());
        bytes[8..16].copy_from_slice(&id.to_le_bytes());
        bytes[16..24].copy_from_slice(&mask.to_le_bytes());
        Block(bytes.into())
    }
}

/// A context inside a record, or a [`Block`], being read.
#[derive(Clone, Copy, Debug)]
pub struct BlockRef<'a> {
    id: u64,
    mask: u64,
    fields: &'a [u8],
}

impl<'a> BlockRef<'a> {
    fn with_header(self, bytes: &[u8]) -> BlockRef<'a> {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        BlockRef { id: word(8), mask: word(16), ..self }
    }

    /// Takes one block off the front; `None` at the end, or when what is there is not one.
    #[inline]
    pub(crate) fn split(bytes: &'a [u8]) -> Option<(BlockRef<'a>, &'a [u8])> {
        let len = u32::from_le_bytes(bytes.get(0..4)?.try_into().ok()?) as usize;
        if len < BLOCK_HEADER_BYTES || len > bytes.len() {
            return None;
        }
        let (block, rest) = bytes.split_at(len);
        Some((BlockRef { id: 0, mask: 0, fields: &block[BLOCK_HEADER_BYTES..] }.with_header(block), rest))
    }

    /// Identifies equal contents within the process; zero when unknown.
    #[inline]
    pub fn id(self) -> u64 {
        self.id
    }

    /// One bit per key (see [`trine_model::key::mask_bit`]): two sets of keys whose masks are disjoint share no key.
    #[inline]
    pub fn mask(self) -> u64 {
        self.mask
    }

    /// The fields, in order.
    #[inline]
    pub fn fields(self) -> Fields<'a> {
        Fields { cursor: Cursor::new(self.fields) }
    }

    /// True when the block is as a [`BlockBuilder`] makes it: as many whole fields as it says, the mask theirs.
    pub(crate) fn is_whole(self, count: u32) -> bool {
        let mut cursor = Cursor::new(self.fields);
        let (mut mask, mut found) = (0, 0);
        while !cursor.rest().is_empty() {
            let key = cursor.key().and_then(|key| std::str::from_utf8(key.as_bytes()).ok());
            let is_value = cursor.value(0).as_ref().is_some_and(is_whole_value);
            let (Some(key), true) = (key, is_value) else { return false };
            mask |= key::mask_bit(key);
            found += 1;
        }
        found == count && mask == self.mask
    }

    /// The fields with their values as bytes.
    pub(crate) fn raw_fields(self) -> impl Iterator<Item = (Text<'a>, &'a [u8])> {
        let mut cursor = Cursor::new(self.fields);
        std::iter::from_fn(move || {
            let key = cursor.key()?;
            let before = cursor.rest();
            cursor.value(0)?;
            Some((key, &before[..before.len() - cursor.rest().len()]))
        })
    }
}

/// Iterates over the fields of a block or the entries of a map. Ends early when the bytes are damaged.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Text<'a>, ValueRef<'a>);
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let key = self.cursor.key()?;
        Some((key, self.cursor.value(0)?))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn text(block: &Block) -> String {
        block.as_ref().fields().map(|(k, v)| format!("{}={v:?} ", k.to_str())).collect()
    }

    #[test]
    fn a_key_set_again_keeps_its_place_and_takes_the_new_value() {
        let mut builder = BlockBuilder::new();
        builder.set("a", &Arg::U64(1)).set("b", &Arg::U64(2)).set("a", &Arg::U64(3));
        assert_eq!(text(&builder.finish()), "a=U64(3) b=U64(2) ");
    }

    #[test]
    fn a_child_has_its_parents_fields_first() {
        let mut parent = BlockBuilder::new();
        parent.set("a", &Arg::Str("x")).set("b", &Arg::Null);
        let parent = parent.finish();
        let mut child = BlockBuilder::extending(parent.as_ref());
        assert!(child.remove("a"));
        assert!(!child.remove("a"));
        child.set("c", &Arg::Bool(true));
        let child = child.finish();
        assert_eq!(text(&child), "b=Null c=Bool(true) ");
        assert_ne!(child.as_ref().id(), parent.as_ref().id());
    }

    #[test]
    fn a_reserved_key_is_kept_with_an_underscore() {
        let mut builder = BlockBuilder::new();
        builder.set("level", &Arg::U64(9));
        assert_eq!(text(&builder.finish_once()), "level_=U64(9) ");
    }

    #[test]
    fn a_key_beyond_the_bound_is_cut_at_a_character() {
        let mut builder = BlockBuilder::new();
        builder.set(&"é".repeat(KEY_BYTES_MAX), &Arg::Null);
        let block = builder.finish();
        let (key, _) = block.as_ref().fields().next().unwrap();
        assert!(key.as_bytes().len() <= KEY_BYTES_MAX);
        assert!(std::str::from_utf8(key.as_bytes()).is_ok());
    }
}
