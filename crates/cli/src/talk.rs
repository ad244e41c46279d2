//! What is said beside the answer, on the standard error. That nobody hears it, as when it was closed, is no failure.

use std::{
    fmt::Display,
    io::{self, Write},
};

use crate::render::Style;

/// A line.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Something went wrong, and the rest goes on.
pub(crate) fn warn(text: impl Display) {
    say(format!("{} {text}", Style::of_stderr().warning("warning:")));
}

/// Text without a line feed: the last line of a screen.
pub(crate) fn show(text: impl Display) {
    let mut out = io::stderr().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
