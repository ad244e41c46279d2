//! Who says how an operation went: the result itself, or a closure.

use std::fmt::Display;

use super::{Operation, Outcome};

/// Ends an operation by its result.
#[doc(hidden)]
pub trait Judge<T> {
    fn end(self, operation: Operation, result: &T);
}

/// By what the result says of itself.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByOutcome;

impl<T: Outcome> Judge<T> for ByOutcome {
    #[inline]
    fn end(self, operation: Operation, result: &T) {
        operation.end_by(result.judged());
    }
}

/// By a closure.
#[doc(hidden)]
#[derive(Debug)]
pub struct By<J>(pub(super) J);

impl<T, D: Display, J: FnOnce(&T) -> Option<D>> Judge<T> for By<J> {
    #[inline]
    fn end(self, operation: Operation, result: &T) {
        match (self.0)(result) {
            None => operation.complete(),
            Some(error) => operation.fail(&error),
        }
    }
}
