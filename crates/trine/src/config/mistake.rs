//! A mistake: what the readers of single values return. It becomes a [`Finding`] where its source is known.

use super::finding::{Finding, Severity, excerpt};
use trine_model::suggest;

/// Something wrong in one value, not yet placed in a variable or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
    /// Where in the value it begins: characters before it.
    pub(crate) column: usize,
    /// What happens instead, where it is not simply that the default stays.
    pub(crate) outcome: Option<&'static str>,
}

/// Result of reading one value, which may hold several mistakes. What is right has been taken nevertheless.
pub(crate) type Reading = Result<(), Vec<Mistake>>;

/// Puts a value where it belongs, or passes its mistake on.
pub(crate) fn put<T>(slot: &mut Option<T>, value: Result<T, Mistake>) -> Reading {
    *slot = Some(value?);
    Ok(())
}

/// The reading that found these mistakes.
pub(crate) fn fail_if_any(mistakes: Vec<Mistake>) -> Reading {
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

impl Mistake {
    pub(crate) fn new(id: &'static str, message: impl Into<String>) -> Mistake {
        Mistake {
            id,
            severity: Severity::Error,
            message: message.into(),
            suggestion: None,
            column: 0,
            outcome: None,
        }
    }

    /// A word that is none of those allowed: says which are, and which was probably meant.
    pub(crate) fn unknown(id: &'static str, what: &str, word: &str, allowed: &[&str]) -> Mistake {
        let message = format!("unknown {what} `{}`; allowed: {}", excerpt(word), allowed.join(", "));
        Mistake::new(id, message).suggest(nearest(word, allowed))
    }

    pub(crate) fn suggest(self, suggestion: Option<String>) -> Mistake {
        Mistake { suggestion, ..self }
    }

    pub(crate) fn outcome(self, outcome: &'static str) -> Mistake {
        Mistake { outcome: Some(outcome), ..self }
    }

    pub(crate) fn warning(self) -> Mistake {
        Mistake { severity: Severity::Warning, ..self }
    }

    /// Moves the mistake to where it begins in a longer text.
    pub(crate) fn at(self, column: usize) -> Mistake {
        Mistake { column, ..self }
    }

    /// The finding, said of a source.
    pub(crate) fn found_in(self, source: &str) -> Finding {
        Finding {
            id: self.id,
            severity: self.severity,
            source: source.to_owned(),
            place: None,
            value: None,
            message: self.message,
            suggestion: self.suggestion,
            outcome: self.outcome.map(str::to_owned),
            item: None,
        }
    }
}

impl From<Mistake> for Vec<Mistake> {
    fn from(mistake: Mistake) -> Vec<Mistake> {
        vec![mistake]
    }
}

/// The allowed word nearest to what was written, when one is near enough to be meant.
pub(crate) fn nearest(word: &str, allowed: &[&str]) -> Option<String> {
    suggest::nearest(word, allowed.iter().copied()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_says_what_is_allowed_and_what_was_meant() {
        let finding = Mistake::unknown("format-unknown", "format", "jsno", &["json", "logfmt"]).found_in("x");
        assert_eq!(
            finding.to_string(),
            "trine: x: unknown format `jsno`; allowed: json, logfmt; did you mean `json`?"
        );
    }

    #[test]
    fn a_word_near_to_nothing_gets_no_suggestion() {
        assert_eq!(Mistake::unknown("format-unknown", "format", "protobuf", &["json"]).suggestion, None);
    }
}
