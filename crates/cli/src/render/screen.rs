//! What we write to: how wide it is, whether a person looks at it, whether it has colours.

use std::{
    env,
    io::{self, IsTerminal},
};

use super::Style;

/// Width of charts and pages of text where nothing says how wide it is.
pub(crate) const WIDTH_DEFAULT: usize = 80;
/// A narrower terminal is written to as if it were so wide.
const WIDTH_MIN: usize = 20;

/// What the standard output is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Columns; `None` where there is no end to a line, as in a file.
    pub(crate) width: Option<usize>,
    /// Whether a person looks at it.
    pub(crate) is_terminal: bool,
    pub(crate) style: Style,
}

impl Screen {
    /// What the standard output is. `COLUMNS` says how wide, whatever it is; `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` say whether
    /// there are colours.
    pub(crate) fn of_stdout() -> Screen {
        let is_terminal = io::stdout().is_terminal();
        let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = said.or_else(|| if is_terminal { asked() } else { None });
        Screen {
            width: width.map(|width: usize| width.max(WIDTH_MIN)),
            is_terminal,
            style: Style::of(is_terminal),
        }
    }

    /// How wide to draw.
    pub(crate) fn columns(&self) -> usize {
        self.width.unwrap_or(WIDTH_DEFAULT)
    }

    /// A screen of this width without colours that a person looks at.
    #[cfg(test)]
    pub(crate) fn plain(width: usize) -> Screen {
        Screen { width: Some(width), is_terminal: true, style: Style::of(false) }
    }
}
