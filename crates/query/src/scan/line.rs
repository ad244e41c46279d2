//! One line of JSON, read on demand: what is not asked for is skipped, and nothing is allocated.
//!
//! ```
//! use trine_query::scan::line::{FieldSet, Line, Path, Value};
//!
//! let line = Line::new(br#"{"event":"order_paid","order":{"lines":[{"sku":"A1"}]},"amount":9.5,"amount":1}"#);
//! let mut buffer = String::new();
//!
//! let amount = line.get("amount")?.unwrap(); // of a key that stands twice, the first
//! assert_eq!(amount.value(&mut buffer)?, Value::Float(9.5));
//!
//! // Several fields in one pass, which ends where the last of them is found.
//! let fields = FieldSet::new([Path::parse("event")?, Path::parse("order.lines[0].sku")?, Path::parse("nope")?]);
//! let mut found = [None; 3];
//! fields.find(line, &mut found)?;
//! assert_eq!(found[1].unwrap().text(&mut buffer), Some("A1"));
//! assert!(found[2].is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is judged, and what is not?
//! Only what is walked over: a line whose third field is broken still answers for its first two, and a value is judged when
//! it is decoded. [`Line::check`] judges all of it, as strictly as RFC 8259. Nothing panics or reads outside, whatever the
//! bytes.
//!
//! # Which of two equal keys counts?
//! The first. But in a line of Trine's own shape (docs/format.md §1: it begins with the name and ends in time and level), where
//! no key stands twice, these three are taken from the ends without looking at what is between.

mod broken;
mod check;
mod ends;
mod fields;
mod hits;
mod number;
mod path;
mod quotes;
mod raw;
mod skip;
mod text;
mod walk;

pub use self::{
    broken::{Broken, Problem},
    ends::{Ends, Front},
    fields::FieldSet,
    hits::Hits,
    path::{Path, PathError, Step},
    raw::{Kind, Raw, Value},
    skip::DEPTH_MAX,
    walk::{Items, Member, Members},
};
pub(super) use self::{number::eight_digits, skip::wide::is_of_form};

/// The bytes of one line, without its line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    bytes: &'a [u8],
}

impl<'a> Line<'a> {
    /// A line. Any bytes: they are looked at only when something is asked.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Line<'a> {
        Line { bytes }
    }

    /// All of it.
    #[inline]
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The members of the object, in order, a key twice if it stands twice. Ends after the first error.
    #[inline]
    pub fn members(self) -> Members<'a> {
        Members::of_line(self.bytes)
    }

    /// The first member with this key; name, time and level from the ends of a line of Trine's shape.
    ///
    /// For several fields, [`FieldSet`] needs one pass.
    ///
    /// Errors: the line is broken before the key, or, if there is none, anywhere between the values.
    pub fn get(self, key: &str) -> Result<Option<Raw<'a>>, Broken> {
        let at_an_end = match key {
            "event" => Front::of(self).map(Front::name),
            "timestamp" => self.ends().map(|ends| ends.time),
            "level" => self.ends().map(|ends| ends.level),
            _ => None,
        };
        if at_an_end.is_some() {
            return Ok(at_an_end);
        }
        walk::first(self.members(), key.as_bytes())
    }

    /// What lies at a path: [`Path::parse`] has its grammar.
    ///
    /// Errors: as [`Line::get`], also within the values that the path leads through.
    pub fn get_path(self, path: &Path) -> Result<Option<Raw<'a>>, Broken> {
        path.find(self)
    }

    /// Name, time and level, if the line has Trine's own shape.
    #[inline]
    pub fn ends(self) -> Option<Ends<'a>> {
        Ends::of(self.bytes)
    }

    /// The name in front, `{"event":"name"` or with a blank behind the colon, without looking at the rest of the line.
    ///
    /// `None` when the line begins otherwise, or the name is written with escapes: ask [`Line::get`] then.
    #[inline]
    pub fn name_in_front(self) -> Option<&'a [u8]> {
        Front::of(self)?.name().plain()
    }

    /// Judges the whole line: that it is one object of JSON, in UTF-8, nested at most [`DEPTH_MAX`] deep.
    ///
    /// A surrogate without its pair (`\ud800` alone) is let through, as it reads as U+FFFD.
    pub fn check(self) -> Result<(), Broken> {
        check::line(self.bytes)
    }
}
