//! The error of this crate; each kind is defined in the module that raises it.

use std::fmt;

use crate::{level::UnknownLevel, mask::UnknownWord, name::compose::BadName, name::intern::Full};

/// Longest piece of a refused text that a message repeats, in characters. Longer than any sensible name or level, and short
/// enough for a line of a log.
const EXCERPT_CHARS_MAX: usize = 160;

/// Why a text is not a name, a level, a mask or a detector, or why a name cannot be kept.
///
/// One pointer wide. The message is a fragment that reads after "failed to ...", names the text and says what is allowed.
///
/// ```
/// use trine_model::{EventName, Level};
///
/// let error = "wran".parse::<Level>().unwrap_err();
/// assert!(error.is_invalid());
/// assert_eq!(
///     error.to_string(),
///     "read `wran` as a level: levels are trace, debug, info, warning, error, critical; did you mean `warn`?",
/// );
/// assert!(EventName::compose("auth", "Login", "success").unwrap_err().is_invalid());
/// ```
pub struct Error(pub(crate) Box<Kind>);

pub(crate) enum Kind {
    Level(UnknownLevel),
    Name(BadName),
    Full(Full),
    Word(UnknownWord),
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: Kind) -> Error {
        Error(Box::new(kind))
    }

    /// True when the text breaks the rules, whoever is asked and whenever: the text must change.
    pub fn is_invalid(&self) -> bool {
        matches!(*self.0, Kind::Level(_) | Kind::Name(_) | Kind::Word(_))
    }

    /// True when a name is well formed, but [`NAMES_COMPOSED_MAX`](crate::NAMES_COMPOSED_MAX) others are kept already.
    /// Names that were accepted before still are.
    pub fn is_full(&self) -> bool {
        matches!(*self.0, Kind::Full(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Level(kind) => kind.fmt(f),
            Kind::Name(kind) => kind.fmt(f),
            Kind::Full(kind) => kind.fmt(f),
            Kind::Word(kind) => kind.fmt(f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?})", self.to_string())
    }
}

impl std::error::Error for Error {}

/// A text as a message may show it: on one line and of bounded length, whatever was given.
pub(crate) fn excerpt(text: &str) -> String {
    let end = text.char_indices().nth(EXCERPT_CHARS_MAX).map_or(text.len(), |(at, _)| at);
    let mut shown = text[..end].escape_debug().to_string();
    if end < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn excerpt_stays_on_one_line_and_is_cut_between_characters() {
        assert_eq!(excerpt("a\nb"), "a\\nb");
        let long = "é".repeat(EXCERPT_CHARS_MAX + 1);
        assert_eq!(excerpt(&long), format!("{}…", "é".repeat(EXCERPT_CHARS_MAX)));
    }
}
