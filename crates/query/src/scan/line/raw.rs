//! A value as it stands in the line, and what it means.

use super::{
    broken::{Broken, Problem},
    number, text,
    walk::{Items, Members},
};

/// A value as it stands in the line, unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    bytes: &'a [u8],
    kind: Kind,
    escaped: bool,
}

/// What a value is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// `1`, `-1.5e3`.
    Number,
    /// `"text"`.
    Text,
    /// `[1, 2]`.
    List,
    /// `{"a": 1}`.
    Map,
}

/// A value, read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without point and exponent that fits.
    Int(i128),
    /// Any other number, rounded to the nearest; infinite where it is larger than any.
    Float(f64),
    /// A text, its escapes resolved; what is not UTF-8 or a lone surrogate is U+FFFD.
    Text(&'a str),
    /// A list: [`Raw::items`].
    List(Raw<'a>),
    /// A map: [`Raw::members`].
    Map(Raw<'a>),
}

impl<'a> Raw<'a> {
    #[inline(always)]
    pub(super) const fn new(bytes: &'a [u8], kind: Kind, escaped: bool) -> Raw<'a> {
        Raw { bytes, kind, escaped }
    }

    /// The first value of some JSON, for bytes that were cut out of a line before.
    ///
    /// Errors: there is none.
    pub fn of(json: &'a [u8]) -> Result<Raw<'a>, Broken> {
        super::skip::value(json, super::skip::blank(json, 0))
    }

    /// The bytes, with the quotes of a text and the brackets of a list or map.
    #[inline]
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What it is.
    #[inline]
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// The bytes between the quotes, escapes and all.
    #[inline]
    pub(super) fn inside(self) -> &'a [u8] {
        self.bytes.get(1..self.bytes.len().saturating_sub(1)).unwrap_or_default()
    }

    /// A text that is written without escapes, as its bytes: to be compared or counted without looking at each byte.
    ///
    /// `None` for what is no text, and for a text with a `\`. May not be UTF-8.
    #[inline]
    pub fn plain(self) -> Option<&'a [u8]> {
        (self.kind == Kind::Text && !self.escaped).then(|| self.inside())
    }

    /// A text, borrowed from the line where it can be, else resolved into `buffer` (whose content is lost); `None` for what is no
    /// text.
    ///
    /// Total: a bad escape stays as it is written, a lone surrogate and what is not UTF-8 is U+FFFD.
    pub fn text<'b>(self, buffer: &'b mut String) -> Option<&'b str>
    where
        'a: 'b,
    {
        (self.kind == Kind::Text).then(|| text::read(self.inside(), self.escaped, buffer))
    }

    /// True when it is this text, however it is escaped.
    #[inline]
    pub fn is_text(self, wanted: &str) -> bool {
        self.kind == Kind::Text && text::equal(self.inside(), self.escaped, wanted.as_bytes())
    }

    /// The value. `buffer` is used for a text with escapes.
    ///
    /// Errors: a number, word or escape that is none. The place is counted from the value's first byte.
    pub fn value<'b>(self, buffer: &'b mut String) -> Result<Value<'b>, Broken>
    where
        'a: 'b,
    {
        match self.kind {
            Kind::Null if self.bytes == b"null" => Ok(Value::Null),
            Kind::Bool if self.bytes == b"true" => Ok(Value::Bool(true)),
            Kind::Bool if self.bytes == b"false" => Ok(Value::Bool(false)),
            Kind::Null | Kind::Bool => Err(Problem::BadWord.at(0)),
            Kind::Number => match number::read(self.bytes) {
                Some(number) => Ok(number.into()),
                None => Err(Problem::BadNumber.at(0)),
            },
            Kind::Text => {
                if self.escaped
                    && let Some(at) = text::bad_escape(self.inside())
                {
                    return Err(Problem::BadEscape.at(at + 1));
                }
                Ok(Value::Text(text::read(self.inside(), self.escaped, buffer)))
            }
            Kind::List => Ok(Value::List(self)),
            Kind::Map => Ok(Value::Map(self)),
        }
    }

    /// A number as a float; `None` for what is no number. Of an integer beyond 2^53 the nearest.
    #[inline]
    pub fn number(self) -> Option<f64> {
        if self.kind != Kind::Number {
            return None;
        }
        if let short @ Some(_) = number::short(self.bytes) {
            return short;
        }
        self.long_number()
    }

    #[inline(never)]
    fn long_number(self) -> Option<f64> {
        match number::read(self.bytes)? {
            // A conversion from 64 bits is one instruction, one from 128 a call.
            number::Number::Int(int) => Some(i64::try_from(int).map_or(int as f64, |short| short as f64)),
            number::Number::Float(float) => Some(float),
        }
    }

    /// The members of a map; of anything else, none.
    pub fn members(self) -> Members<'a> {
        if self.kind == Kind::Map { Members::of_map(self.bytes) } else { Members::of_map(b"{}") }
    }

    /// The items of a list; of anything else, none.
    pub fn items(self) -> Items<'a> {
        if self.kind == Kind::List { Items::of_list(self.bytes) } else { Items::of_list(b"[]") }
    }
}

impl From<number::Number> for Value<'_> {
    fn from(number: number::Number) -> Self {
        match number {
            number::Number::Int(int) => Value::Int(int),
            number::Number::Float(float) => Value::Float(float),
        }
    }
}
