//! Fields with their keys in a buffer that is used again: a block for one run of an operation, made without allocation.

use trine_model::key;

use super::{
    KEY_BYTES_MAX, RECORD_BYTES_MAX,
    block::{BLOCK_HEADER_BYTES, BlockRef},
    read::ValueRef,
    run::KeptValues,
    write,
};
use crate::arg::Arg;

/// Longest block that grows by values of any length: a share of a record, so that other contexts have room as well.
const BYTES_MAX: usize = RECORD_BYTES_MAX / 4;

/// A block that grows: header and fields in one vector, the header always up to date.
///
/// Where a [`BlockBuilder`](super::BlockBuilder) keeps each field apart and makes the block once, to be copied many times,
/// this one appends, and can be cleared and used again.
///
/// ```
/// use trine_ring::{Arg, record::{FieldBuffer, Record, encode}};
///
/// let mut fields = FieldBuffer::EMPTY;
/// fields.append(&["table", "rows"], &[Arg::Str("users"), Arg::U64(3)]);
/// fields.set("rows", &Arg::U64(4));
/// let mut record = Vec::new();
/// encode(&mut record, 1, 0, &[], &[fields.as_block()]);
/// let block = Record::new(&record).unwrap().values().blocks().next().unwrap();
/// let keys: Vec<_> = block.fields().map(|(key, _)| key.to_str().into_owned()).collect();
/// assert_eq!(keys, ["table", "rows"]);
/// ```
#[derive(Debug, Default)]
pub struct FieldBuffer {
    /// Empty, or a header and its fields.
    bytes: Vec<u8>,
}

impl FieldBuffer {
    /// An empty one.
    pub const EMPTY: FieldBuffer = FieldBuffer { bytes: Vec::new() };

    /// Forgets the fields, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// True when there is no field.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes it can hold before it allocates.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The bytes as they go into a record: a block with the id zero, or nothing.
    #[inline]
    pub fn as_block(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends a field for each key and argument. The caller knows that none of the keys is reserved or here already.
    ///
    /// Cost: no allocation once the buffer has grown. Arguments that run the user's code do so here.
    pub fn append(&mut self, keys: &[&str], args: &[Arg<'_>]) {
        for (key, arg) in keys.iter().zip(args) {
            self.append_key(key);
            bounded(&mut self.bytes, arg);
            self.settle(1, key::mask_bit(key));
        }
    }

    /// Appends those of the values kept of a run whose keys are not here. `keys` are those of the values.
    pub fn extend_missing_kept(&mut self, keys: &[&str], kept: &KeptValues) {
        for (key, raw) in keys.iter().zip(kept.raw()) {
            if self.mask() & key::mask_bit(key) == 0 || self.find(key).is_none() {
                self.append_raw(key, raw);
            }
        }
    }

    /// Sets `key`; a key that is here already keeps its place. A reserved key is kept with a `_` behind it; a key above
    /// [`KEY_BYTES_MAX`] bytes is cut.
    pub fn set(&mut self, key: &str, value: &Arg<'_>) {
        let mut end = key.len().min(KEY_BYTES_MAX - 1);
        while !key.is_char_boundary(end) {
            end -= 1;
        }
        let key = &*key::kept(&key[..end]);
        let bit = key::mask_bit(key);
        let old = if self.mask() & bit == 0 { None } else { self.find(key) };
        let before = self.bytes.len();
        self.append(&[key], std::slice::from_ref(value));
        self.replace(old, before);
    }

    /// Sets every field of `newer`, as it was written there.
    pub fn merge(&mut self, newer: &FieldBuffer) {
        if self.mask() & newer.mask() == 0 {
            return self.extend_missing(newer);
        }
        let Some((block, _)) = BlockRef::split(&newer.bytes) else { return };
        for (key, raw) in block.raw_fields() {
            let key = key.to_str();
            let (old, before) = (self.find(&key), self.bytes.len());
            self.append_raw(&key, raw);
            self.replace(old, before);
        }
    }

    /// Appends the fields of `other` whose keys are not here.
    pub fn extend_missing(&mut self, other: &FieldBuffer) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            return self.bytes.extend_from_slice(&other.bytes);
        }
        if self.mask() & other.mask() == 0 {
            self.bytes.extend_from_slice(&other.bytes[BLOCK_HEADER_BYTES..]);
            return self.settle(other.count(), other.mask());
        }
        let Some((block, _)) = BlockRef::split(&other.bytes) else { return };
        for (key, raw) in block.raw_fields() {
            let key = key.to_str();
            if self.find(&key).is_none() {
                self.append_raw(&key, raw);
            }
        }
    }

    /// The value of `key`, when it is here.
    pub fn get(&self, key: &str) -> Option<ValueRef<'_>> {
        let (block, _) = BlockRef::split(&self.bytes)?;
        block.fields().find(|(other, _)| other.as_bytes() == key.as_bytes()).map(|(_, value)| value)
    }

    fn append_raw(&mut self, key: &str, raw: &[u8]) {
        self.append_key(key);
        self.bytes.extend_from_slice(raw);
        self.settle(1, key::mask_bit(key));
    }

    fn append_key(&mut self, key: &str) {
        if self.bytes.is_empty() {
            self.bytes.resize(BLOCK_HEADER_BYTES, 0);
        }
        self.bytes.extend_from_slice(&(key.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(key.as_bytes());
    }

    /// The field that begins at `new` takes the place of the old one, which then follows it and goes.
    fn replace(&mut self, old: Option<std::ops::Range<usize>>, new: usize) {
        let Some(old) = old else { return };
        let new_len = self.bytes.len() - new;
        self.bytes[old.start..].rotate_right(new_len);
        self.bytes.drain(old.start + new_len..old.end + new_len);
        let count = self.count() - 1;
        self.bytes[4..8].copy_from_slice(&count.to_le_bytes());
        self.settle(0, 0);
    }

    /// Where the field lies.
    fn find(&self, key: &str) -> Option<std::ops::Range<usize>> {
        let (block, _) = BlockRef::split(&self.bytes)?;
        let mut at = BLOCK_HEADER_BYTES;
        for (other, raw) in block.raw_fields() {
            let end = at + 2 + other.as_bytes().len() + raw.len();
            if other.as_bytes() == key.as_bytes() {
                return Some(at..end);
            }
            at = end;
        }
        None
    }

    /// Fields, as the header has them.
    fn count(&self) -> u32 {
        self.bytes.get(4..8).and_then(|count| count.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    /// The bits of all keys, as the header has them; of those replaced as well.
    fn mask(&self) -> u64 {
        self.bytes.get(16..24).and_then(|mask| mask.try_into().ok()).map_or(0, u64::from_le_bytes)
    }

    /// Counts what was appended, and writes the header.
    fn settle(&mut self, count: u32, mask: u64) {
        let (count, mask) = (self.count() + count, self.mask() | mask);
        let len = self.bytes.len() as u32;
        if let Some(bytes) = self.bytes.first_chunk_mut::<BLOCK_HEADER_BYTES>() {
            bytes[0..4].copy_from_slice(&len.to_le_bytes());
            bytes[4..8].copy_from_slice(&count.to_le_bytes());
            bytes[16..24].copy_from_slice(&mask.to_le_bytes());
        }
    }
}

/// Appends any value, or a marked one when it is so large that the record would be refused.
pub(crate) fn bounded(out: &mut Vec<u8>, arg: &Arg<'_>) {
    let start = out.len();
    let text = if let Arg::Str(text) = arg { text.len() } else { 0 };
    if start + text <= BYTES_MAX {
        write::any(out, arg, 0);
    }
    if out.len() == start || out.len() > BYTES_MAX {
        write::failed(out, start, "value too large");
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn text(fields: &FieldBuffer) -> String {
        let Some((block, rest)) = BlockRef::split(fields.as_block()) else { return String::new() };
        assert!(rest.is_empty(), "the header counts all bytes");
        let listed: Vec<_> =
            block.fields().map(|(key, value)| format!("{}={value:?}", key.to_str())).collect();
        assert_eq!(listed.len() as u32, fields.count(), "the header counts all fields");
        for (key, _) in block.fields() {
            assert_ne!(block.mask() & key::mask_bit(&key.to_str()), 0, "the mask has every key");
        }
        listed.join(" ")
    }

    fn buffer(keys: &[&str], args: &[Arg<'_>]) -> FieldBuffer {
        let mut fields = FieldBuffer::EMPTY;
        fields.append(keys, args);
        fields
    }

    #[test]
    fn a_key_set_again_keeps_its_place_and_takes_the_new_value() {
        let mut fields = buffer(&["a", "b", "c"], &[Arg::U64(1), Arg::Bool(true), Arg::Null]);
        fields.set("b", &Arg::Bool(false));
        fields.set("a", &Arg::U64(2));
        fields.set("d", &Arg::Null);
        fields.set("d", &Arg::U64(9));
        assert_eq!(text(&fields), "a=U64(2) b=Bool(false) c=Null d=U64(9)");
        assert_eq!(fields.get("c"), Some(ValueRef::Null));
        assert_eq!(fields.get("e"), None);
    }

    #[test]
    fn fields_of_another_come_behind_unless_their_keys_are_here() {
        let other = buffer(&["a", "b"], &[Arg::U64(1), Arg::U64(2)]);
        let mut fields = FieldBuffer::default();
        fields.extend_missing(&FieldBuffer::default());
        assert_eq!(fields.as_block(), b"");
        fields.extend_missing(&other);
        assert_eq!(text(&fields), "a=U64(1) b=U64(2)");
        let mut fields = buffer(&["b", "x"], &[Arg::U64(7), Arg::Null]);
        fields.extend_missing(&other);
        assert_eq!(text(&fields), "b=U64(7) x=Null a=U64(1)");
    }

    #[test]
    fn merged_fields_replace_those_with_their_keys() {
        let mut fields = buffer(&["a", "b"], &[Arg::U64(1), Arg::U64(2)]);
        fields.merge(&FieldBuffer::default());
        fields.merge(&buffer(&["c", "a"], &[Arg::Null, Arg::Str("new")]));
        assert!(text(&fields).starts_with("a=Str("), "{}", text(&fields));
        assert!(text(&fields).ends_with(" b=U64(2) c=Null"), "{}", text(&fields));
        fields.merge(&buffer(&["z"], &[Arg::Null]));
        assert!(text(&fields).ends_with(" c=Null z=Null"));
    }

    #[test]
    fn values_that_run_code_are_one_value_each() {
        let list = vec![1u8, 2];
        let fields = buffer(&["list", "shown", "n"], &[Arg::Dyn(&list), Arg::Display(&"x"), Arg::U64(1)]);
        assert_eq!(fields.count(), 3);
        assert!(text(&fields).ends_with("n=U64(1)"));
    }

    #[test]
    fn a_reserved_key_gets_an_underscore_and_a_long_one_is_cut() {
        let mut fields = FieldBuffer::default();
        fields.set("event", &Arg::Null);
        assert_eq!(text(&fields), "event_=Null");
        fields.set(&"é".repeat(KEY_BYTES_MAX), &Arg::Null);
        let (block, _) = BlockRef::split(fields.as_block()).unwrap();
        assert!(block.fields().all(|(key, _)| key.as_bytes().len() <= KEY_BYTES_MAX));
    }

    #[test]
    fn a_text_too_large_for_a_record_is_marked_and_the_others_stay() {
        let text = "x".repeat(BYTES_MAX);
        let fields = buffer(&["a", "huge", "b"], &[Arg::U64(1), Arg::Str(&text), Arg::U64(2)]);
        assert!(fields.as_block().len() < 200);
        assert!(matches!(fields.get("huge"), Some(ValueRef::Failed(_))));
        assert_eq!(fields.get("b"), Some(ValueRef::U64(2)));
    }

    #[test]
    fn a_buffer_is_used_again_without_its_content() {
        let mut fields = buffer(&["a"], &[Arg::Null]);
        fields.clear();
        assert!(fields.is_empty() && fields.capacity() > 0);
        fields.append(&["b"], &[Arg::Null]);
        assert_eq!(text(&fields), "b=Null");
    }
}
