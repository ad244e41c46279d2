//! Whether a record is as a writer makes it, to its last byte: asked of records that may be damaged.

use super::{BlockRef, Cursor, Record, ValueRef};

impl Record<'_> {
    /// True when header, values and blocks fill the record exactly, each of them whole: what a writer makes always is so.
    ///
    /// Cost: reads everything.
    pub fn is_whole(&self) -> bool {
        let mut values = self.values();
        let read = values.by_ref().take_while(is_whole_value).count();
        if read != usize::from(self.count) {
            return false;
        }
        let mut rest = values.cursor.rest();
        while let Some((block, behind)) = BlockRef::split(rest) {
            let count = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]);
            if !block.is_whole(count) {
                return false;
            }
            rest = behind;
        }
        rest.is_empty()
    }
}

/// True when everything inside a value can be read.
pub(crate) fn is_whole_value(value: &ValueRef<'_>) -> bool {
    match value {
        ValueRef::Str(text) | ValueRef::Failed(text) => std::str::from_utf8(text.0).is_ok(),
        ValueRef::List(list) => {
            let mut cursor = Cursor::new(list.bytes);
            while !cursor.0.is_empty() {
                if !cursor.value(list.depth).as_ref().is_some_and(is_whole_value) {
                    return false;
                }
            }
            true
        }
        ValueRef::Map(map) => {
            let mut cursor = Cursor::new(map.bytes);
            while !cursor.0.is_empty() {
                let is_key = cursor.text().is_some_and(|key| std::str::from_utf8(key.0).is_ok());
                if !is_key || !cursor.value(map.depth).as_ref().is_some_and(is_whole_value) {
                    return false;
                }
            }
            true
        }
        _ => true,
    }
}
