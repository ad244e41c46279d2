//! Structs: a map, or a number that travels as one.

use serde_core::ser::{self, Serialize};

use super::{error::Error, nested::Nested, serializer::Serializer};
use crate::{
    arg::Arg,
    record::{ValueRef, read::Cursor, write},
};

/// The struct that serde_json's `arbitrary_precision` turns every number into, with its digits as one field. Any crate of a
/// program may turn that feature on, for all of them. Source: serde_json 1.0, `number.rs`.
pub(super) const NUMBER_STRUCT: &str = "$serde_json::private::Number";

/// A struct being written.
pub(super) enum Struct<'a> {
    /// Its fields are the entries of a map.
    Map(Nested<'a>),
    /// It is a [`NUMBER_STRUCT`]; its field, once seen, lies at `start`.
    Number { out: &'a mut Vec<u8>, start: usize, depth: usize, wrappers: usize },
}

impl ser::SerializeStruct for Struct<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        match self {
            Struct::Map(map) => map.entry(key, value),
            Struct::Number { out, start, depth, wrappers } => {
                out.truncate(*start);
                value.serialize(Serializer::new(out, *depth, *wrappers))?;
                from_digits(out, *start);
                Ok(())
            }
        }
    }

    fn end(self) -> Result<(), Error> {
        match self {
            Struct::Map(map) => map.finish(),
            Struct::Number { out, start, .. } if out.len() == start => {
                Err(Error::new("a number without digits"))
            }
            Struct::Number { .. } => Ok(()),
        }
    }
}

/// Replaces the text that begins at `start` by the number it spells. Stays text when no type holds it.
fn from_digits(out: &mut Vec<u8>, start: usize) {
    let Some(ValueRef::Str(text)) = Cursor::new(&out[start..]).value(0) else { return };
    let digits = text.to_str().into_owned();
    let mut put = |arg: Arg<'_>| {
        out.truncate(start);
        write::plain(out, &arg);
    };
    if let Ok(v) = digits.parse() {
        put(Arg::I64(v));
    } else if let Ok(v) = digits.parse() {
        put(Arg::U64(v));
    } else if let Ok(v) = digits.parse() {
        put(Arg::I128(&v));
    } else if let Ok(v) = digits.parse() {
        put(Arg::U128(&v));
    } else if let Some(v) = digits.parse().ok().filter(|v: &f64| v.is_finite()) {
        put(Arg::F64(v));
    }
}
