//! How serious an event is.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Kind, excerpt},
    suggest,
};

/// How much an event matters, from `trace` (least) to `critical` (most).
///
/// Compared and stored as its number: `trace` is 0, `critical` is 5.
///
/// ```
/// use trine_model::Level;
///
/// assert!(Level::Warning > Level::Info);
/// assert_eq!("WARN".parse::<Level>().unwrap(), Level::Warning); // any case; also err, fatal, crit
/// assert_eq!(Level::from_u8(4), Some(Level::Error));
/// assert_eq!(Level::Critical.to_string(), "critical");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Every step, for following one run with a finger.
    Trace = 0,
    /// Of little importance by itself: a cache hit, a query.
    Debug,
    /// Normal operation.
    Info,
    /// Concerning, but the work goes on: a rate limit, a slow query.
    Warning,
    /// An operation failed.
    Error,
    /// The system cannot work: the connection to the database is lost.
    Critical,
}

/// Spellings that are accepted besides the names of [`Level::ALL`].
const ALIASES: [(&str, Level); 4] =
    [("warn", Level::Warning), ("err", Level::Error), ("fatal", Level::Critical), ("crit", Level::Critical)];

impl Level {
    /// All levels, least first.
    pub const ALL: [Level; 6] =
        [Level::Trace, Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical];

    /// The level as it stands in a log line: `trace`, `debug`, `info`, `warning`, `error`, `critical`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
            Level::Critical => "critical",
        }
    }

    /// The level whose number this is (`level as u8`), if there is one.
    pub const fn from_u8(number: u8) -> Option<Level> {
        if (number as usize) < Level::ALL.len() { Some(Level::ALL[number as usize]) } else { None }
    }
}

/// Reads a level in any case; `warn`, `err`, `fatal` and `crit` are understood.
///
/// Errors: [`Error::is_invalid`]; the message lists the levels and suggests the nearest.
impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Level, Error> {
        spellings()
            .find(|(spelling, _)| spelling.eq_ignore_ascii_case(text))
            .map(|(_, level)| level)
            .ok_or_else(|| Error::new(Kind::Level(UnknownLevel { text: text.to_owned() })))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

fn spellings() -> impl Iterator<Item = (&'static str, Level)> {
    Level::ALL.into_iter().map(|level| (level.as_str(), level)).chain(ALIASES)
}

/// A text that is no level.
pub(crate) struct UnknownLevel {
    text: String,
}

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = Level::ALL.map(Level::as_str).join(", ");
        write!(f, "read `{}` as a level: levels are {allowed}", excerpt(&self.text))?;
        match suggest::nearest(&self.text, spellings().map(|(spelling, _)| spelling)) {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_reads_back_from_its_name_and_its_number() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse::<Level>().unwrap(), level);
            assert_eq!(level.as_str().to_uppercase().parse::<Level>().unwrap(), level);
            assert_eq!(Level::from_u8(level as u8), Some(level));
        }
        assert_eq!(Level::from_u8(6), None);
        assert_eq!(Level::from_u8(255), None);
    }

    #[test]
    fn levels_are_ordered_from_trace_to_critical() {
        assert!(Level::ALL.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn aliases_are_read_in_any_case() {
        for (alias, level) in [
            ("warn", Level::Warning),
            ("Err", Level::Error),
            ("FATAL", Level::Critical),
            ("crit", Level::Critical),
        ] {
            assert_eq!(alias.parse::<Level>().unwrap(), level, "{alias}");
        }
    }

    #[test]
    fn unknown_level_says_what_is_allowed_and_suggests_only_what_is_near() {
        let message = |text: &str| text.parse::<Level>().unwrap_err().to_string();
        assert_eq!(
            message("critcal"),
            "read `critcal` as a level: levels are trace, debug, info, warning, error, critical; \
             did you mean `critical`?"
        );
        assert_eq!(
            message("loud"),
            "read `loud` as a level: levels are trace, debug, info, warning, error, critical"
        );
        assert_eq!(
            message(""),
            "read `` as a level: levels are trace, debug, info, warning, error, critical"
        );
    }

    #[test]
    fn display_obeys_a_width() {
        assert_eq!(format!("[{:<8}]", Level::Info), "[info    ]");
    }
}
