//! Structured events: a static name made of domain, action and status, and typed fields.
//!
//! ```
//! use trine::{bind, error, info};
//!
//! fn main() {
//!     info!("user_login", user_id = "user_123", source = "web_app");
//!     let log = bind!(request_id = "req_123");
//!     info!(log, "page_view", page = "/dashboard", duration_ms = 12.5);
//!     error!(log, "payment_process_failed", order_id = "ORD-123", reason = "insufficient_funds");
//! }
//! ```
//!
//! Nothing has to be set up: the first event starts a pipeline that writes JSON lines to stdout (for people, when stdout is a
//! terminal), at level `info` and above; leaving `main`, `exit` and a panic write out what is still under way. Variables
//! (`TRINE_LEVEL`, `TRINE_FORMAT`, `TRINE_OUTPUT`, `TRINE_CONFIG`), a file and [`setup`] change that: see
//! `docs/configuration.md`.
//!
//! What begins and ends is an operation: `timed!("database_query", table = "users").run(|| ...)`, or `#[timed]` on a function; see [`timed!`].
//!
//! The nouns: [`Logger`] (bound fields, from [`bind!`]), [`EventName`], [`Level`], [`Value`] (what a field can hold),
//! [`Operation`], [`Output`] = filter + [`Encoder`] + [`Sink`], [`Health`].
//!
//! # How does an event travel, and what does it cost?
//! The macro checks the level (one load), reads the clock and copies the arguments as bytes into a ring of the calling thread:
//! some 40 ns, no lock, no allocation, no system call. A worker merges the rings by time, renders, and writes large chunks.
//! `ARCHITECTURE.md` tells the whole way.
//!
//! # What if the ring is full?
//! The caller helps: it drains the rings itself. Only if the sink is stuck as well, events at `info` and above wait, at most one
//! second per stall; then, and for `trace` and `debug` at once, they are counted as lost: by name in [`health`], and in an
//! event `trine_events_lost` once writing works again.
//!
//! # What if the disk is full, the collector dead, the pipe closed?
//! The program goes on. One line on stderr says what happened, events wait in the rings and are written when the sink works
//! again, and what did not fit is counted as lost.
//!
//! # Why do I see nothing?
//! The level (`TRINE_LEVEL=debug`); an output that is a file (`TRINE_OUTPUT`); a sink that fails: read stderr and [`health`].
//!
//! # How do I test what I emit?
//! [`testing::capture`] and [`assert_event!`].
//!
//! # How do I say what an error was? Do I hear of panics?
//! `error!(cause: &error, "payment_process_failed")` asks the error: [`ErrorCode`] adds its code, [`ErrorContext`] is for errors that
//! come as pieces. A panic is an event, `runtime_thread_panicked`. See `docs/errors.md`.
//!
//! # How do I keep secrets out of the log?
//! What stands under keys such as `password` or `x-api-key` is masked by itself, at any depth, before it is stored anywhere; what has the form
//! of a secret (card numbers, tokens, `password=...`) is masked in all texts. [`Secret`] hides a value whatever it is called; [`mask`] has
//! functions for the rest, and `docs/masks.md` says what is looked for where.
//!
//! # How many of what happened, and how long did it take?
//! Every name is counted from its first event on: [`counts`], [`metrics::operations`], [`metrics::prometheus`]. See `docs/counts.md`.
//!
//! # Features
//! - `attributes` (default): `#[timed]`, in `trine::attr`.
//! - `config` (default): configuration files.
//! - `metrics-server`: `serve_metrics`, for Prometheus to scrape.
//! - `gzip`, `zstd`: compression of closed log files.
//! - `anyhow`, `eyre`: `cause:` takes their errors as they are.
//! - `serde`: values of types that serde can serialize, and a [`Secret`] in them.
//! - `uuid`, `jiff`, `chrono`, `time`, `url`: values of those crates' types.
#![forbid(unsafe_code)]

#[cfg(feature = "attributes")]
pub mod attr;
pub mod batch;
mod black_box;
mod callsite;
mod civil;
mod clock;
mod collector;
pub mod config;
pub mod correlation;
mod emit;
pub mod encoder;
mod error;
mod error_text;
pub mod event;
mod health;
mod hold;
mod inline;
mod leave;
mod logger;
mod loss;
mod macros;
pub mod mask;
mod masks;
pub mod metrics;
pub mod name;
pub mod operation;
mod options;
mod panics;
mod pipeline;
mod random;
pub mod recovery;
pub mod rules;
pub mod sample;
mod scope;
mod setup;
pub mod sink;
pub mod stage;
mod tally;
pub mod testing;
mod worker;

use std::sync::{Mutex, MutexGuard};

pub use trine_model::{EventName, Level, Role};
#[cfg(feature = "serde")]
pub use trine_ring::value::{Serde, serde};
pub use trine_ring::{Value, ValueWriter};

#[cfg(feature = "metrics-server")]
#[doc(inline)]
pub use crate::metrics::{MetricsServer, serve_metrics};
#[doc(inline)]
pub use crate::{
    batch::Batcher,
    callsite::Callsite,
    correlation::{Correlation, CorrelationId, correlation_id},
    encoder::{Encoder, Format},
    error::{ErrorCode, ErrorContext, log_error_event},
    event::{Event, EventRef},
    health::{Health, health},
    hold::DEFAULT_HOLD_BYTES,
    logger::Logger,
    mask::{Masked, Secret},
    metrics::EventMetrics,
    operation::{Operation, Outcome},
    pipeline::{flush, set_level},
    rules::{LevelRules, RulesError},
    sample::set_sampling,
    scope::{InScope, ScopeGuard, Scoped},
    setup::{BlackBox, Delivery, Durability, Output, Setup, StackTraces, setup},
    sink::{Sink, WriteError},
    stage::{EventEdit, Stage, Verdict},
    tally::counts,
};

/// Locks, also after a panic elsewhere: what our locks guard is whole between any two statements.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What the macros expand to. Not for use by hand: anything here may change.
#[doc(hidden)]
pub mod __private {
    pub use core::{
        option::Option::{self, None, Some},
        primitive::{str, u8, usize},
    };

    /// Of an operation that is never slow.
    pub const NO_LIMIT: f64 = f64::INFINITY;

    pub use trine_model::key::check_keys;
    pub use trine_ring::{Arg, value::arg};

    pub use crate::{
        batch::batch,
        callsite::{Callsite, NamedLater},
        emit::{emit, emit_bound, emit_with},
        error::{CauseProbe, Failure, ProbeCoded, ProbeError, ProbeHeld, ProbeMistake},
        logger::{bind, enter, enter_holding, event_name, logger, no_logger, scoped_logger},
        macros::key,
        operation::{
            Names, OperationSite, Probe, ProbeAny, ProbeOutcome, ProbeResult, ProbeResultCoded,
            ProbeResultError, ProbeResultHeld, join, joined_len, milliseconds, no_parent, parent, text,
        },
        options::Options,
        tally::count,
        testing::expect_event,
    };
}
