//! Operations around futures: entered while they are polled, ended when they are done or dropped.

use std::{
    future::Future,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{Judge, Operation};

pin_project! {
    /// A future inside an operation. Gives the operation back, not ended, with the result.
    // The future is dropped before the operation: what ends inside ends first.
    #[doc(hidden)]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<F> {
        #[pin]
        future: F,
        operation: Option<Operation>,
    }
}

impl<F> Within<F> {
    pub(super) fn new(operation: Operation, future: F) -> Within<F> {
        Within { future, operation: Some(operation) }
    }
}

impl<F: Future> Future for Within<F> {
    type Output = (Operation, F::Output);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(operation) = &this.operation else { panic!("a timed future was polled after it was done") };
        let entered = operation.enter();
        let polled = panic::catch_unwind(AssertUnwindSafe(|| this.future.poll(context)));
        drop(entered);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => {
                let operation = this.operation.take().expect("it was there before the poll");
                Poll::Ready((operation, result))
            }
            Err(panic) => {
                if let Some(operation) = this.operation.take() {
                    operation.end_by_panic(&*panic);
                }
                panic::resume_unwind(panic)
            }
        }
    }
}

pin_project! {
    /// A future that is an operation. From [`Operation::run_async`]; needs no executor in particular.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled; dropped, it ends its operation as cancelled"]
    pub struct Timed<F, J> {
        #[pin]
        within: Within<F>,
        judge: Option<J>,
    }
}

impl<F, J> Timed<F, J> {
    pub(super) fn new(operation: Operation, future: F, judge: J) -> Timed<F, J> {
        Timed { within: Within::new(operation, future), judge: Some(judge) }
    }
}

impl<F: Future, J: Judge<F::Output>> Future for Timed<F, J> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.within.poll(context).map(|(operation, result)| {
            if let Some(judge) = this.judge.take() {
                judge.end(operation, &result);
            }
            result
        })
    }
}
