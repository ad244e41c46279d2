//! Delivery by the caller: it renders with an encoder of its own and writes at once.
//!
//! The same renderer as the worker's, one per thread, so that threads share nothing but the sinks.

use std::{
    any::Any,
    cell::RefCell,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use trine_ring::{caught, record::Record};

use crate::{
    callsite::Callsite,
    collector::{self, Counts, Renderer},
    lock, loss,
};

thread_local! {
    static INLINE: RefCell<Option<Box<Inline>>> = const { RefCell::new(None) };
}

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
    /// never finds it taken: one locked instruction, where a `Mutex` takes two (5 ns of 140).
    is_busy: AtomicBool,
    events: AtomicU64,
    bytes: AtomicU64,
    errors: AtomicU64,
}

struct Inline {
    renderer: Renderer,
    lines: Vec<Vec<u8>>,
    desk: &'static Desk,
}

impl Inline {
    fn new() -> Inline {
        let mut desks = lock(&DESKS);
        let desk = desks.free.pop().unwrap_or_else(|| {
            let desk: &'static Desk = Box::leak(Box::default());
            desks.all.push(desk);
            desk
        });
        Inline { renderer: Renderer::new(), lines: Vec::new(), desk }
    }

    /// True when an output has taken the event.
    fn deliver(&mut self, site: &'static Callsite, bytes: &[u8]) -> bool {
        let Some(record) = Record::new(bytes) else { return false };
        self.renderer.refresh(record.ticks());
        self.lines.resize_with(self.renderer.pipes().len(), Vec::new);
        if !self.renderer.render(site, record, &mut self.lines) {
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

impl Drop for Inline {
    fn drop(&mut self) {
        lock(&DESKS).free.push(self.desk);
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
    let desk = inline.desk;
    while desk.is_busy.swap(true, Ordering::Acquire) {
        std::thread::sleep(HELD_PAUSE);
    }
    let outcome = caught::catch_unwind(std::panic::AssertUnwindSafe(|| inline.deliver(site, bytes)));
    desk.is_busy.store(false, Ordering::Release);
    let Ok(is_written) = outcome else {
        // An encoder or sink panicked: what it was at is lost, the program goes on.
        site.count_lost();
        return;
    };
    let _ = INLINE.try_with(|place| {
        if let Ok(mut place) = place.try_borrow_mut() {
            *place = Some(inline);
        }
    });
    if is_written && loss::is_untold() {
        // There need not be a worker that says so.
        collector::tell_losses();
    }
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
    let own = INLINE.try_with(|inline| {
        inline.try_borrow().ok().and_then(|inline| inline.as_ref().map(|inline| inline.desk))
    });
    let desks = lock(&DESKS).all.clone();
    std::mem::forget(Held::all_but(own.ok().flatten(), &desks));
}
