//! Delivery by the caller: it renders with an encoder of its own and writes at once.
//!
//! The same renderer as the worker's, one per thread, so that threads share nothing but the sinks.

use std::{
    any::Any,
    cell::Cell,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use trine_ring::{Arg, caught, record::Record};

use crate::{
    callsite::Callsite,
    collector::{self, Counts, Renderer},
    lock, loss,
};

thread_local! {
    static INLINE: Cell<Option<Box<Inline>>> = const { Cell::new(None) };
}

/// Memory for records above this is not kept: one huge event should not hold its memory for the thread's life.
const RECORD_BYTES_KEPT: usize = 64 << 10;
/// Longest that a fork, or the end of the process, waits for deliveries under way.
const HOLD_WAIT: Duration = Duration::from_secs(1);
/// Pause between two looks at one.
const HELD_PAUSE: Duration = Duration::from_micros(50);

static DESKS: Mutex<Desks> = Mutex::new(Desks { all: Vec::new(), free: Vec::new() });

/// As many as there ever were threads that delivered inline at the same time; never freed, but used again.
struct Desks {
    all: Vec<&'static Desk>,
    free: Vec<&'static Desk>,
}

/// Where one thread at a time delivers. Each has its own, so that threads do not share a cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Desk {
    /// True during a delivery, and while a fork or the end of the process holds deliveries still. A lock whose owner nearly
    /// never finds it taken: one locked instruction, where a `Mutex` takes two (5 ns of 140). Two flags without any, and
    /// `membarrier(2)` for who holds them, cost more: it is behind this instruction that the record can be read without a wait.
    is_busy: AtomicBool,
    events: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
}

/// What a thread delivers with. Taken out while it is used: a sink or an encoder may itself emit, and then gets another.
pub(crate) struct Inline {
    delivery: Delivery,
    /// Memory for the record of an event that goes the short way.
    record: Vec<u8>,
}

/// From records to sinks.
struct Delivery {
    renderer: Renderer,
    lines: Vec<Vec<u8>>,
    desk: &'static Desk,
}

/// What the thread has; `None` before its first delivery, while it delivers, and when it is ending.
#[inline]
pub(crate) fn take() -> Option<Box<Inline>> {
    INLINE.try_with(Cell::take).ok().flatten()
}

/// What the thread has, or another one, with a record to deliver.
#[inline]
pub(crate) fn take_with(record: Vec<u8>) -> Box<Inline> {
    let mut inline = take_any();
    inline.record = record;
    inline
}

#[inline]
fn take_any() -> Box<Inline> {
    take().unwrap_or_else(|| Box::new(Inline { delivery: Delivery::new(), record: Vec::new() }))
}

/// For the thread's next delivery.
#[inline]
pub(crate) fn give_back(mut inline: Box<Inline>) {
    if inline.record.capacity() > RECORD_BYTES_KEPT {
        inline.record = Vec::new();
    }
    let _ = INLINE.try_with(|place| place.set(Some(inline)));
}

/// Renders and writes one record on the calling thread.
pub(crate) fn deliver(site: &'static Callsite, bytes: &[u8]) {
    let mut inline = take_any();
    let outcome = inline.delivery.deliver(site, bytes, None);
    end(inline, outcome);
}

/// What is left to do behind a delivery.
#[inline]
fn end(inline: Box<Inline>, outcome: Option<bool>) {
    // An encoder or a sink that panicked is not asked again.
    let Some(is_written) = outcome else { return };
    give_back(inline);
    if is_written && loss::is_untold() {
        // There need not be a worker that says so.
        collector::tell_losses();
    }
}

impl Inline {
    /// The record that [`Inline::deliver`] delivers, empty.
    #[inline]
    pub(crate) fn record(&mut self) -> &mut Vec<u8> {
        self.record.clear();
        &mut self.record
    }

    /// Renders and writes what was put into [`Inline::record`], written from `args`.
    #[inline]
    pub(crate) fn deliver(mut self: Box<Self>, site: &'static Callsite, args: &[Arg<'_>]) {
        let Inline { delivery, record } = &mut *self;
        let outcome = delivery.deliver(site, record, Some(args));
        end(self, outcome);
    }
}

impl Delivery {
    fn new() -> Delivery {
        let mut desks = lock(&DESKS);
        let desk = desks.free.pop().unwrap_or_else(|| {
            let desk: &'static Desk = Box::leak(Box::default());
            desks.all.push(desk);
            desk
        });
        Delivery { renderer: Renderer::new(), lines: Vec::new(), desk }
    }

    /// True when an output has taken the event; `None` when an encoder or a sink panicked: what it was at is lost, the program
    /// goes on.
    fn deliver(&mut self, site: &'static Callsite, bytes: &[u8], args: Option<&[Arg<'_>]>) -> Option<bool> {
        let desk = self.desk;
        while desk.is_busy.swap(true, Ordering::Acquire) {
            std::thread::sleep(HELD_PAUSE);
        }
        let outcome =
            caught::catch_unwind(std::panic::AssertUnwindSafe(|| self.render_and_write(site, bytes, args)));
        desk.is_busy.store(false, Ordering::Release);
        if outcome.is_err() {
            site.count_lost();
        }
        outcome.ok()
    }

    /// True when an output has taken the event.
    fn render_and_write(&mut self, site: &'static Callsite, bytes: &[u8], args: Option<&[Arg<'_>]>) -> bool {
        let Some(record) = Record::new(bytes) else { return false };
        self.renderer.refresh(record.ticks());
        if self.lines.len() != self.renderer.pipes().len() {
            self.lines.resize_with(self.renderer.pipes().len(), Vec::new);
        }
        if !self.renderer.render(site, record, args, &mut self.lines) {
            return false;
        }
        let mut is_written = false;
        for (pipe, line) in self.renderer.pipes().iter().zip(&mut self.lines) {
            if !line.is_empty() {
                match pipe.sink.write(line) {
                    Ok(()) => {
                        is_written = true;
                        add(&self.desk.events, 1);
                        add(&self.desk.bytes, line.len() as u64);
                    }
                    Err(error) => {
                        add(&self.desk.errors, 1);
                        add(&self.desk.bytes, error.written as u64);
                        crate::health::report_once(&*pipe.sink, &error);
                        site.count_lost();
                    }
                }
                line.clear();
            }
        }
        is_written
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        lock(&DESKS).free.push(self.desk);
    }
}

/// Adds to a counter that only this thread writes: no locked instruction.
fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Ordering::Relaxed) + n, Ordering::Relaxed);
}

/// What all threads delivered inline.
pub(crate) fn counts() -> Counts {
    let desks = lock(&DESKS);
    let sum =
        |of: fn(&Desk) -> &AtomicU64| desks.all.iter().map(|desk| of(desk).load(Ordering::Relaxed)).sum();
    Counts {
        events: sum(|desk| &desk.events),
        bytes: sum(|desk| &desk.bytes),
        errors: sum(|desk| &desk.errors),
    }
}

/// Desks at which nothing is delivered until this is dropped.
#[derive(Debug, Default)]
struct Held(Vec<&'static Desk>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.iter().for_each(|desk| desk.is_busy.store(false, Ordering::Release));
    }
}

impl Held {
    /// Holds all deliveries still but those of `own`; not those that a stuck sink keeps beyond [`HOLD_WAIT`].
    fn all_but(own: Option<&'static Desk>, desks: &[&'static Desk]) -> Held {
        let deadline = Instant::now() + HOLD_WAIT;
        let mut held = Held::default();
        for desk in desks.iter().filter(|desk| own.is_none_or(|own| !std::ptr::eq(**desk, own))) {
            while desk.is_busy.swap(true, Ordering::Acquire) {
                if Instant::now() >= deadline {
                    return held;
                }
                std::thread::sleep(HELD_PAUSE);
            }
            held.0.push(desk);
        }
        held
    }
}

/// Holds all deliveries still over a fork.
pub(crate) fn hold_for_fork() -> Box<dyn Any> {
    let desks = lock(&DESKS);
    let held = Held::all_but(None, &desks.all);
    Box::new((held, desks))
}

/// Ends the deliveries of all other threads: the process ends, and a line that is being written then would be cut.
pub(crate) fn hold_for_good() {
    let own = take().map(|inline| {
        let desk = inline.delivery.desk;
        give_back(inline);
        desk
    });
    let desks = lock(&DESKS).all.clone();
    std::mem::forget(Held::all_but(own, &desks));
}
