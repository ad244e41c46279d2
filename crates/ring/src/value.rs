//! What can be the value of a field, and how it writes itself.

mod collections;
mod foreign;
mod scalars;
#[cfg(feature = "serde")]
mod serde;

use std::fmt;

#[cfg(feature = "serde")]
pub use self::serde::{Serde, serde};

use crate::{
    arg::Arg,
    record::{DEPTH_MAX, Tag, ValueRef, read, write, write::Out},
};

/// A value of a field.
///
/// Implemented for every type of the standard library that has an obvious JSON form. For a type of your own, implement
/// [`Value::encode`]; or use it as `%value` (its `Display`) or `?value` (its `Debug`) and implement nothing.
///
/// ```
/// use trine_ring::{Value, ValueWriter};
///
/// struct Money { cents: i64, currency: &'static str }
///
/// impl Value for Money {
///     fn encode(&self, writer: ValueWriter<'_>) {
///         let mut map = writer.map();
///         map.entry("amount", &(self.cents as f64 / 100.0));
///         map.entry("currency", self.currency);
///     }
/// }
/// # let mut out = Vec::new();
/// # trine_ring::record::encode(&mut out, 1, 0, &[trine_ring::value::arg(&Money { cents: 9999, currency: "USD" })], &[]);
/// # let record = trine_ring::record::Record::new(&out).unwrap();
/// # let trine_ring::record::ValueRef::Map(map) = record.values().next().unwrap() else { panic!() };
/// # assert_eq!(map.entries().count(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a field as it is",
    label = "not a field value",
    note = "write `key = %value` for its `Display`, `key = ?value` for its `Debug`, or implement `trine::Value`"
)]
pub trait Value {
    /// The value as one plain argument, when it is one.
    ///
    /// Such values are copied straight into the ring. The default, `None`, means that [`Value::encode`] is called.
    #[inline]
    fn scalar(&self) -> Option<Arg<'_>> {
        None
    }

    /// Writes the value. A writer takes one value; when none is written, it is `null`.
    ///
    /// Panics are caught and become a marked value.
    fn encode(&self, writer: ValueWriter<'_>);
}

/// The argument for a value: the value itself when it is plain, else a reference to it.
#[inline]
pub fn arg<T: Value>(value: &T) -> Arg<'_> {
    match value.scalar() {
        Some(plain) => plain,
        None => Arg::Dyn(value),
    }
}

/// Takes one value. Each method uses the writer up, so a value is written at most once.
#[derive(Debug)]
#[must_use = "a value that is not written is `null`"]
pub struct ValueWriter<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
}

impl<'a> ValueWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, depth: usize) -> ValueWriter<'a> {
        ValueWriter { out, depth }
    }

    /// Writes any argument.
    // Inlined: that it is a text, as most are, is known where it is written.
    #[inline]
    pub fn arg(self, arg: &Arg<'_>) {
        match *arg {
            Arg::Str(text) => Out::text(self.out, Tag::Str, text),
            _ => write::any(self.out, arg, self.depth),
        }
    }

    /// Writes what another value writes.
    #[inline]
    pub fn value(self, value: &(impl Value + ?Sized)) {
        match value.scalar() {
            Some(plain) => self.arg(&plain),
            None => value.encode(self),
        }
    }

    /// Writes text.
    #[inline]
    pub fn str(self, text: &str) {
        self.arg(&Arg::Str(text));
    }

    /// Writes formatted text: `writer.format(format_args!("{a}-{b}"))`.
    pub fn format(self, text: fmt::Arguments<'_>) {
        write::formatted(self.out, "Display", text);
    }

    /// Writes that there is no value, and why.
    pub fn failed(self, why: &str) {
        let start = self.out.len();
        write::failed(self.out, start, why);
    }

    /// Begins a list; it ends when the returned writer is dropped.
    pub fn list(self) -> ListWriter<'a> {
        ListWriter(Nested::begin(self, Tag::List))
    }

    /// Begins a map; it ends when the returned writer is dropped.
    pub fn map(self) -> MapWriter<'a> {
        MapWriter(Nested::begin(self, Tag::Map))
    }
}

/// A list or map being written: its place, so that the length can be filled in.
#[derive(Debug)]
struct Nested<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    depth: usize,
}

impl<'a> Nested<'a> {
    fn begin(writer: ValueWriter<'a>, tag: Tag) -> Nested<'a> {
        let start = writer.out.len();
        writer.out.extend_from_slice(&[tag as u8, 0, 0, 0, 0]);
        Nested { out: writer.out, start, depth: writer.depth + 1 }
    }

    #[inline]
    fn is_too_deep(&self) -> bool {
        self.depth > DEPTH_MAX
    }

    #[inline]
    fn value(&mut self, value: &(impl Value + ?Sized)) {
        match value.scalar() {
            Some(plain) => ValueWriter::new(self.out, self.depth).arg(&plain),
            None => {
                let at = self.out.len();
                value.encode(ValueWriter::new(self.out, self.depth));
                if self.out.len() == at {
                    self.out.push(Tag::Null as u8);
                }
            }
        }
    }
}

impl Drop for Nested<'_> {
    fn drop(&mut self) {
        if self.is_too_deep() {
            write::failed(self.out, self.start, "nested too deep");
        } else {
            write::patch_length(self.out, self.start);
        }
    }
}

/// Takes the items of a list.
#[derive(Debug)]
pub struct ListWriter<'a>(Nested<'a>);

impl ListWriter<'_> {
    /// Appends an item.
    #[inline]
    pub fn item(&mut self, value: &(impl Value + ?Sized)) -> &mut Self {
        if !self.0.is_too_deep() {
            self.0.value(value);
        }
        self
    }
}

/// A value as the key of a map.
struct KeyText<'a>(&'a ValueRef<'a>);

impl fmt::Display for KeyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValueRef::Null => f.write_str("null"),
            ValueRef::Bool(v) => v.fmt(f),
            ValueRef::I64(v) => v.fmt(f),
            ValueRef::U64(v) => v.fmt(f),
            ValueRef::I128(v) => v.fmt(f),
            ValueRef::U128(v) => v.fmt(f),
            ValueRef::F32(v) => v.fmt(f),
            ValueRef::F64(v) => v.fmt(f),
            ValueRef::Char(v) => v.fmt(f),
            ValueRef::Str(v) => f.write_str(&v.to_str()),
            ValueRef::Duration(seconds, nanos) => write!(f, "{seconds}.{nanos:09}"),
            ValueRef::Time(seconds, nanos) => write!(f, "{seconds}.{nanos:09}"),
            ValueRef::Ip(v) => v.fmt(f),
            ValueRef::Socket(v) => v.fmt(f),
            ValueRef::List(list) => list.items().enumerate().try_for_each(|(index, item)| {
                f.write_str(if index > 0 { "," } else { "" })?;
                KeyText(&item).fmt(f)
            }),
            ValueRef::Map(map) => map.entries().enumerate().try_for_each(|(index, (key, value))| {
                write!(f, "{}{}=", if index > 0 { "," } else { "" }, key.to_str())?;
                KeyText(&value).fmt(f)
            }),
            ValueRef::Failed(why) => write!(f, "<{}>", why.to_str()),
        }
    }
}

/// Takes the entries of a map.
#[derive(Debug)]
pub struct MapWriter<'a>(Nested<'a>);

impl MapWriter<'_> {
    /// Appends an entry. Keys are not compared: the caller writes each once.
    #[inline]
    pub fn entry(&mut self, key: &str, value: &(impl Value + ?Sized)) -> &mut Self {
        if !self.0.is_too_deep() {
            write::key(self.0.out, key);
            self.0.value(value);
        }
        self
    }

    /// Appends an entry whose key is a value: its text, or its digits; of a list the items, joined by commas.
    #[inline]
    pub fn entry_keyed(&mut self, key: &(impl Value + ?Sized), value: &(impl Value + ?Sized)) -> &mut Self {
        if let Some(Arg::Str(text)) = key.scalar() {
            return self.entry(text, value);
        }
        if !self.0.is_too_deep() {
            self.formatted_key(key);
            self.0.value(value);
        }
        self
    }

    #[inline(never)]
    fn formatted_key(&mut self, key: &(impl Value + ?Sized)) {
        let mut bytes = Vec::new();
        ValueWriter::new(&mut bytes, 0).value(key);
        let key = read::Cursor::new(&bytes).value(0).unwrap_or(ValueRef::Null);
        write::formatted_key(self.0.out, format_args!("{}", KeyText(&key)));
    }
}
