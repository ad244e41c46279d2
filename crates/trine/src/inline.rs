//! Delivery by the caller: it renders with an encoder of its own and writes at once.
//!
//! The same renderer as the worker's, one per thread, so that threads share nothing but the sinks.

use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use trine_ring::record::Record;

use crate::{
    callsite::Callsite,
    collector::{Counts, Renderer},
    lock,
};

thread_local! {
    static INLINE: RefCell<Option<Box<Inline>>> = const { RefCell::new(None) };
}

/// Counts of all threads that delivered inline. One entry per thread, so that threads do not share a cache line.
static WRITTEN: Mutex<Vec<Arc<Written>>> = Mutex::new(Vec::new());
/// Counts of threads that ended.
static WRITTEN_BEFORE: Written = Written { events: AtomicU64::new(0), bytes: AtomicU64::new(0), errors: AtomicU64::new(0) };

#[derive(Debug, Default)]
#[repr(align(128))]
struct Written {
    events: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
}

struct Inline {
    renderer: Renderer,
    lines: Vec<Vec<u8>>,
    written: Arc<Written>,
}

impl Inline {
    fn new() -> Inline {
        let written = Arc::new(Written::default());
        lock(&WRITTEN).push(Arc::clone(&written));
        Inline { renderer: Renderer::new(), lines: Vec::new(), written }
    }

    fn deliver(&mut self, site: &'static Callsite, bytes: &[u8]) {
        let Some(record) = Record::new(bytes) else { return };
        self.renderer.refresh(record.ticks());
        self.lines.resize_with(self.renderer.pipes().len(), Vec::new);
        self.renderer.render(site, record, &mut self.lines);
        let mut is_lost = false;
        for (pipe, line) in self.renderer.pipes().iter().zip(&mut self.lines) {
            if !line.is_empty() {
                match pipe.sink.write(line) {
                    Ok(()) => add(&self.written.bytes, line.len() as u64),
                    Err(error) => {
                        add(&self.written.errors, 1);
                        crate::health::report_once(&*pipe.sink, &error);
                        is_lost = true;
                    }
                }
                line.clear();
            }
        }
        if is_lost {
            site.count_lost();
        } else {
            add(&self.written.events, 1);
        }
    }
}

impl Drop for Inline {
    fn drop(&mut self) {
        let mut all = lock(&WRITTEN);
        all.retain(|other| !Arc::ptr_eq(other, &self.written));
        WRITTEN_BEFORE.events.fetch_add(self.written.events.load(Ordering::Relaxed), Ordering::Relaxed);
        WRITTEN_BEFORE.bytes.fetch_add(self.written.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        WRITTEN_BEFORE.errors.fetch_add(self.written.errors.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Adds to a counter that only this thread writes: no locked instruction.
fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Ordering::Relaxed) + n, Ordering::Relaxed);
}

/// Renders and writes one record on the calling thread.
pub(crate) fn deliver(site: &'static Callsite, bytes: &[u8]) {
    // Taken out while it is used: a sink or an encoder may itself emit, and then gets another.
    let taken = INLINE.try_with(|inline| inline.try_borrow_mut().ok().and_then(|mut inline| inline.take()));
    let mut inline = taken.ok().flatten().unwrap_or_else(|| Box::new(Inline::new()));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inline.deliver(site, bytes)));
    if outcome.is_err() {
        // An encoder or sink panicked: what it was at is lost, the program goes on.
        site.count_lost();
        return;
    }
    let _ = INLINE.try_with(|place| {
        if let Ok(mut place) = place.try_borrow_mut() {
            *place = Some(inline);
        }
    });
}

/// What all threads delivered inline.
pub(crate) fn counts() -> Counts {
    let all = lock(&WRITTEN);
    let sum = |of: fn(&Written) -> &AtomicU64| {
        of(&WRITTEN_BEFORE).load(Ordering::Relaxed)
            + all.iter().map(|written| of(written).load(Ordering::Relaxed)).sum::<u64>()
    };
    Counts { events: sum(|w| &w.events), bytes: sum(|w| &w.bytes), errors: sum(|w| &w.errors) }
}
