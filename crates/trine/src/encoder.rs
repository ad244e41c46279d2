//! From an event to a line.

pub(crate) mod duration;
mod escape;
#[cfg(test)]
mod guide;
mod json;
mod logfmt;
mod pairs;
mod plans;
mod pretty;

use std::{fmt, str::FromStr};

pub use json::Json;
pub use logfmt::Logfmt;
pub use pretty::Pretty;

use crate::event::EventRef;

/// Renders events as lines. One encoder serves one thread; [`Encoder::fresh`] makes one for another.
pub trait Encoder: Send + fmt::Debug {
    /// Appends the event to `out`, ended by `\n`, and exactly one line whatever the event holds. Only [`Pretty`], which is for
    /// people, puts text of several lines under the event.
    fn encode(&mut self, event: &EventRef<'_>, out: &mut Vec<u8>);

    /// An encoder of the same settings, without what this one has kept.
    fn fresh(&self) -> Box<dyn Encoder>;
}

/// The encoders that can be named in a variable or a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object per line: for programs. See `docs/format.md`.
    Json,
    /// `key=value` pairs: for programs that want those, and for grep.
    Logfmt,
    /// Aligned and coloured: for people at a terminal.
    Pretty,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 3] = [Format::Json, Format::Logfmt, Format::Pretty];

    /// The name used in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Logfmt => "logfmt",
            Format::Pretty => "pretty",
        }
    }

    /// The encoder. `color` matters to [`Pretty`] only.
    pub fn encoder(self, color: bool) -> Box<dyn Encoder> {
        match self {
            Format::Json => Box::new(Json::new()),
            Format::Logfmt => Box::new(Logfmt::new()),
            Format::Pretty => Box::new(Pretty::new().color(color)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is none of [`Format::ALL`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown format `{}`; allowed: json, logfmt, pretty", self.0)
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Format, UnknownFormat> {
        let named = |format: &Format| format.as_str().eq_ignore_ascii_case(text.trim());
        Format::ALL.into_iter().find(named).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}
