//! What every contestant must be able to do, in the two ways it is measured.

use crate::output::Output;
use crate::workload::{Request, Wide};

/// A name, and what is done `n` times.
pub type Pattern<C> = (&'static str, fn(&C, u64));

/// A logger that can write W2: five fields of the call, three of the context.
///
/// Methods are generic over the implementor, never `dyn`, so that a disabled event of 1 ns is not measured as a
/// virtual call of 2.
pub trait Contestant: Sync + Sized {
    /// What `in_context` hands to [`Contestant::w2`]: a child logger, or nothing where the context is ambient.
    type Context;

    /// Sets the logger up. Called once in a process, since most loggers are global.
    fn start(output: &Output) -> Self;

    /// Runs `f` on this thread with the three context fields bound, in the logger's own way.
    fn in_context<R>(&self, f: impl FnOnce(&Self::Context) -> R) -> R;

    /// Writes W2.
    fn w2(&self, context: &Self::Context, request: &Request);

    /// What else is measured beside W2, each done `n` times. Nothing for all rivals: they have no such thing.
    fn patterns(&self) -> Vec<Pattern<Self::Context>> {
        Vec::new()
    }

    /// Everything emitted is with the OS when this returns; what is not counts as lost.
    fn finish(self);
}

/// A contestant that renders on the caller's thread, measured with all four workloads.
pub trait Inline: Contestant {
    /// Writes W1: five fields.
    fn w1(&self, request: &Request);

    /// The same event at a level that is disabled at run time.
    fn w3(&self, request: &Request);

    /// Writes W4: twelve fields. False when the logger has no way to write them as data.
    fn w4(&self, request: &Request, wide: &Wide) -> bool;
}
