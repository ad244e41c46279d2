//! What an event says of an error: the one model that `cause:`, operations, [`ErrorContext`] and the panic hook share. See
//! `docs/errors.md`.

pub(crate) mod backtrace;
mod code;
mod context;
mod facts;
pub(crate) mod fingerprint;
mod kind;
mod probe;
pub(crate) mod shown;

pub use self::{
    code::ErrorCode,
    context::{ErrorContext, log_error_event},
    probe::{CauseProbe, Failure, ProbeCoded, ProbeError, ProbeHeld, ProbeMistake},
};
pub(crate) use self::{facts::Facts, probe::HoldsError};
