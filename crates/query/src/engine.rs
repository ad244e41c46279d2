//! The engine: a question over an input gives an answer.
//!
//! ```
//! use trine_query::{engine::{Settings, ask}, scan::input::Input};
//!
//! let log = br#"{"event":"user_action","action_type":"purchase","category":"books","amount":12.5}
//! {"event":"user_action","action_type":"purchase","category":"games","amount":30}
//! {"event":"user_action","action_type":"view","category":"games"}
//! "#;
//! let input = Input::reader("log", &log[..]);
//! let answer = ask("SUM(amount) WHERE action_type:\"purchase\"", &input, &Settings::default())?;
//! assert_eq!(answer.ndjson(), "{\"sum(amount)\":42.5}\n");
//! # Ok::<(), trine_query::engine::Error>(())
//! ```
//!
//! # How does it go?
//! The filter says which bytes must stand in a line; those are searched for in whole blocks, and only lines that have them are looked
//! at. Of these the fields that the question names are found, by all threads at once; each thread gathers groups of its own,
//! which are merged at the end. A stage that needs all events (sorting, grouping) ends a segment; what follows it runs over the
//! few rows it left.

mod aggregate;
mod budget;
mod compare;
mod compile;
mod condition;
mod context;
mod differ;
mod event;
mod expr;
mod facets;
mod firsts;
mod functions;
mod groups;
mod hash;
mod keep;
mod known;
mod live;
mod marks;
mod names;
mod pairs;
mod place;
mod plan;
mod readers;
mod run;
mod scope;
mod sink;
mod stream;
mod test;
mod value;
mod worker;

use std::{
    error, fmt,
    sync::atomic::AtomicBool,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

pub use self::{
    aggregate::{
        DISTINCT_ERROR, DISTINCT_EXACT_MAX, QUANTILE_ERROR, QUANTILE_EXACT_MAX, TOP_VALUES_MAX, VALUES_MAX,
    },
    context::MATCHES_MAX,
    facets::FIELDS_MAX,
    live::Live,
    stream::{Lines, Told, tell},
};
pub(crate) use self::{compile::convert, event::canonical};
use crate::{
    answer::{Answer, counted},
    lang,
    scan::input::{Input, Progress, TimeRange},
};

/// Memory that an answer may take while it is gathered, unless the settings say otherwise: millions of groups.
pub const MEMORY_BYTES: usize = 1 << 30;

/// How a question is answered.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Only events within this range of time. Default: all.
    pub range: Option<TimeRange>,
    /// Memory for groups and kept events. Bytes; default [`MEMORY_BYTES`].
    pub memory_bytes: usize,
    /// Threads. Default: as many as there are cores.
    pub threads: usize,
    /// Whether names that nothing in the input has are taken as they are. Default: no, a slip is an error.
    pub is_lenient: bool,
    /// What `now()` is. Nanoseconds since 1970-01-01 UTC; default: the clock's.
    pub now_ns: i64,
    /// Ends early, as soon as it is true: the answer is of what was read so far, and says so.
    pub stop: Option<&'a AtomicBool>,
    /// Tells others how far it is.
    pub progress: Option<&'a Progress>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Settings {
            range: None,
            memory_bytes: MEMORY_BYTES,
            threads: thread::available_parallelism().map_or(1, usize::from),
            is_lenient: false,
            now_ns: i64::try_from(now.as_nanos()).unwrap_or(i64::MAX),
            stop: None,
            progress: None,
        }
    }
}

/// Answers a question.
///
/// Errors: the question cannot be understood, names what the input does not have, or needs more memory than it may take. What
/// could not be read of the input is no error: [`Answer::notes`] says it.
pub fn ask(question: &str, input: &Input, settings: &Settings<'_>) -> Result<Answer, Error> {
    run::ask(question, input, settings)
}

/// Whether a question can be answered at all, whatever the input.
pub(crate) fn check(text: &str, query: &lang::ast::Query) -> Result<(), lang::Error> {
    let mut answers = |_: &lang::ast::Field, inner: &lang::ast::Query| {
        check(text, inner).map(|()| std::collections::HashSet::new())
    };
    plan::Plan::new(text, query, 0, false, &mut answers).map(drop)
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be understood, or names what nothing in the input has.
    Question(lang::Error),
    /// It needs more memory than it may take.
    Memory {
        /// How much it may take.
        limit_bytes: usize,
        /// How many groups, or whatever it gathers, there were by then.
        gathered: usize,
        /// What it gathers, in the singular.
        of: &'static str,
    },
}

impl Error {
    #[cold]
    fn memory(limit_bytes: usize, gathered: usize, of: &'static str) -> Error {
        Error::Memory { limit_bytes, gathered, of }
    }
}

impl From<lang::Error> for Error {
    fn from(error: lang::Error) -> Self {
        Error::Question(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Question(error) => error.fmt(f),
            Error::Memory { limit_bytes, gathered, of } => {
                let limit = match limit_bytes >> 20 {
                    0 => counted(*limit_bytes as u64, "byte"),
                    mib => format!("{mib} MiB"),
                };
                write!(
                    f,
                    "the answer needs more than {limit} of memory: {} so far\n\
                     hint: ask for less (a narrower filter, a shorter range of time, fewer fields to group by, `| limit`), or allow more with --memory",
                    counted(*gathered as u64, of)
                )
            }
        }
    }
}

impl error::Error for Error {}
