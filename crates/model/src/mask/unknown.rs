//! A word of the configuration that names no mask and no detector.

use std::fmt;

use crate::{
    error::{Error, Kind, excerpt},
    suggest,
};

/// A text that is none of the words that are allowed in its place, or no word at all.
pub(crate) struct UnknownWord {
    what: &'static str,
    text: String,
    /// None where anything with a letter is allowed.
    allowed: Vec<&'static str>,
}

impl UnknownWord {
    #[cold]
    pub(crate) fn error(
        what: &'static str,
        text: &str,
        allowed: impl Iterator<Item = &'static str>,
    ) -> Error {
        Error::new(Kind::Word(UnknownWord { what, text: text.to_owned(), allowed: allowed.collect() }))
    }

    /// A key without a letter or digit.
    #[cold]
    pub(crate) fn no_letters(text: &str) -> Error {
        UnknownWord::error("key to mask", text, std::iter::empty())
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownWord { what, text, allowed } = self;
        if allowed.is_empty() {
            return write!(
                f,
                "read `{}` as a {what}: it has no letter and no digit, like `api_key` has",
                excerpt(text)
            );
        }
        write!(f, "read `{}` as a {what}: {what}s are {}", excerpt(text), allowed.join(", "))?;
        match suggest::nearest(text, allowed.iter().copied()) {
            Some(near) => write!(f, "; did you mean `{near}`?"),
            None => Ok(()),
        }
    }
}
