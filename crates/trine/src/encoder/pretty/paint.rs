//! How the pieces of a line look.

use trine_model::Level;

/// The look of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// There when looked for: time, keys, context.
    Dim,
    /// What is read first: the name.
    Bold,
    /// A name that says something went wrong.
    Alarm,
    /// The mark of a run that began.
    Opened,
    /// The mark of a run that ended well.
    Good,
    /// A level.
    Level(Level),
}

impl Style {
    /// The "select graphic rendition" sequence (ECMA-48). Only the eight colours a terminal's theme defines, and faint instead of
    /// bright black, which some themes draw in the colour of the background.
    const fn sequence(self) -> &'static str {
        match self {
            Style::Dim | Style::Level(Level::Trace) => "\x1b[2m",
            Style::Bold => "\x1b[1m",
            Style::Alarm => "\x1b[1;31m",
            Style::Opened | Style::Level(Level::Debug) => "\x1b[36m",
            Style::Good | Style::Level(Level::Info) => "\x1b[32m",
            Style::Level(Level::Warning) => "\x1b[33m",
            Style::Level(Level::Error) => "\x1b[31m",
            Style::Level(Level::Critical) => "\x1b[1;7;31m",
        }
    }
}

/// Applies styles, or leaves everything as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Paint {
    pub(super) color: bool,
}

impl Paint {
    /// Everything appended from here on looks so, until [`Paint::end`].
    #[inline]
    pub(super) fn begin(self, out: &mut Vec<u8>, style: Style) {
        if self.color {
            out.extend_from_slice(style.sequence().as_bytes());
        }
    }

    /// Back to normal.
    #[inline]
    pub(super) fn end(self, out: &mut Vec<u8>) {
        if self.color {
            out.extend_from_slice(b"\x1b[0m");
        }
    }

    /// Appends text of that look.
    pub(super) fn text(self, out: &mut Vec<u8>, style: Style, text: &str) {
        self.begin(out, style);
        out.extend_from_slice(text.as_bytes());
        self.end(out);
    }
}
