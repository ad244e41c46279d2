//! Why a value could not be serialized.

use std::fmt;

/// The text of an error, of the type's own or of ours.
#[derive(Debug)]
pub(super) struct Error(Box<str>);

impl Error {
    #[cold]
    pub(super) fn new(text: impl fmt::Display) -> Error {
        Error(text.to_string().into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl serde_core::ser::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Error {
        Error::new(text)
    }
}
