//! Context that follows the thread or the future instead of being passed by hand.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    emit,
    hold::{Hold, HoldOwner},
    logger::Logger,
};

thread_local! {
    /// The guards of this thread that have not ended, the innermost last.
    static OPEN: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    static ID_NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Ends a scope when dropped. Belongs to the thread that made it: not `Send`.
///
/// A guard dropped before one that was made after it ends that scope too: nothing stays behind on the thread.
#[derive(Debug)]
#[must_use = "the scope ends when the guard is dropped: `let _scope = scope!(...)`"]
pub struct ScopeGuard {
    id: u64,
    outer: Logger,
    hold: Option<HoldHere>,
    thread: PhantomData<*const ()>,
}

impl ScopeGuard {
    pub(crate) fn enter(logger: Logger) -> ScopeGuard {
        let id = ID_NEXT.replace(ID_NEXT.get() + 1);
        let _ = OPEN.try_with(|open| open.borrow_mut().push(id));
        ScopeGuard { id, outer: emit::set_scope(logger), hold: None, thread: PhantomData }
    }

    /// As [`ScopeGuard::enter`], and holds debug events for the case of a failure.
    pub(crate) fn enter_holding(logger: Logger, bytes_max: usize) -> ScopeGuard {
        let owner = HoldOwner::new(bytes_max);
        let outer = emit::set_hold(Some(Hold::clone(owner.hold())));
        let mut guard = ScopeGuard::enter(logger);
        guard.hold = Some(HoldHere { outer, owner: Some(owner) });
        guard
    }

    /// As [`ScopeGuard::enter`], for one poll of a future that holds its debug events.
    fn enter_with(logger: Logger, hold: Option<&HoldOwner>) -> ScopeGuard {
        let hold = hold
            .map(|owner| HoldHere { outer: emit::set_hold(Some(Hold::clone(owner.hold()))), owner: None });
        let mut guard = ScopeGuard::enter(logger);
        guard.hold = hold;
        guard
    }
}

/// Debug events are held on this thread.
#[derive(Debug)]
struct HoldHere {
    /// Where they were held before.
    outer: Option<Hold>,
    /// Ends the scope with the guard; not there when a future does.
    owner: Option<HoldOwner>,
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        let is_open = OPEN.try_with(|open| {
            let mut open = open.borrow_mut();
            let place = open.iter().rposition(|id| *id == self.id);
            if let Some(place) = place {
                open.truncate(place);
            }
            place.is_some()
        });
        if is_open.unwrap_or(false) {
            emit::set_scope(std::mem::take(&mut self.outer));
            if let Some(hold) = &mut self.hold {
                emit::set_hold(hold.outer.take());
            }
        }
        // An inner guard that outlives this one finds its scope ended; what it holds is still its own to drop.
        drop(self.hold.take().and_then(|hold| hold.owner));
    }
}

/// Carries a context across awaits and threads.
pub trait InScope: Sized {
    /// Runs the future with the logger's fields on every event emitted while it is polled, on whatever thread that is.
    ///
    /// The fields lie over those of a scope in which the future is polled; nothing is left behind between polls.
    ///
    /// ```
    /// use trine::{InScope, assert_event, bind, info};
    /// # fn block_on<T>(future: impl Future<Output = T>) -> T {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop { if let std::task::Poll::Ready(done) = future.as_mut().poll(&mut context) { return done; } }
    /// # }
    /// let captured = trine::testing::capture();
    /// block_on(async { info!("page_view") }.in_scope(bind!(request_id = "req_123")));
    /// assert_event!(captured, "page_view", request_id = "req_123");
    /// ```
    fn in_scope(self, logger: Logger) -> Scoped<Self> {
        Scoped { future: self, logger, hold: None, merged: None }
    }
}

impl<F: Future> InScope for F {}

pin_project! {
    /// A future with a context. From [`InScope::in_scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Scoped<F> {
        #[pin]
        future: F,
        logger: Logger,
        hold: Option<HoldOwner>,
        // The logger over the outer scope it was merged with last: merged once, not at every poll.
        merged: Option<(Logger, Logger)>,
    }
}

impl<F> Scoped<F> {
    /// Holds the future's debug events, up to so many bytes, and lets them out when one of its events says that something
    /// failed or was slow; forgets them otherwise. What `scope!(keep_debug_on_failure: ...)` does for a thread.
    pub fn keep_debug_on_failure(self, bytes_max: usize) -> Scoped<F> {
        Scoped { hold: Some(HoldOwner::new(bytes_max)), ..self }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let outer = emit::scope();
        let scope = match this.merged {
            Some((known, merged)) if known.is_same(&outer) => merged.clone(),
            _ => {
                let merged = this.logger.over(&outer);
                *this.merged = Some((outer, merged.clone()));
                merged
            }
        };
        let _guard = ScopeGuard::enter_with(scope, this.hold.as_ref());
        this.future.poll(context)
    }
}
