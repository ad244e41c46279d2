//! How the program ends.
//!
//! | code | means |
//! |---|---|
//! | 0 | done |
//! | 2 | the command line cannot be understood |
//! | 3 | something could not be read or written |
//!
//! A closed pipe (`| head`) is success. Any other code is a bug.

use std::{fmt, io, process::ExitCode};

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Reading or writing: what was tried, and what the system said.
    Io(String, io::Error),
}

impl Failure {
    /// For `map_err`: what was tried, said so that it reads after "failed to".
    pub(crate) fn io(tried: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
        move |error| Failure::Io(tried.into(), error)
    }

    /// Says on stderr what happened, and gives the code.
    pub(crate) fn report(self) -> ExitCode {
        let code = match &self {
            Failure::Io(_, error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Failure::Io(..) => 3,
        };
        eprintln!("error: {self}");
        ExitCode::from(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Io(tried, error) => write!(f, "failed to {tried}: {error}"),
        }
    }
}
