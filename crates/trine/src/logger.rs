//! Context: fields bound once.

use std::{fmt, ops::Deref, sync::Arc};

use trine_model::EventName;
use trine_ring::{
    Arg, Value,
    record::{Block, BlockBuilder, BlockRef},
    value::arg,
};

use crate::{
    emit, error_text,
    event::{Field, owned_fields},
    masks,
    scope::ScopeGuard,
};

/// Fields that events carry besides their own. Made by [`bind!`](crate::bind).
///
/// The fields are encoded when they are bound, and copied as bytes into each event. Cloning copies a pointer; a logger may be
/// used from many threads. It holds no connection to an output: it is context, nothing else.
///
/// ```
/// use trine::{bind, info};
/// let captured = trine::testing::capture();
/// let log = bind!(request_id = "req_123", user_id = 7);
/// info!(log.unbind("user_id"), "page_view", page = "/dashboard");
/// let event = &captured.events()[0];
/// assert_eq!(event.keys(), ["page", "request_id"]);
/// ```
#[derive(Clone, Default)]
pub struct Logger {
    /// `None` without any field.
    context: Option<Arc<Block>>,
}

impl Logger {
    /// A logger without fields.
    pub const fn new() -> Logger {
        Logger { context: None }
    }

    /// A logger with one field more; for keys known only at run time. `bind!` is shorter for the others.
    ///
    /// A reserved key (`event`, `timestamp`, `level`) is kept with a `_` behind it.
    #[must_use = "the logger itself stays as it is; this is another one"]
    pub fn with(&self, key: &str, value: &impl Value) -> Logger {
        self.extended(&[key], &[arg(value)])
    }

    /// A logger without the field `key`. The same logger when it has none of that name.
    #[must_use = "the logger itself stays as it is; this is another one"]
    pub fn unbind(&self, key: &str) -> Logger {
        let mut builder = self.builder();
        if builder.remove(key) { Logger::from_builder(builder) } else { self.clone() }
    }

    /// The fields, in the order in which they were bound.
    pub fn fields(&self) -> Vec<Field> {
        self.context.as_ref().map_or_else(Vec::new, |block| owned_fields(block.as_ref().as_ref().fields()))
    }

    /// Puts the fields on the current thread, over those of a scope that is open there, until the guard drops. What
    /// [`scope!`](crate::scope) does.
    pub fn enter(self) -> ScopeGuard {
        ScopeGuard::enter(self.over(&emit::scope()))
    }

    pub(crate) fn block(&self) -> Option<&[u8]> {
        self.context.as_deref().map(Block::as_bytes)
    }

    /// The fields, to be read.
    pub(crate) fn fields_ref(&self) -> Option<BlockRef<'_>> {
        self.context.as_ref().map(|block| block.as_ref().as_ref())
    }

    fn builder(&self) -> BlockBuilder {
        self.context
            .as_ref()
            .map_or_else(BlockBuilder::new, |block| BlockBuilder::extending(block.as_ref().as_ref()))
    }

    fn from_builder(builder: BlockBuilder) -> Logger {
        Logger { context: (!builder.is_empty()).then(|| Arc::new(builder.finish())) }
    }

    fn extended(&self, keys: &[&str], args: &[Arg<'_>]) -> Logger {
        let mut builder = self.builder();
        for (key, arg) in keys.iter().zip(args) {
            masks::field(key, arg, |arg| {
                builder.set(key, arg);
            });
        }
        Logger::from_builder(builder)
    }

    /// The fields of `self`, then those of `outer` that `self` does not have.
    pub(crate) fn over(&self, outer: &Logger) -> Logger {
        match (&self.context, &outer.context) {
            (None, _) => outer.clone(),
            (_, None) => self.clone(),
            (Some(inner), Some(_)) => {
                let mut builder = outer.builder();
                builder.merge(inner.as_ref().as_ref());
                Logger::from_builder(builder)
            }
        }
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields();
        f.write_str("Logger ")?;
        f.debug_map().entries(fields.iter().map(|field| (&field.key, &field.value))).finish()
    }
}

/// What can stand where a logger belongs: a [`Logger`], or what points to one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Logger`",
    note = "before an event's name stands a logger: `info!(log, \"page_view\", ...)`",
    note = "`bind!(a, b)` reads its first argument as the parent logger; to bind two variables write `bind!(a = a, b)`"
)]
pub trait IsLogger {
    fn logger(&self) -> &Logger;
}

impl IsLogger for Logger {
    #[inline]
    fn logger(&self) -> &Logger {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Deref<Target: IsLogger> + ?Sized> IsLogger for T {
    #[inline]
    fn logger(&self) -> &Logger {
        (**self).logger()
    }
}

/// The logger that an expression stands for.
#[doc(hidden)]
#[inline]
pub fn logger(logger: &(impl IsLogger + ?Sized)) -> &Logger {
    logger.logger()
}

/// A child of `parent`. What `bind!` calls.
#[doc(hidden)]
#[must_use = "a logger says nothing by itself: `info!(log, \"domain_action_status\", ...)`"]
pub fn bind(parent: &Logger, keys: &[&str], args: &[Arg<'_>]) -> Logger {
    // Perhaps the first that is encoded: the pipeline need not have started.
    error_text::install();
    parent.extended(keys, args)
}

/// The context that `scope!` extends: that of the current thread.
#[doc(hidden)]
pub fn scoped_logger() -> Logger {
    emit::scope()
}

/// Enters a scope whose fields hold those of the outer one already. What `scope!` calls.
#[doc(hidden)]
pub fn enter(scope: Logger) -> ScopeGuard {
    ScopeGuard::enter(scope)
}

/// As [`enter`], for a scope that keeps its debug events for the case of a failure.
#[doc(hidden)]
pub fn enter_holding(scope: Logger, bytes_max: usize) -> ScopeGuard {
    ScopeGuard::enter_holding(scope, bytes_max)
}

/// `None`, of the type the macros need.
#[doc(hidden)]
pub fn no_logger<'a>() -> Option<&'a Logger> {
    None
}

/// What can stand where an event's name is an expression.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event name",
    note = "a name is a literal, or an `EventName`: `const LOGIN: EventName = EventName::literal(\"auth_login_success\")`",
    note = "a logger comes first, then the name: `info!(log, \"page_view\", ...)`, `info!(log, name: LOGIN, ...)`"
)]
pub trait Named {
    fn event_name(self) -> EventName;
}

impl Named for EventName {
    fn event_name(self) -> EventName {
        self
    }
}

impl Named for &EventName {
    fn event_name(self) -> EventName {
        *self
    }
}

/// The name an expression stands for.
#[doc(hidden)]
pub fn event_name(name: impl Named) -> EventName {
    name.event_name()
}

impl Logger {
    /// True when both hold the very same fields, made at the same place.
    pub(crate) fn is_same(&self, other: &Logger) -> bool {
        match (&self.context, &other.context) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}
