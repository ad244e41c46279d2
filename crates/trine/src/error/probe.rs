//! How macros find out what they were given: an error, one with a code, something that holds one.
//!
//! `cause:` asks `(&&&CauseProbe(&error)).caused()`, and the compiler takes the first of the traits below that fits: fewer
//! references, a lower choice. A generic function would have to name one bound for all of them, and there is none.

use std::{
    any::type_name,
    error::Error,
    fmt::{self, Display},
    io,
    rc::Rc,
};

use trine_ring::held::error_in;

use super::ErrorCode;

/// What went wrong, as it was handed over.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Failure<'a> {
    pub(super) text: &'a (dyn Display + 'a),
    /// Of the type that was known while compiling.
    pub(super) type_name: &'static str,
    /// Where its causes are asked for.
    pub(super) error: Option<&'a (dyn Error + 'a)>,
    /// The same where it borrows nothing, and so can be asked for its type.
    pub(super) owned: Option<&'a (dyn Error + 'static)>,
    /// The type that was known while compiling only holds the error.
    pub(super) is_held: bool,
    pub(super) code: Option<&'a (dyn ErrorCode + 'a)>,
    /// The stack trace it brings.
    pub(super) trace: Option<&'a (dyn Display + 'a)>,
}

impl<'a> Failure<'a> {
    /// Something with a text, of a type of that name.
    pub(crate) fn shown(text: &'a (dyn Display + 'a), type_name: &'static str) -> Failure<'a> {
        Failure { text, type_name, error: None, owned: None, is_held: false, code: None, trace: None }
    }

    /// Something with a text: perhaps an error, which whoever takes anything with a `Display` cannot know. Of a few types it is
    /// found out.
    pub(crate) fn of<E: ?Sized>(text: &'a (dyn Display + 'a), value: &'a E) -> Failure<'a> {
        let failure = Failure::shown(text, type_name::<E>());
        match error_in(value) {
            Some(held) => {
                let is_held = held.owned.is_none_or(|error| !error.is::<io::Error>());
                Failure { error: Some(held.error), owned: held.owned, is_held, ..failure }
            }
            None => failure,
        }
    }

    /// An error.
    pub fn error<E: Error>(error: &'a E) -> Failure<'a> {
        Failure { error: Some(error), ..Failure::shown(error, type_name::<E>()) }
    }

    /// An error with a code.
    pub fn coded<E: Error + ErrorCode>(error: &'a E) -> Failure<'a> {
        Failure { code: Some(error), ..Failure::error(error) }
    }

    /// What holds an error.
    pub fn held<E: HoldsError>(holder: &'a E) -> Failure<'a> {
        let held = holder.held();
        Failure {
            error: Some(held),
            owned: Some(held),
            is_held: true,
            trace: holder.trace(),
            ..Failure::shown(holder, type_name::<E>())
        }
    }
}

impl fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("type_name", &self.type_name).finish_non_exhaustive()
    }
}

/// What holds an error without being one.
#[doc(hidden)]
pub trait HoldsError: Display {
    fn held(&self) -> &(dyn Error + 'static);
    /// The stack trace that was taken when it was made.
    fn trace(&self) -> Option<&dyn Display> {
        None
    }
}

macro_rules! holders {
    ($($type:ty)*) => {$(
        impl HoldsError for $type {
            fn held(&self) -> &(dyn Error + 'static) {
                &**self
            }
        }
    )*};
}

holders! {
    Box<dyn Error> Box<dyn Error + Send> Box<dyn Error + Send + Sync>
    Rc<dyn Error> Rc<dyn Error + Send> Rc<dyn Error + Send + Sync>
}

#[cfg(feature = "eyre")]
holders! { eyre::Report }

#[cfg(feature = "anyhow")]
impl HoldsError for anyhow::Error {
    fn held(&self) -> &(dyn Error + 'static) {
        &**self
    }
    fn trace(&self) -> Option<&dyn Display> {
        let trace = self.backtrace();
        (trace.status() == std::backtrace::BacktraceStatus::Captured).then_some(trace as &dyn Display)
    }
}

impl<T: HoldsError + ?Sized> HoldsError for &T {
    fn held(&self) -> &(dyn Error + 'static) {
        (**self).held()
    }
    fn trace(&self) -> Option<&dyn Display> {
        (**self).trace()
    }
}

/// What `cause:` was given.
#[doc(hidden)]
#[derive(Debug)]
pub struct CauseProbe<'a, T>(pub &'a T);

/// First: an error that has a code.
#[doc(hidden)]
pub trait ProbeCoded<'a> {
    fn caused(self) -> Failure<'a>;
}

impl<'a, T: Error + ErrorCode> ProbeCoded<'a> for &&&CauseProbe<'a, T> {
    fn caused(self) -> Failure<'a> {
        Failure::coded(self.0)
    }
}

/// Second: an error.
#[doc(hidden)]
pub trait ProbeError<'a> {
    fn caused(self) -> Failure<'a>;
}

impl<'a, T: Error> ProbeError<'a> for &&CauseProbe<'a, T> {
    fn caused(self) -> Failure<'a> {
        Failure::error(self.0)
    }
}

/// Third: what holds an error.
#[doc(hidden)]
pub trait ProbeHeld<'a> {
    fn caused(self) -> Failure<'a>;
}

impl<'a, T: HoldsError> ProbeHeld<'a> for &CauseProbe<'a, T> {
    fn caused(self) -> Failure<'a> {
        Failure::held(self.0)
    }
}

/// Last: anything else is a mistake.
#[doc(hidden)]
pub trait ProbeMistake<'a> {
    type Given;
    fn caused(self) -> Failure<'a>
    where
        Self::Given: IsCause;
}

impl<'a, T> ProbeMistake<'a> for CauseProbe<'a, T> {
    type Given = T;
    fn caused(self) -> Failure<'a>
    where
        T: IsCause,
    {
        Failure::error(self.0)
    }
}

/// What `cause:` takes, for the message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error",
    label = "no `std::error::Error`",
    note = "write `cause: &error`, where `error` is a `std::error::Error` or holds one: `Box<dyn Error>`; with the features `anyhow` \
            and `eyre` also their errors",
    note = "text is a field: `error!(\"payment_process_failed\", reason = text)`"
)]
pub trait IsCause: Error {}
