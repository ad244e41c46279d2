//! The bytes side: from files to the values of the fields that a question names.
//!
//! [`input`] finds the sources and hands their lines, in blocks, to many threads. [`mod@line`] reads one line on demand: it finds the fields that are wanted and skips the rest without decoding it.
//! [`needles`] finds the lines that may match before any is parsed. [`time`] turns the spellings of a point in time into nanoseconds.

pub mod follow;
pub mod foreign;
pub mod input;
pub(crate) mod level;
pub mod line;
pub mod needles;
pub(crate) mod newline;
pub(crate) mod rare;
pub mod time;
