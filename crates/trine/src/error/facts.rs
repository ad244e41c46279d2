//! What is known of one error, asked once, and the fields it becomes.

use std::{borrow::Cow, error::Error, fmt::Display, io, iter::successors, panic::AssertUnwindSafe};

use trine_ring::{Arg, Value, ValueWriter, caught};

use super::{
    ErrorCode, Failure, backtrace, fingerprint, kind,
    shown::{Shown, beginning_of_debug},
};
use crate::error_text::{CUT, pass};

/// Longest chain of causes that is followed; a longer one is a loop or no help.
const CAUSES_MAX: usize = 32;
/// Bytes of causes after which no other is shown: each may have the length of a message.
const CHAIN_BYTES_MAX: usize = 64 << 10;
/// Longest code, and longest name of a type that a `Debug` text tells, in bytes; more is cut.
const CODE_BYTES_MAX: usize = 256;
/// The type of errors of the standard library's `io`.
const IO_TYPE: &str = "io::Error";
/// The type of an error that nothing is known of but its text.
const UNKNOWN_TYPE: &str = "Error";

/// What an event says of an error. All texts have passed the gate.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// `None` of what is no error but has a text: `"timeout"`, a status.
    pub(crate) error_type: Option<String>,
    pub(crate) message: Shown,
    /// `None` where nothing could be asked for causes.
    pub(crate) chain: Option<Vec<Shown>>,
    pub(crate) code: Option<String>,
    /// `None` where it was not asked for, and the error brings none.
    pub(crate) stack_trace: Option<String>,
}

impl Facts {
    /// Asks an error. Runs the user's code: its `Display`, `Debug`, `source`, `error_code`.
    pub(crate) fn of(failure: &Failure<'_>) -> Facts {
        Facts::with(failure, backtrace::at_event)
    }

    /// The same for the end of an operation, which has fields enough: no chain where there is no cause, and see
    /// [`backtrace::at_end`].
    pub(crate) fn of_ending(failure: &Failure<'_>) -> Facts {
        let facts = Facts::with(failure, backtrace::at_end);
        Facts { chain: facts.chain.filter(|chain| !chain.is_empty()), ..facts }
    }

    fn with(failure: &Failure<'_>, trace: fn(Option<&dyn Display>) -> Option<String>) -> Facts {
        let message = Shown::of(&failure.text);
        let causes = failure.error.map(causes);
        let known = kind::of_type(failure.type_name);
        let (error_type, code) = match failure.error {
            // A holder's own name says nothing of what it holds.
            Some(error) if known.is_none() || failure.is_held => {
                let (found, code) =
                    behind_contexts(error, failure.owned, causes.as_deref().unwrap_or_default());
                (Some(found.or(known).unwrap_or_else(|| UNKNOWN_TYPE.to_owned())), code)
            }
            Some(error) if known.as_deref() == Some(IO_TYPE) => {
                let code = match failure.owned.and_then(|error| error.downcast_ref::<io::Error>()) {
                    Some(io) => code_of(io),
                    None => kind::io_code_of_debug(&beginning_of_debug(error)).flatten(),
                };
                (known, code)
            }
            _ => (known, None),
        };
        let code = match failure.code {
            Some(coded) => code_of(coded),
            None => code,
        };
        Facts {
            stack_trace: error_type.as_ref().and_then(|_| trace(failure.trace.map(|trace| trace as _))),
            chain: causes.map(|causes| shown(&causes)),
            code: code.map(|code| pass(&code, CODE_BYTES_MAX).into_owned()),
            error_type,
            message,
        }
    }

    /// The fingerprint of the error: see [`fingerprint`].
    pub(crate) fn fingerprint(&self) -> String {
        let chain = self.chain.iter().flatten().map(Shown::to_text);
        let texts: Vec<Cow<'_, str>> = std::iter::once(self.message.to_text()).chain(chain).collect();
        let error_type = self.error_type.as_deref().unwrap_or_default();
        fingerprint::of(error_type, self.code.as_deref(), texts.iter().map(|text| &**text))
    }

    /// Hands out the fields, in their order. None where it is only a text.
    pub(crate) fn fields(&self, set: &mut dyn FnMut(&str, &Arg<'_>)) {
        let Some(error_type) = &self.error_type else { return };
        set("error_type", &Arg::Str(error_type));
        set("error_message", &self.message.as_arg());
        if let Some(chain) = &self.chain {
            set("error_chain", &Arg::Dyn(&Chain(chain)));
        }
        if let Some(code) = &self.code {
            set("error_code", &Arg::Str(code));
        }
        set("error_fingerprint", &Arg::Str(&self.fingerprint()));
        if let Some(trace) = &self.stack_trace {
            set("stack_trace", &Arg::Str(trace));
        }
    }
}

/// Texts as a list.
struct Chain<'a>(&'a [Shown]);

impl Value for Chain<'_> {
    fn encode(&self, writer: ValueWriter<'_>) {
        self.0.encode(writer);
    }
}

/// The errors below one, at most one more than are shown. None when they cannot be asked.
fn causes<'a>(error: &'a (dyn Error + 'a)) -> Vec<&'a (dyn Error + 'static)> {
    let below = || {
        let all = successors(error.source(), |cause: &&'a (dyn Error + 'static)| (*cause).source());
        all.take(CAUSES_MAX + 1).collect()
    };
    caught::catch_unwind(AssertUnwindSafe(below)).unwrap_or_default()
}

/// The texts of causes, and a mark where some were left out.
fn shown(causes: &[&(dyn Error + 'static)]) -> Vec<Shown> {
    let (mut all, mut bytes) = (Vec::new(), 0);
    for cause in causes {
        if all.len() == CAUSES_MAX || bytes > CHAIN_BYTES_MAX {
            all.push(Shown::Text(CUT.to_owned()));
            break;
        }
        let text = Shown::of(cause);
        bytes += text.to_text().len();
        all.push(text);
    }
    all
}

/// Type and code of an error whose type the compiler did not know: the first that is not merely a context put around another.
fn behind_contexts(
    error: &dyn Error,
    owned: Option<&(dyn Error + 'static)>,
    causes: &[&(dyn Error + 'static)],
) -> (Option<String>, Option<String>) {
    let first = std::iter::once((error, owned));
    let below = causes.iter().map(|cause| (*cause as &dyn Error, Some(*cause)));
    for (error, owned) in first.chain(below) {
        if let Some(io) = owned.and_then(|error| error.downcast_ref::<io::Error>()) {
            return (Some(IO_TYPE.to_owned()), code_of(io));
        }
        let debug = beginning_of_debug(error);
        if !kind::is_context(&debug) {
            return match kind::io_code_of_debug(&debug) {
                Some(code) => (Some(IO_TYPE.to_owned()), code),
                // A `Debug` written by hand may show anything.
                None => (kind::of_debug(&debug).map(|name| pass(name, CODE_BYTES_MAX).into_owned()), None),
            };
        }
    }
    (None, None)
}

/// The code that the user's code gives, if it gives one.
fn code_of(coded: &dyn ErrorCode) -> Option<String> {
    let code = || coded.error_code().map(Cow::into_owned);
    caught::catch_unwind(AssertUnwindSafe(code)).ok().flatten()
}
