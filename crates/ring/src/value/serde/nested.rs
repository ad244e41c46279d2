//! Lists and maps being serialized.

use serde_core::ser::{self, Serialize};

use super::{error::Error, key, serializer::Serializer};
use crate::record::{DEPTH_MAX, Tag, write};

/// A list or map being written.
///
/// Bytes up to `whole` are whole items or entries. Whatever is written next first cuts off what lies behind: the rest of an
/// item that failed or panicked, and whose [`Serialize`] went on all the same.
pub(super) struct Nested<'a> {
    out: &'a mut Vec<u8>,
    /// Where the map around it begins whose one key names the variant.
    variant: Option<usize>,
    start: usize,
    whole: usize,
    /// Where a key ends that waits for its value.
    keyed: Option<usize>,
    /// Lists and maps that an item lies in, this one included.
    depth: usize,
    wrappers: usize,
}

impl<'a> Nested<'a> {
    pub(super) fn begin(out: &'a mut Vec<u8>, tag: Tag, depth: usize, wrappers: usize) -> Nested<'a> {
        let start = begin(out, tag);
        let whole = out.len();
        Nested { out, variant: None, start, whole, keyed: None, depth: depth + 1, wrappers }
    }

    /// Begins the data of a variant, and the map around it.
    pub(super) fn begin_in_variant(
        out: &'a mut Vec<u8>,
        variant: &str,
        tag: Tag,
        depth: usize,
        wrappers: usize,
    ) -> Nested<'a> {
        if depth >= DEPTH_MAX {
            // Not even the map may stand here.
            return Nested::begin(out, tag, depth, wrappers);
        }
        let around = begin(out, Tag::Map);
        key::text(out, variant);
        Nested { variant: Some(around), ..Nested::begin(out, tag, depth + 1, wrappers) }
    }

    fn is_too_deep(&self) -> bool {
        self.depth > DEPTH_MAX
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        value.serialize(Serializer::new(self.out, self.depth, self.wrappers))?;
        self.whole = self.out.len();
        Ok(())
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if self.is_too_deep() {
            return Ok(());
        }
        self.out.truncate(self.whole);
        self.value(value)
    }

    pub(super) fn entry(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if self.is_too_deep() {
            return Ok(());
        }
        self.out.truncate(self.whole);
        key::text(self.out, key);
        self.value(value)
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        if self.keyed.is_some() {
            return Err(Error::new("a key without a value"));
        }
        self.out.truncate(self.whole);
        if self.is_too_deep() {
            write::failed(self.out, self.start, "nested too deep");
        } else {
            write::patch_length(self.out, self.start);
        }
        if let Some(around) = self.variant {
            write::patch_length(self.out, around);
        }
        Ok(())
    }
}

/// A tag, and room for the length.
fn begin(out: &mut Vec<u8>, tag: Tag) -> usize {
    let start = out.len();
    out.extend_from_slice(&[tag as u8, 0, 0, 0, 0]);
    start
}

impl ser::SerializeMap for Nested<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        if self.keyed.is_some() {
            return Err(Error::new("a key without a value"));
        }
        self.out.truncate(self.whole);
        if !self.is_too_deep() {
            key.serialize(Serializer::new(self.out, self.depth, self.wrappers))?;
            key::of_value(self.out, self.whole);
        }
        self.keyed = Some(self.out.len());
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let Some(keyed) = self.keyed else { return Err(Error::new("a value without a key")) };
        if !self.is_too_deep() {
            self.out.truncate(keyed);
            self.value(value)?;
        }
        self.keyed = None;
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

/// Traits for lists, which differ in the name of their method.
macro_rules! lists {
    ($($trait:ident: $method:ident;)*) => {$(
        impl ser::$trait for Nested<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

lists! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

impl ser::SerializeStructVariant for Nested<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.entry(key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
