//! [`ErrorContext`]: the schema of events about errors, for those who have the pieces and not the error.

use std::error::Error;

use trine_model::{EventName, Level};
use trine_ring::Arg;

use super::{Facts, Failure, shown::Shown};
use crate::{
    callsite::NamedLater,
    emit,
    error_text::{TEXT_BYTES_MAX, TRACE_BYTES_MAX, pass},
    options::Options,
};

/// Name of the event where none can be put together from domain and action.
const UNNAMED: EventName = EventName::literal("unnamed_error_failed");

/// What an event about an error says: the fields that every such event has, and those that it may have.
///
/// Most programs need no such value: `error!(cause: &error, "payment_process_failed")` asks the error itself. This is for errors
/// that come as pieces: from another language, over a network, from a queue. What is `None` is left out, so that a scope's or a
/// logger's `user_id` and `request_id` are seen.
///
/// ```
/// use trine::{ErrorContext, assert_event, log_error_event};
///
/// let captured = trine::testing::capture();
/// log_error_event(
///     "payment",
///     "process",
///     ErrorContext::new("PaymentError", "card declined").error_code("E1001").user_id("user_123"),
/// );
/// assert_event!(
///     captured,
///     "payment_process_failed",
///     error_type = "PaymentError",
///     error_message = "card declined",
///     error_code = "E1001",
///     user_id = "user_123",
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorContext {
    /// The short name of the error's type.
    pub error_type: String,
    /// What it says of itself.
    pub error_message: String,
    /// What its causes say, the closest first.
    pub error_chain: Vec<String>,
    /// What a machine may rely on when the words change.
    pub error_code: Option<String>,
    /// Where it came from: a traceback of any language, kept as it is up to 256 KiB.
    pub stack_trace: Option<String>,
    /// Whose request it was.
    pub user_id: Option<String>,
    /// Which request it was.
    pub request_id: Option<String>,
}

impl ErrorContext {
    /// With a type and a message, and nothing else.
    pub fn new(error_type: impl Into<String>, error_message: impl Into<String>) -> ErrorContext {
        ErrorContext {
            error_type: error_type.into(),
            error_message: error_message.into(),
            ..ErrorContext::default()
        }
    }

    /// Sets the code.
    #[must_use]
    pub fn error_code(mut self, code: impl Into<String>) -> ErrorContext {
        self.error_code = Some(code.into());
        self
    }

    /// Sets what the causes say, the closest first.
    #[must_use]
    pub fn error_chain<T: Into<String>>(mut self, causes: impl IntoIterator<Item = T>) -> ErrorContext {
        self.error_chain = causes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the stack trace, of any form.
    #[must_use]
    pub fn stack_trace(mut self, trace: impl Into<String>) -> ErrorContext {
        self.stack_trace = Some(trace.into());
        self
    }

    /// Sets whose request it was.
    #[must_use]
    pub fn user_id(mut self, id: impl Into<String>) -> ErrorContext {
        self.user_id = Some(id.into());
        self
    }

    /// Sets which request it was.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> ErrorContext {
        self.request_id = Some(id.into());
        self
    }

    /// What an error says of itself, as `cause:` finds it out.
    fn of(failure: &Failure<'_>) -> ErrorContext {
        let Facts { error_type, message, chain, code, stack_trace } = Facts::of(failure);
        ErrorContext {
            error_type: error_type.unwrap_or_default(),
            error_message: message.to_text().into_owned(),
            error_chain: chain.into_iter().flatten().map(|cause| cause.to_text().into_owned()).collect(),
            error_code: code,
            stack_trace,
            user_id: None,
            request_id: None,
        }
    }

    /// As it may be written: all texts past the gate.
    fn facts(&self) -> Facts {
        Facts {
            error_type: Some(pass(&self.error_type, TEXT_BYTES_MAX).into_owned()),
            message: Shown::of(&self.error_message),
            chain: (!self.error_chain.is_empty())
                .then(|| self.error_chain.iter().map(|cause| Shown::of(cause)).collect()),
            code: self.error_code.as_deref().map(|code| pass(code, TEXT_BYTES_MAX).into_owned()),
            stack_trace: self.stack_trace.as_deref().map(|trace| pass(trace, TRACE_BYTES_MAX).into_owned()),
        }
    }
}

/// What an error says of itself, as for `cause:`. Its [`ErrorCode`](crate::ErrorCode) is not found here: add it with
/// [`error_code`](ErrorContext::error_code).
impl<E: Error + ?Sized> From<&E> for ErrorContext {
    fn from(error: &E) -> ErrorContext {
        ErrorContext::of(&Failure::error(&error))
    }
}

impl From<&ErrorContext> for ErrorContext {
    fn from(context: &ErrorContext) -> ErrorContext {
        context.clone()
    }
}

/// Emits `<domain>_<action>_failed` at `error`, with what `error` says: an [`ErrorContext`], or a reference to any error.
///
/// A domain and an action that make no name are no reason to lose an error: the event is then called `unnamed_error_failed` and
/// carries them as `domain` and `action`, with `name_error`, which says why. For a name that is known while compiling,
/// `error!(cause: &error, "payment_process_failed")` checks it there and costs less.
///
/// ```
/// use trine::{assert_event, log_error_event};
/// let captured = trine::testing::capture();
/// if let Err(error) = "12x".parse::<u32>() {
///     log_error_event("amount", "parse", &error);
///     log_error_event("Amount!", "parse", &error);
/// }
/// assert_event!(captured, "amount_parse_failed", error_type = "ParseIntError");
/// assert_event!(captured, "unnamed_error_failed", error_type = "ParseIntError", domain = "Amount!", action = "parse");
/// ```
pub fn log_error_event(domain: &str, action: &str, error: impl Into<ErrorContext>) {
    static SITES: NamedLater = NamedLater::new((module_path!(), file!(), line!()), &[]);
    let composed = EventName::compose(domain, action, "failed");
    let site = SITES.named(composed.as_ref().map_or(UNNAMED, |name| *name), Level::Error);
    if !site.is_on() {
        return;
    }
    let context = error.into();
    let mut options = Options::new();
    options.facts(&context.facts());
    let name_error = composed.err().map(|why| why.to_string());
    let refused = name_error.as_ref().map(|_| (domain, action)).unzip();
    let others = [
        ("user_id", context.user_id.as_deref()),
        ("request_id", context.request_id.as_deref()),
        ("domain", refused.0),
        ("action", refused.1),
        ("name_error", name_error.as_deref()),
    ];
    for (key, text) in others {
        if let Some(text) = text {
            options.set(key, &Arg::Str(&pass(text, TEXT_BYTES_MAX)));
        }
    }
    emit::emit_with(site, None, options, &[]);
}
