//! How the program ends.
//!
//! | code | means |
//! |---|---|
//! | 0 | done |
//! | 1 | nothing was found |
//! | 2 | the command line cannot be understood |
//! | 3 | something could not be read or written |
//!
//! A closed pipe (`| head`) is success. Any other code is a bug.

use std::{fmt, io, process::ExitCode};

use trine_query::scan::input::Trouble;

use crate::talk;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Reading or writing: what was tried, and what the system said.
    Io(String, io::Error),
    /// None of the logs could be found; what was wrong with each.
    NoLogs(Vec<Trouble>),
    /// There are logs, and nothing in them is what was asked for.
    Nothing(String),
    /// Nothing was found, and it is said already.
    None,
    /// The command line says what cannot be.
    Usage(String),
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
            Failure::Io(..) | Failure::NoLogs(_) => 3,
            Failure::Nothing(_) => 1,
            Failure::None => return ExitCode::from(1),
            Failure::Usage(_) => 2,
        };
        // That there is nothing is an answer.
        let prefix = if matches!(self, Failure::Nothing(_)) { "" } else { "error: " };
        talk::say(format_args!("{prefix}{self}"));
        ExitCode::from(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Io(tried, error) => write!(f, "failed to {tried}: {error}"),
            Failure::NoLogs(troubles) if troubles.is_empty() => f.write_str("no logs"),
            Failure::NoLogs(troubles) => {
                let troubles: Vec<String> = troubles.iter().map(ToString::to_string).collect();
                f.write_str(&troubles.join("\nerror: "))
            }
            Failure::Nothing(what) | Failure::Usage(what) => f.write_str(what),
            Failure::None => f.write_str("nothing was found"),
        }
    }
}
