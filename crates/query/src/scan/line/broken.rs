//! Why a line cannot be read, and where.

use std::{error, fmt};

/// A line that is not what it should be: what is wrong, at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is wrong.
    pub problem: Problem,
    /// The byte of the line at which it was noticed, counted from 0.
    pub at: usize,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// Nothing but white space.
    Empty,
    /// It does not begin with `{`: plain text, a stack trace, a list.
    NotAnObject,
    /// It ends within a text, a value or the object: cut, as by a full disk or a crash.
    Cut,
    /// No `"` where a key must begin.
    NoKey,
    /// No `:` behind a key.
    NoColon,
    /// Nothing that can begin a value, where one must be.
    NoValue,
    /// Neither `,` nor the closing bracket behind a value.
    NoComma,
    /// More lists and maps in each other than [`DEPTH_MAX`](super::DEPTH_MAX).
    TooDeep,
    /// Something behind the object's end.
    Trailing,
    /// What begins like a number is none.
    BadNumber,
    /// What begins like `true`, `false` or `null` is something else.
    BadWord,
    /// `\` before what cannot be escaped.
    BadEscape,
    /// A control character within a text.
    BadControl,
    /// Bytes that are not UTF-8.
    NotUtf8,
}

impl Problem {
    /// All of them.
    pub const ALL: [Problem; 14] = [
        Problem::Empty,
        Problem::NotAnObject,
        Problem::Cut,
        Problem::NoKey,
        Problem::NoColon,
        Problem::NoValue,
        Problem::NoComma,
        Problem::TooDeep,
        Problem::Trailing,
        Problem::BadNumber,
        Problem::BadWord,
        Problem::BadEscape,
        Problem::BadControl,
        Problem::NotUtf8,
    ];

    /// In words, to be read behind "the line" or "the value".
    pub const fn as_str(self) -> &'static str {
        match self {
            Problem::Empty => "is empty",
            Problem::NotAnObject => "is not a JSON object",
            Problem::Cut => "is cut short",
            Problem::NoKey => "has no `\"` where a key must begin",
            Problem::NoColon => "has no `:` behind a key",
            Problem::NoValue => "has no value where one must be",
            Problem::NoComma => "has neither `,` nor a closing bracket behind a value",
            Problem::TooDeep => "is nested too deep",
            Problem::Trailing => "goes on behind the end of its object",
            Problem::BadNumber => "has a number that is none",
            Problem::BadWord => "has a word that is neither true, false nor null",
            Problem::BadEscape => "has a `\\` before what cannot be escaped",
            Problem::BadControl => "has a control character within a text",
            Problem::NotUtf8 => "is not UTF-8",
        }
    }

    #[cold]
    pub(super) fn at(self, at: usize) -> Broken {
        Broken { problem: self, at }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the line {} (byte {})", self.problem.as_str(), self.at)
    }
}

impl error::Error for Broken {}
