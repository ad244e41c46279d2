//! One value of serde's data model to one value of a record.

use std::fmt;

use serde_core::ser::{self, Serialize};

use super::{
    WRAPPERS_MAX,
    error::Error,
    nested::Nested,
    number::{NUMBER_STRUCT, Struct},
};
use crate::{
    arg::Arg,
    record::{Tag, write},
    value::ValueWriter,
};

/// Takes one value. Every method uses it up and writes one value, or returns an error; who holds the bytes then removes what
/// was written.
pub(super) struct Serializer<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    wrappers: usize,
}

impl<'a> Serializer<'a> {
    /// `depth` lists and maps and `wrappers` options and newtypes lie around the value.
    pub(super) fn new(out: &'a mut Vec<u8>, depth: usize, wrappers: usize) -> Serializer<'a> {
        Serializer { out, depth, wrappers }
    }

    fn arg(self, arg: Arg<'_>) -> Result<(), Error> {
        write::plain(self.out, &arg);
        Ok(())
    }

    fn nested(self, tag: Tag) -> Nested<'a> {
        Nested::begin(self.out, tag, self.depth, self.wrappers)
    }

    fn nested_in_variant(self, variant: &str, tag: Tag) -> Nested<'a> {
        Nested::begin_in_variant(self.out, variant, tag, self.depth, self.wrappers)
    }

    /// What is in an option or a newtype.
    fn unwrapped(self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if self.wrappers == WRAPPERS_MAX {
            let start = self.out.len();
            write::failed(self.out, start, "nested too deep");
            return Ok(());
        }
        value.serialize(Serializer::new(self.out, self.depth, self.wrappers + 1))
    }
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Nested<'a>;
    type SerializeTuple = Nested<'a>;
    type SerializeTupleStruct = Nested<'a>;
    type SerializeTupleVariant = Nested<'a>;
    type SerializeMap = Nested<'a>;
    type SerializeStruct = Struct<'a>;
    type SerializeStructVariant = Nested<'a>;

    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.arg(Arg::Bool(v))
    }

    fn serialize_i8(self, v: i8) -> Result<(), Error> {
        self.arg(Arg::I64(v.into()))
    }

    fn serialize_i16(self, v: i16) -> Result<(), Error> {
        self.arg(Arg::I64(v.into()))
    }

    fn serialize_i32(self, v: i32) -> Result<(), Error> {
        self.arg(Arg::I64(v.into()))
    }

    fn serialize_i64(self, v: i64) -> Result<(), Error> {
        self.arg(Arg::I64(v))
    }

    fn serialize_i128(self, v: i128) -> Result<(), Error> {
        self.arg(Arg::I128(&v))
    }

    fn serialize_u8(self, v: u8) -> Result<(), Error> {
        self.arg(Arg::U64(v.into()))
    }

    fn serialize_u16(self, v: u16) -> Result<(), Error> {
        self.arg(Arg::U64(v.into()))
    }

    fn serialize_u32(self, v: u32) -> Result<(), Error> {
        self.arg(Arg::U64(v.into()))
    }

    fn serialize_u64(self, v: u64) -> Result<(), Error> {
        self.arg(Arg::U64(v))
    }

    fn serialize_u128(self, v: u128) -> Result<(), Error> {
        self.arg(Arg::U128(&v))
    }

    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        self.arg(Arg::F32(v))
    }

    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        self.arg(Arg::F64(v))
    }

    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.arg(Arg::Char(v))
    }

    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.arg(Arg::Str(v))
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        ValueWriter::new(self.out, self.depth).value(v);
        Ok(())
    }

    /// Formats in place; a `Display` that fails becomes a marked value, where serde's own way panics.
    fn collect_str<T: fmt::Display + ?Sized>(self, v: &T) -> Result<(), Error> {
        write::formatted(self.out, "Display", format_args!("{v}"));
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.arg(Arg::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.unwrapped(value)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.arg(Arg::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.arg(Arg::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.arg(Arg::Str(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.unwrapped(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut map = self.nested(Tag::Map);
        map.entry(variant, value)?;
        map.finish()
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Nested<'a>, Error> {
        Ok(self.nested(Tag::List))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Nested<'a>, Error> {
        Ok(self.nested(Tag::List))
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Nested<'a>, Error> {
        Ok(self.nested(Tag::List))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Nested<'a>, Error> {
        Ok(self.nested_in_variant(variant, Tag::List))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Nested<'a>, Error> {
        Ok(self.nested(Tag::Map))
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Struct<'a>, Error> {
        Ok(match name {
            NUMBER_STRUCT => {
                let start = self.out.len();
                Struct::Number { out: self.out, start, depth: self.depth, wrappers: self.wrappers }
            }
            _ => Struct::Map(self.nested(Tag::Map)),
        })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Nested<'a>, Error> {
        Ok(self.nested_in_variant(variant, Tag::Map))
    }
}
