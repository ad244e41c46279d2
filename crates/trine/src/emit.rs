//! The caller's side: from arguments to a record in the thread's ring.
//!
//! **Invariant:** the user's code (a `Display`, a `Value`, a sink) never runs while a ring slot is open or [`LOCAL`] is
//! borrowed, so it may emit events itself.

mod run;
mod thread;
mod wait;

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use trine_model::Level;
use trine_ring::{
    Arg, Producer, Push, clock,
    record::{self, Block, FLAG_RELEASED, KeptValues, Record},
};

use crate::{
    callsite::{Callsite, NEEDS_MASKING},
    clock::Timeline,
    collector::{self, Help},
    event::{Event, EventRef},
    hold::Hold,
    inline, lock,
    logger::Logger,
    masks,
    options::Options,
    pipeline, sample,
    tally::{self, Tally},
    worker,
};

pub(crate) use self::run::{push_at_length, push_end, push_start, push_start_slowly};
pub(crate) use self::thread::{
    forget_producer, hold, is_capturing, is_holding, scope, set_capture, set_hold, set_scope,
};
use self::wait::Wait;

/// Longest an event at `info` or above waits for room while no sink takes anything, per stall. Then it is counted as lost, and the
/// events behind it at once, until there is room again: a dead sink slows the program by this, once, not per event.
pub(crate) const STALL_MAX: Duration = Duration::from_secs(1);
/// Pause between two looks while waiting. Short against [`STALL_MAX`], long against a drain of one chunk.
const STALL_PAUSE: Duration = Duration::from_micros(100);
/// Encoding buffers above this are not kept: one huge event should not hold its memory for the thread's life.
const SCRATCH_BYTES_KEPT: usize = 64 << 10;
/// What it has from the beginning.
const SCRATCH_BYTES: usize = 1 << 10;

/// Where a thread's captured events go.
pub(crate) type CaptureBuffer = Arc<Mutex<Vec<Event>>>;

/// What a thread keeps.
struct Local {
    producer: Option<Producer>,
    /// Counts events; beside the producer, so that counting takes no second look at the thread's storage.
    tally: Tally,
    scope: Logger,
    capture: Option<CaptureBuffer>,
    hold: Option<Hold>,
    /// It captures or holds: no event takes the short way.
    is_diverted: bool,
    /// Memory for encoded events: for one, and for one of a signal handler that interrupts it. There before it is needed, for a
    /// handler must not allocate while what it interrupts does.
    scratch: [Vec<u8>; 2],
    /// A wait timed out, and there has been no room since.
    is_stalled: bool,
    /// It has waited for its ring to be written, to deliver inline, and will not do so again.
    has_waited_to_leave: bool,
}

thread_local! {
    static LOCAL: RefCell<Local> = const {
        RefCell::new(Local {
            producer: None,
            tally: Tally::new(),
            scope: Logger::new(),
            capture: None,
            hold: None,
            is_diverted: false,
            scratch: [Vec::new(), Vec::new()],
            is_stalled: false,
            has_waited_to_leave: false,
        })
    };
    /// What this thread does with its events; apart from `LOCAL`, so that callsites can ask at any time.
    static DIVERSION: Cell<Diversion> = const { Cell::new(Diversion { captures: false, holds: false }) };
}

#[derive(Clone, Copy)]
struct Diversion {
    captures: bool,
    holds: bool,
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.take() {
            pipeline::give_back(producer);
        }
    }
}

/// Emits an event. What the macros call when the callsite is on.
#[doc(hidden)]
#[inline]
pub fn emit(site: &'static Callsite, args: &[Arg<'_>]) {
    push(site, None, args);
}

/// Emits an event with a logger's fields.
#[doc(hidden)]
#[inline]
pub fn emit_bound(site: &'static Callsite, logger: &Logger, args: &[Arg<'_>]) {
    push(site, Some(logger), args);
}

/// Emits an event with options.
#[doc(hidden)]
#[cold]
pub fn emit_with(site: &'static Callsite, logger: Option<&Logger>, mut options: Options, args: &[Arg<'_>]) {
    if !options.keeps(site, |decide| sample::key_of(site, args, logger, &scope(), decide)) {
        return;
    }
    let ticks = clock::ticks();
    let extra = options.finish();
    let extra = extra.as_ref().map_or(&[][..], Block::as_bytes);
    let push = |args: &[Arg<'_>]| push_slowly(site, context(logger), extra, Body::Args(args), ticks);
    if site.needs() & NEEDS_MASKING == 0 {
        push(args);
    } else {
        masks::named(site.keys(), args, push);
    }
    wake_if_parked(pipeline::flags());
}

/// Hands the record of an event that is to wait in a batch to `keep`, unless sampling drops it. It is counted and has its context, as
/// if it were emitted now; and it is masked in full, since it waits in the program's memory and is not looked at again.
pub(crate) fn with_record(
    site: &'static Callsite,
    logger: Option<&Logger>,
    args: &[Arg<'_>],
    keep: impl FnOnce(&[u8]),
) {
    let mut options = Options::new();
    if !options.keeps(site, |decide| sample::key_of(site, args, logger, &scope(), decide)) {
        return;
    }
    let ticks = clock::ticks();
    let extra = options.finish();
    let extra = extra.as_ref().map_or(&[][..], Block::as_bytes);
    let Slow { mut bytes, scope, capture, hold } = begin_slowly(site);
    let contexts = blocks(extra, context(logger), &scope);
    let mut encode = |args: &[Arg<'_>]| encode(&mut bytes, site, contexts, Body::Args(args), ticks);
    if site.needs() & NEEDS_MASKING == 0 {
        encode(args);
    } else {
        masks::named(site.keys(), args, encode);
    }
    masks::cover_texts(&mut bytes);
    if let Some(hold) = hold
        && site.releases()
    {
        hold.release().iter().for_each(|(site, record)| send(capture.as_ref(), site, record));
    }
    keep(&bytes);
    give_back(bytes);
}

/// A worker that sleeps until something comes is told so.
#[inline(always)]
fn wake_if_parked(flags: u8) {
    if flags & pipeline::FLAG_PARKED != 0 {
        worker::wake();
    }
}

/// Emits an event whose arguments hold nothing that may not be shown: events of a batch.
pub(crate) fn emit_masked(site: &'static Callsite, args: &[Arg<'_>]) {
    if site.needs() != 0 {
        return emit(site, args);
    }
    push_slowly(site, &[], &[], Body::Masked(args), clock::ticks());
    wake_if_parked(pipeline::flags());
}

/// Sends an encoded record to where the thread's events go.
pub(crate) fn send_now(site: &'static Callsite, record: &[u8]) {
    send(capture().as_ref(), site, record);
}

/// Where the thread's events are captured, if they are.
pub(crate) fn capture() -> Option<CaptureBuffer> {
    with_local(|local| local.capture.clone()).flatten()
}

/// The way of nearly all events: plain arguments, a ring with room, nothing special.
#[inline(never)]
fn push(site: &'static Callsite, logger: Option<&Logger>, args: &[Arg<'_>]) {
    if site.needs() != 0 {
        return push_needing(site, logger, args);
    }
    let ticks = clock::ticks();
    let context = context(logger);
    let flags = pipeline::flags();
    let done = LOCAL.try_with(|local| {
        if flags & pipeline::FLAG_INLINE != 0 {
            return false;
        }
        let Ok(mut local) = local.try_borrow_mut() else { return false };
        let Local { producer: Some(producer), tally, scope, is_diverted: false, .. } = &mut *local else {
            return false;
        };
        let is_done = producer.push(site.id(), ticks, args, blocks(&[], context, scope)) == Push::Done;
        // Behind the push: before it, the call for what has no counter would cost all events a dozen spilled registers.
        if is_done && !tally.count(site) {
            site.count_apart();
        }
        is_done
    });
    if !matches!(done, Ok(true))
        && (flags & pipeline::FLAG_INLINE == 0 || !push_inline(site, context, args, ticks))
    {
        push_slowly(site, context, &[], Body::Args(args), ticks);
    }
    wake_if_parked(flags);
}

/// The way of nearly all events that are delivered inline: the thread has done so before, and nothing is special. False when it
/// cannot be gone: nothing was done then.
#[inline(never)]
fn push_inline(site: &'static Callsite, context: &[u8], args: &[Arg<'_>], ticks: u64) -> bool {
    let Some(mut inline) = inline::take() else { return false };
    let record = inline.record();
    let begun = with_local(|local| {
        let Local { producer: None, tally, scope, is_diverted: false, .. } = local else { return None };
        if !tally.count(site) {
            return None;
        }
        tally.set_aside();
        if !args.iter().all(Arg::is_plain) {
            // The user's code is to run.
            return Some(Some(scope.clone()));
        }
        record::encode(record, site.id(), ticks, args, &blocks(&[], context, scope));
        Some(None)
    });
    match begun.flatten() {
        None => {
            inline::give_back(inline);
            return false;
        }
        Some(None) => {}
        Some(Some(scope)) => {
            // Back in its place meanwhile: that code may emit events of its own.
            let mut own = std::mem::take(record);
            inline::give_back(inline);
            encode(&mut own, site, blocks(&[], context, &scope), Body::Args(args), ticks);
            inline = inline::take_with(own);
        }
    }
    inline.deliver(site, args);
    true
}

/// The way of events that rules sample or masks change. What a rule drops without asking for a key goes no further.
#[inline(never)]
fn push_needing(site: &'static Callsite, logger: Option<&Logger>, args: &[Arg<'_>]) {
    let options = match site.sample_rule() {
        Some(rule) if rule.needs_no_key() => match Options::by_rule(site, rule) {
            Some(options) => options,
            None => return,
        },
        _ => Options::new(),
    };
    emit_with(site, logger, options, args);
}

/// The contexts of one event, the most specific first; empty where there is none.
#[inline(always)]
fn blocks<'a>(extra: &'a [u8], logger: &'a [u8], scope: &'a Logger) -> [&'a [u8]; 3] {
    [extra, logger, context(Some(scope))]
}

/// The fields of a logger as a block; empty where there is none.
#[inline(always)]
fn context(logger: Option<&Logger>) -> &[u8] {
    logger.and_then(Logger::block).unwrap_or_default()
}

/// What a record is made of besides contexts.
enum Body<'a> {
    Args(&'a [Arg<'a>]),
    /// Such as were looked at before.
    Masked(&'a [Arg<'a>]),
    /// A duration, where it ends a run, and what was kept of the run's start, the logger's fields among it.
    Kept(Option<f64>, &'a KeptValues),
}

/// Everything else: values that run code, the first event of a thread, a full ring, a capture, inline delivery.
#[inline(never)]
fn push_slowly(site: &'static Callsite, logger: &[u8], extra: &[u8], body: Body<'_>, ticks: u64) {
    let Slow { mut bytes, scope, capture, hold } = begin_slowly(site);
    encode(&mut bytes, site, blocks(extra, logger, &scope), body, ticks);
    let is_held = hold.is_some_and(|hold| hold_or_release(&hold, capture.as_ref(), site, &mut bytes));
    if !is_held {
        send(capture.as_ref(), site, &bytes);
    }
    give_back(bytes);
}

/// Keeps the memory of an encoded event for the next.
#[inline]
fn give_back(bytes: Vec<u8>) {
    if bytes.capacity() <= SCRATCH_BYTES_KEPT {
        let _ = with_local(|local| {
            if let Some(place) = local.scratch.iter_mut().find(|place| place.capacity() < bytes.capacity()) {
                *place = bytes;
            }
        });
    }
}

/// What the thread has for an event that does not go the short way.
#[derive(Default)]
struct Slow {
    bytes: Vec<u8>,
    scope: Logger,
    capture: Option<CaptureBuffer>,
    hold: Option<Hold>,
}

/// Counts an event, and takes what it needs of the thread, so that the user's code may run.
#[inline]
fn begin_slowly(site: &'static Callsite) -> Slow {
    if site.id() == 0 {
        // Off at the callsite's first look, or captured before: it has no number yet.
        site.register();
    }
    let counted = with_local(|local| {
        local.tally.provide();
        let is_counted = local.tally.count(site);
        local.tally.set_aside();
        let Local { scratch, scope, capture, hold, .. } = local;
        let bytes =
            scratch.iter_mut().find(|bytes| bytes.capacity() > 0).map(std::mem::take).unwrap_or_default();
        (Slow { bytes, scope: scope.clone(), capture: capture.clone(), hold: hold.clone() }, is_counted)
    });
    let (slow, is_counted) = counted.unwrap_or_else(|| {
        tally::set_aside();
        Default::default()
    });
    if !is_counted {
        site.count_apart();
    }
    slow
}

#[inline]
fn encode(bytes: &mut Vec<u8>, site: &'static Callsite, contexts: [&[u8]; 3], body: Body<'_>, ticks: u64) {
    bytes.clear();
    match body {
        Body::Args(args) => {
            let encode = |bytes: &mut Vec<u8>, args: &[Arg<'_>]| {
                record::encode(bytes, site.id(), ticks, args, &contexts);
            };
            encode(bytes, args);
            if !args.iter().all(Arg::is_plain) {
                masks::cover(bytes, args, encode);
            }
        }
        Body::Masked(args) => record::encode(bytes, site.id(), ticks, args, &contexts),
        Body::Kept(first, kept) => record::encode_kept(bytes, site.id(), ticks, first, kept, contexts[2]),
    }
}

/// In a scope that keeps debug events for the case of a failure: true when this one waits for it.
fn hold_or_release(
    hold: &Hold,
    capture: Option<&CaptureBuffer>,
    site: &'static Callsite,
    bytes: &mut [u8],
) -> bool {
    if site.releases() {
        for (site, record) in hold.release() {
            send(capture, site, &record);
        }
    }
    if site.is_wanted() {
        return false;
    }
    let is_held = hold.hold(site, bytes);
    if !is_held {
        record::set_flags(bytes, FLAG_RELEASED);
    }
    is_held
}

/// Sends an encoded record to where the thread's events go.
fn send(capture: Option<&CaptureBuffer>, site: &'static Callsite, bytes: &[u8]) {
    match capture {
        Some(capture) => keep(capture, site, bytes),
        None if pipeline::flags() & pipeline::FLAG_INLINE != 0 && leave_ring() => {
            inline::deliver(site, bytes);
        }
        None => deliver(site, bytes),
    }
}

/// Puts an encoded record into the thread's ring, and does what it takes to make room.
fn deliver(site: &'static Callsite, bytes: &[u8]) {
    let mut wait = Wait::default();
    loop {
        match try_push(bytes) {
            Pushed::Done { half } => {
                if half {
                    worker::wake();
                }
                return;
            }
            // No ring can take it: it goes to the sinks at once, behind everything that is in the rings.
            Pushed::Never => return collector::deliver_directly(site, bytes, STALL_MAX),
            Pushed::Full { is_stalled } => match collector::help() {
                Help::Drained => {}
                Help::Impossible => return site.count_lost(),
                Help::Busy { .. } if collector::is_held_for_good() => return site.count_lost(),
                Help::Busy { is_stuck } => {
                    let is_patient = site.level() >= Level::Info && !is_stalled;
                    if is_stuck && (!is_patient || wait.is_over()) {
                        if is_patient {
                            let _ = with_local(|local| local.is_stalled = true);
                        }
                        return site.count_lost();
                    }
                    worker::wake();
                    let begin = Instant::now();
                    std::thread::sleep(STALL_PAUSE);
                    wait.add(begin.elapsed(), collector::written_bytes());
                }
            },
        }
    }
}

/// Before the thread's first event by inline delivery: what it has put into a ring goes first.
///
/// False when that is not written yet, after waiting once: events then follow it into the ring, lest they overtake it.
#[inline]
pub(crate) fn leave_ring() -> bool {
    with_local(|local| local.producer.is_none()).unwrap_or(true) || leave_ring_written()
}

#[cold]
fn leave_ring_written() -> bool {
    let taken = with_local(|local| Some((local.producer.take()?, local.has_waited_to_leave))).flatten();
    let Some((producer, has_waited)) = taken else { return true };
    collector::flush(Instant::now() + if has_waited { Duration::ZERO } else { STALL_MAX });
    if producer.is_empty() {
        pipeline::give_back(producer);
        return true;
    }
    let _ = with_local(|local| {
        (local.producer, local.has_waited_to_leave) = (Some(producer), true);
    });
    false
}

enum Pushed {
    Done {
        half: bool,
    },
    Full {
        is_stalled: bool,
    },
    /// Too large for the ring, or the thread has none.
    Never,
}

fn try_push(bytes: &[u8]) -> Pushed {
    let pushed = with_local(|local| {
        if local.producer.is_none() {
            local.producer = pipeline::take_producer();
            local.scratch.iter_mut().for_each(|bytes| bytes.reserve(SCRATCH_BYTES));
        }
        let Some(producer) = &mut local.producer else { return Pushed::Never };
        let room = producer.refresh(bytes.len());
        match producer.push_encoded(bytes) {
            Push::Done => {
                local.is_stalled = false;
                local.tally.take_in();
                Pushed::Done { half: room.half }
            }
            Push::Full => Pushed::Full { is_stalled: local.is_stalled },
            Push::TooLarge | Push::NotPlain => Pushed::Never,
        }
    });
    pushed.unwrap_or(Pushed::Never)
}

/// Runs `f` on what the thread keeps; `None` when the thread is ending, or when `f` would run inside another use of it.
fn with_local<T>(f: impl FnOnce(&mut Local) -> T) -> Option<T> {
    LOCAL.try_with(|local| local.try_borrow_mut().ok().map(|mut local| f(&mut local))).ok().flatten()
}

/// Runs `f` on the thread's counters; `None` as in [`with_local`].
#[inline]
pub(crate) fn with_tally<T>(f: impl FnOnce(&mut Tally) -> T) -> Option<T> {
    with_local(|local| f(&mut local.tally))
}

fn keep(capture: &CaptureBuffer, site: &'static Callsite, bytes: &[u8]) {
    if let Some(record) = Record::new(bytes) {
        let unix_ns = Timeline::new().unix_ns(record.ticks());
        let event = EventRef { site, record, unix_ns };
        let event = masks::with(|masking| masking.shown(event, &mut Vec::new()).to_owned());
        lock(capture).push(event);
    }
}
