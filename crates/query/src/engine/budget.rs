//! Memory of one question, shared by its threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How much is used, of how much.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    used: AtomicUsize,
    is_over: AtomicBool,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Budget {
        Budget { limit, used: AtomicUsize::new(0), is_over: AtomicBool::new(false) }
    }

    /// What one thread used before and uses now; false when all of them use too much.
    pub(super) fn report(&self, before: usize, now: usize) -> bool {
        let used = if now >= before {
            self.used.fetch_add(now - before, Ordering::Relaxed) + (now - before)
        } else {
            self.used.fetch_sub(before - now, Ordering::Relaxed) - (before - now)
        };
        if used > self.limit {
            self.is_over.store(true, Ordering::Relaxed);
        }
        !self.is_over()
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }
}
