//! Keys of maps: always text on the wire, whatever they are in the program.

use std::fmt;

use crate::record::{
    Tag, ValueRef,
    read::Cursor,
    write::{self, Out},
};

/// Appends a key that is text.
pub(super) fn text(out: &mut Vec<u8>, key: &str) {
    // A longer key cannot be said in the length; `RECORD_BYTES_MAX` is below it, so such a value is refused anyway.
    out.array((key.len() as u32).to_le_bytes());
    out.bytes(key.as_bytes());
}

/// Turns the value that begins at `at` and ends `out` into a key.
pub(super) fn of_value(out: &mut Vec<u8>, at: usize) {
    if out.get(at) == Some(&(Tag::Str as u8)) {
        // Text has its length before it, as a key has: only the tag goes.
        out.remove(at);
        return;
    }
    let value = out.split_off(at);
    let value = Cursor::new(&value).value(0).unwrap_or(ValueRef::Null);
    write::formatted_key(out, format_args!("{}", Shown { value: &value, is_inner: false }));
}

/// A value as the text of a key: `7`, `true`, `x`, `[1, "a"]`, `{"a": 1}`.
struct Shown<'a> {
    value: &'a ValueRef<'a>,
    /// True inside a list or map, where text is in quotes.
    is_inner: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            ValueRef::Null => f.write_str("null"),
            ValueRef::Bool(v) => v.fmt(f),
            ValueRef::I64(v) => v.fmt(f),
            ValueRef::U64(v) => v.fmt(f),
            ValueRef::I128(v) => v.fmt(f),
            ValueRef::U128(v) => v.fmt(f),
            // `Debug` of a float tells 1.0 from 1.
            ValueRef::F32(v) => write!(f, "{v:?}"),
            ValueRef::F64(v) => write!(f, "{v:?}"),
            ValueRef::Char(v) if self.is_inner => write!(f, "\"{v}\""),
            ValueRef::Char(v) => v.fmt(f),
            ValueRef::Str(v) if self.is_inner => write!(f, "{v:?}"),
            ValueRef::Str(v) => f.write_str(&v.to_str()),
            ValueRef::Failed(v) => write!(f, "<{}>", v.to_str()),
            ValueRef::List(list) => {
                f.write_str("[")?;
                for (index, item) in list.items().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", Shown { value: &item, is_inner: true })?;
                }
                f.write_str("]")
            }
            ValueRef::Map(map) => {
                f.write_str("{")?;
                for (index, (key, item)) in map.entries().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{key:?}: {}", Shown { value: &item, is_inner: true })?;
                }
                f.write_str("}")
            }
            // Serde knows no such types.
            ValueRef::Duration(..) | ValueRef::Time(..) | ValueRef::Ip(_) | ValueRef::Socket(_) => {
                write!(f, "{:?}", self.value)
            }
        }
    }
}
