//! Keep on failure: debug events of a scope wait in memory, and are written when the scope fails.
//!
//! A request that succeeds needs no debug events; one that fails needs all of them, and nobody knows beforehand which it will be.
//! Inside `scope!(keep_debug_on_failure, ...)` events at `debug` and above that no output wants are encoded as ever, and kept in
//! a bounded buffer. The first event whose status has the role fail, or is `slow`, lets them out, in order and with their own
//! times, to every output that takes errors of their names; from then on the scope's debug events go straight there. A scope
//! that ends without one forgets them, and counts them in [`Health::held_dropped`](crate::Health::held_dropped).

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use trine_ring::record::{FLAG_RELEASED, set_flags};

use crate::{callsite::Callsite, emit, lock};

/// Memory for the held events of one scope where nothing is said. Bytes; some two thousand events of ordinary size.
pub const DEFAULT_HOLD_BYTES: usize = 256 << 10;

/// Events that were held and never let out.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// What the threads and futures of one scope share.
pub(crate) type Hold = Arc<Holding>;

/// The held events of one scope.
#[derive(Debug)]
pub(crate) struct Holding {
    bytes_max: usize,
    /// The scope around it, whose failure this one's is, too.
    outer: Option<Hold>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    records: VecDeque<Record>,
    bytes: usize,
    /// Something failed: nothing is held any more.
    is_released: bool,
}

type Record = (&'static Callsite, Box<[u8]>);

impl Holding {
    fn new(bytes_max: usize, outer: Option<Hold>) -> Hold {
        Arc::new(Holding { bytes_max, outer, held: Mutex::default() })
    }

    /// Keeps a record; false when the scope has failed already, and it should be written. The oldest make room for new ones:
    /// what happened right before the failure says most.
    pub(crate) fn hold(&self, site: &'static Callsite, record: &[u8]) -> bool {
        let mut held = lock(&self.held);
        if held.is_released {
            return false;
        }
        held.push((site, record.into()));
        held.shrink(self.bytes_max);
        true
    }

    /// What is held, the outer scopes' first; from now on nothing is.
    pub(crate) fn release(&self) -> Vec<Record> {
        let mut records = self.outer.as_ref().map_or_else(Vec::new, |outer| outer.release());
        let mut held = lock(&self.held);
        held.is_released = true;
        held.bytes = 0;
        for (site, mut record) in std::mem::take(&mut held.records) {
            set_flags(&mut record, FLAG_RELEASED);
            records.push((site, record));
        }
        records
    }

    /// The scope ends: what it holds goes to the outer one, which may fail yet, or is dropped.
    fn finish(&self) {
        let mut held = std::mem::take(&mut *lock(&self.held));
        match &self.outer {
            Some(outer) => {
                let mut around = lock(&outer.held);
                if !around.is_released {
                    held.records.drain(..).for_each(|record| around.push(record));
                    around.shrink(outer.bytes_max);
                }
            }
            None => drop_all(held.records.len()),
        }
    }
}

impl Held {
    fn push(&mut self, record: Record) {
        self.bytes += record.1.len();
        self.records.push_back(record);
    }

    fn shrink(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max
            && let Some((_, oldest)) = self.records.pop_front()
        {
            self.bytes -= oldest.len();
            drop_all(1);
        }
    }
}

fn drop_all(records: usize) {
    DROPPED.fetch_add(records as u64, Ordering::Relaxed);
}

/// Held events that were dropped so far: their scope did not fail, or held too many.
pub(crate) fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// Ends the scope when it drops.
#[derive(Debug)]
pub(crate) struct HoldOwner(Hold);

impl HoldOwner {
    /// Begins to hold, within what the current thread holds already.
    pub(crate) fn new(bytes_max: usize) -> HoldOwner {
        crate::callsite::begin_to_hold();
        HoldOwner(Holding::new(bytes_max, emit::hold()))
    }

    pub(crate) fn hold(&self) -> &Hold {
        &self.0
    }
}

impl Drop for HoldOwner {
    fn drop(&mut self) {
        self.0.finish();
    }
}
