//! Colours: decoration only, and off where they would be in the way.

use std::{
    env,
    io::{self, IsTerminal},
};

use trine_model::{Level, Role};

/// Whether to colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    has_colors: bool,
}

/// Colours that tell series apart: of the terminal's own sixteen, so that they fit its background.
const SERIES: [&str; 6] = ["36", "33", "35", "32", "34", "31"];

impl Style {
    /// On a terminal yes, unless `NO_COLOR` is set or `TERM` is `dumb`; elsewhere only with `CLICOLOR_FORCE`.
    pub(crate) fn of(is_terminal: bool) -> Style {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let has_colors = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && (is_set("CLICOLOR_FORCE") || (is_terminal && !is_dumb));
        Style { has_colors }
    }

    pub(crate) fn of_stderr() -> Style {
        Style::of(io::stderr().is_terminal())
    }

    fn code(self, code: &str, text: &str) -> String {
        if self.has_colors && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.code("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.code("2", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.code("31", text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.code("33", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.code("32", text)
    }

    pub(crate) fn accent(self, text: &str) -> String {
        self.code("36", text)
    }

    /// The colour of the series at this place.
    pub(crate) fn series(self, place: usize, text: &str) -> String {
        self.code(SERIES[place % SERIES.len()], text)
    }

    pub(crate) fn level(self, level: Level, text: &str) -> String {
        match level {
            Level::Trace | Level::Debug => self.faint(text),
            Level::Info => self.good(text),
            Level::Warning => self.warning(text),
            Level::Error => self.bad(text),
            Level::Critical => self.code("1;31", text),
        }
    }

    pub(crate) fn role(self, role: Role, text: &str) -> String {
        match role {
            Role::Open => self.accent(text),
            Role::Ok => self.good(text),
            Role::Fail => self.bad(text),
            Role::Point => text.to_owned(),
        }
    }
}
