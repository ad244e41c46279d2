//! The reading side of all rings: merge by time, render, write; by the worker, or by a caller whose ring is full.
//!
//! **Invariant:** a record leaves its ring (its bytes are handed back) only when every output has accepted its line, or holds
//! it in its own bounded memory while other outputs go on.
//! **Invariant:** whoever drains holds [`COLLECTOR`] and has [`IS_DRAINING`] set on its thread; code of the user's that runs
//! meanwhile may emit, and never waits for the lock that its own thread holds.

mod counts;
mod flush;
mod hold;
mod journal;
mod merge;
mod output;
mod render;

use std::{
    cell::Cell,
    cmp::Reverse,
    collections::BinaryHeap,
    panic::AssertUnwindSafe,
    sync::{
        Mutex, MutexGuard, TryLockError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use trine_ring::{
    Consumer,
    caught::catch_unwind,
    clock::{self, monotonic_ns},
    record::Record,
};

use crate::{
    black_box::{self, Journal},
    callsite::{self, Callsite},
    health, lock,
    loss::LossReport,
    pipeline, worker,
};

pub(crate) use self::{
    counts::{Counts, counts, damaged_bytes, lag, ring_bytes_high, written_bytes},
    flush::{flush, flush_patiently, tell_losses},
    hold::{forget, hold_for_fork, hold_for_good, is_held_for_good},
    journal::{recover, recover_one},
    render::{Hints, OUTPUTS_MAX, Renderer},
};
use self::{
    counts::{WRITTEN_BYTES, WRITTEN_ERRORS, WRITTEN_EVENTS},
    flush::{flush_by_worker, is_for_worker},
    output::{OutputState, count_rendered, render_waiting, write_out},
};

/// Rendered bytes are written when there are so many. A write of 64 KiB costs 106 ns per 270-byte line, of 128 KiB 91, of 256 KiB
/// 80, of 512 KiB 72 (the page cache takes larger pieces at once); larger ones hold ring space longer, and leave the nearer cache.
const CHUNK_BYTES: usize = 256 << 10;
/// So many where a sink may keep its writer waiting: rings get room again, and callers see that something is taken, only after a whole
/// write, which a slow reader of a pipe makes long.
const CHUNK_BYTES_SLOW: usize = 64 << 10;
/// Memory for the lines of one failing output while others work. Beyond it, its lines are counted as lost.
const PENDING_BYTES_MAX: usize = 8 << 20;
/// Pause before a failing output is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// A write that takes longer counts as stuck: callers at `debug` and below do not wait for it.
const STUCK_NS: u64 = 10_000_000;
/// Pause between two looks at a lock, where waiting is bounded.
const LOCK_PAUSE: Duration = Duration::from_micros(50);
/// Longest that a change of the configuration waits for the events before it to be written under the old one.
const REPLACE_WAIT: Duration = Duration::from_secs(1);
/// Most pauses in which the worker lets others take the lock; ten of them are a millisecond on Linux.
const STEP_BACKS_MAX: usize = 10;

static COLLECTOR: Mutex<Collector> = Mutex::new(Collector {
    rings: Vec::new(),
    ring_times: Vec::new(),
    heads: BinaryHeap::new(),
    renderer: None,
    outputs: Vec::new(),
    lines: Vec::new(),
    losses: LossReport::new(),
    ticked: None,
    hangups: 0,
    flushes_seen: 0,
    journal: None,
    generation: 0,
});
/// Since when a sink is being written to, on the monotonic clock; zero when none is.
static SINK_SINCE_NS: AtomicU64 = AtomicU64::new(0);

/// False while a sink may keep its writer waiting ([`Sink::may_wait`](crate::Sink::may_wait)). Then the worker alone writes:
/// a caller that helps, or flushes, must not be caught in there beyond its bound.
static MAY_CALLERS_WRITE: AtomicBool = AtomicBool::new(true);
/// The last pass ended with no output taking anything.
static IS_BLOCKED: AtomicBool = AtomicBool::new(false);
/// The last pass ended with lines that some output did not take.
static IS_FAILING: AtomicBool = AtomicBool::new(false);
/// Threads that wait for [`COLLECTOR`] with a deadline. Those who come again and again let them pass: callers with a full
/// ring, and the worker.
static WAITERS: AtomicU32 = AtomicU32::new(0);
/// How many flushes the worker was asked for, and how many of them it has done.
static FLUSHES_WANTED: AtomicU64 = AtomicU64::new(0);
static FLUSHES_DONE: AtomicU64 = AtomicU64::new(0);
/// The configuration was changed while somebody else held the lock.
static IS_REPLACED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IS_DRAINING: Cell<bool> = const { Cell::new(false) };
}

/// Everything that one thread at a time may use.
pub(crate) struct Collector {
    rings: Vec<Consumer>,
    /// The time of each ring's last record: what [`Timeline::follow`] wants.
    ring_times: Vec<i64>,
    /// Rings by the time of their next record; empty between passes.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
    renderer: Option<Renderer>,
    outputs: Vec<OutputState>,
    /// Rendered lines by output, not yet written.
    lines: Vec<Vec<u8>>,
    losses: LossReport,
    ticked: Option<Instant>,
    /// Hang-up signals seen.
    hangups: u64,
    /// Of [`FLUSHES_WANTED`], those it knows of.
    flushes_seen: u64,
    /// What another process would go on with.
    journal: Option<Journal>,
    /// Journals begun.
    generation: u32,
}

#[cfg(unix)]
fn hangups() -> u64 {
    trine_ring::process::hangups()
}

#[cfg(not(unix))]
fn hangups() -> u64 {
    0
}

/// What a pass over the rings did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    pub(crate) records: u64,
    /// No output takes anything at present; what is in the rings stays there.
    pub(crate) is_blocked: bool,
    /// The rings hold records made since the pass began.
    pub(crate) is_behind: bool,
}

/// What came of an attempt to make room.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Help {
    /// There may be room now.
    Drained,
    /// Somebody else is at it, or no output takes anything (`is_stuck`).
    Busy { is_stuck: bool },
    /// The calling thread is draining already.
    Impossible,
}

/// The lock, and the mark on the thread that holds it.
///
/// The mark is there before the lock is taken and until it is given back: a signal handler that emits in between would else wait for
/// its own thread, without a bound. Fields are dropped in their order: the mark goes behind the lock.
struct Draining(MutexGuard<'static, Collector>, Mark);

/// That the thread is draining, or about to.
struct Mark;

impl Mark {
    /// `None` where it is there already.
    fn new() -> Option<Mark> {
        let was_there = IS_DRAINING.try_with(|is_draining| is_draining.replace(true));
        (was_there != Ok(true)).then_some(Mark)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = IS_DRAINING.try_with(|is_draining| is_draining.set(false));
    }
}

impl Draining {
    /// Waits for the lock. `None` for the own thread.
    fn wait() -> Option<Draining> {
        let mark = Mark::new()?;
        Some(Draining(lock(&COLLECTOR), mark))
    }

    fn is_here() -> bool {
        IS_DRAINING.try_with(Cell::get).unwrap_or(false)
    }

    fn now() -> Option<Draining> {
        let mark = Mark::new()?;
        match COLLECTOR.try_lock() {
            Ok(guard) => Some(Draining(guard, mark)),
            Err(TryLockError::Poisoned(poisoned)) => Some(Draining(poisoned.into_inner(), mark)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits for the lock, but not beyond `deadline`, and not for the own thread.
    fn until(deadline: Instant) -> Option<Draining> {
        if Draining::is_here() {
            return None;
        }
        if let Some(draining) = Draining::now() {
            return Some(draining);
        }
        WAITERS.fetch_add(1, Ordering::Relaxed);
        let draining = loop {
            std::thread::sleep(LOCK_PAUSE);
            match Draining::now() {
                None if Instant::now() < deadline => {}
                draining => break draining,
            }
        };
        WAITERS.fetch_sub(1, Ordering::Relaxed);
        draining
    }
}

/// Makes room by draining the rings here and now.
pub(crate) fn help() -> Help {
    if Draining::is_here() {
        return Help::Impossible;
    }
    let may_write = MAY_CALLERS_WRITE.load(Ordering::Relaxed) && WAITERS.load(Ordering::Relaxed) == 0;
    match may_write.then(Draining::now).flatten() {
        Some(mut draining) => match draining.0.pass() {
            Pass { is_blocked: true, .. } => Help::Busy { is_stuck: true },
            Pass { .. } => Help::Drained,
        },
        None => Help::Busy { is_stuck: IS_BLOCKED.load(Ordering::Relaxed) || is_sink_stuck() },
    }
}

fn is_sink_stuck() -> bool {
    let since = SINK_SINCE_NS.load(Ordering::Relaxed);
    since != 0 && monotonic_ns().saturating_sub(since) > STUCK_NS
}

/// One round of the worker: a pass, the flushes it was asked for, and about once a second what is due then.
pub(crate) fn round() -> Pass {
    let wanted = FLUSHES_WANTED.load(Ordering::Acquire);
    // Woken all the time, the worker would take the lock again before anybody who sleeps between two looks at it.
    for _ in 0..STEP_BACKS_MAX {
        if WAITERS.load(Ordering::Relaxed) == 0 {
            break;
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    let Some(mut draining) = Draining::wait() else { return Pass::default() };
    let collector = &mut draining.0;
    if std::mem::replace(&mut collector.flushes_seen, wanted) != wanted {
        collector.outputs.iter_mut().for_each(|output| output.retry_at = None);
    }
    let pass = collector.pass();
    if wanted != FLUSHES_DONE.load(Ordering::Relaxed) && !pass.is_blocked && collector.lines_waiting() == 0 {
        collector.report_losses(true);
        collector.flush_sinks();
        FLUSHES_DONE.store(wanted, Ordering::Release);
    }
    collector.sync();
    collector.tick();
    pass
}

/// Writes a record that no ring takes, behind everything that is in the rings; or counts it as lost.
pub(crate) fn deliver_directly(site: &'static Callsite, bytes: &[u8], wait: Duration) {
    let Some(record) = Record::new(bytes) else { return };
    let deadline = Instant::now() + wait;
    if is_for_worker() {
        // What the thread emitted before is written by then; the line waits in memory until the worker comes for it.
        let draining =
            if flush_by_worker(deadline, Duration::MAX) == 0 { Draining::until(deadline) } else { None };
        match draining {
            Some(mut draining) => {
                draining.0.render(None, site, record);
                draining.0.keep();
            }
            None => site.count_lost(),
        }
        return worker::wake();
    }
    while let Some(mut draining) = Draining::until(deadline) {
        let collector = &mut draining.0;
        if !collector.pass().is_blocked {
            collector.render(None, site, record);
            collector.commit();
            return;
        }
        drop(draining);
        // It must not overtake the thread's records that wait in its ring.
        if Instant::now() >= deadline {
            break;
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    site.count_lost();
}

/// Drains with the outputs as they are, then changes them. A sink that is stuck is waited for [`REPLACE_WAIT`], not longer.
pub(crate) fn replace_outputs(change: impl FnOnce()) {
    if Draining::is_here() {
        // From within a sink or an encoder: the change shows in the next pass.
        return change();
    }
    let deadline = Instant::now() + REPLACE_WAIT;
    if is_for_worker() {
        flush_by_worker(deadline, Duration::MAX);
    }
    let Some(mut draining) = Draining::until(deadline) else {
        // A stuck sink keeps the lock: the next pass takes the change over.
        change();
        return IS_REPLACED.store(true, Ordering::Release);
    };
    let collector = &mut draining.0;
    if collector.renderer.is_some() && !is_for_worker() {
        collector.pass();
        collector.flush_sinks();
    }
    change();
    collector.adopt();
}

impl Collector {
    /// Takes over a changed list of outputs. Lines that an old one did not take are counted as lost.
    fn adopt(&mut self) {
        let renderer = self.renderer.get_or_insert_with(Renderer::new);
        renderer.refresh(clock::ticks());
        let is_prompt = renderer.pipes().iter().all(|pipe| !pipe.sink.may_wait());
        MAY_CALLERS_WRITE.store(is_prompt, Ordering::Relaxed);
        let count = renderer.pipes().len();
        for dropped in self.outputs.drain(count.min(self.outputs.len())..) {
            callsite::count_lost_unnamed(dropped.events);
        }
        self.outputs.resize_with(count, OutputState::default);
        self.lines.resize_with(count, Vec::new);
        for output in &mut self.outputs {
            (output.retry_at, output.is_gone) = (None, false);
        }
        self.renew_journal();
    }

    /// Reads everything that was published before the call, oldest first, and writes it.
    ///
    /// Heads are read one after the other. What came since the call is left, and no event is written before another that it
    /// happened after: that one may lie in a ring whose head was read earlier.
    fn pass(&mut self) -> Pass {
        let pass = self.drain();
        IS_BLOCKED.store(pass.is_blocked, Ordering::Relaxed);
        IS_FAILING.store(self.lines_waiting() > 0, Ordering::Relaxed);
        pass
    }

    /// Takes the rings that are new.
    fn meet(&mut self) {
        self.rings.append(&mut pipeline::arrivals());
        self.ring_times.resize(self.rings.len(), i64::MIN);
    }

    fn drain(&mut self) -> Pass {
        let horizon = clock::ticks_in_order();
        self.meet();
        let is_replaced = IS_REPLACED.swap(false, Ordering::Acquire);
        if is_replaced
            || self.renderer.is_none()
            || self.outputs.len() != self.lines.len()
            || self.outputs.is_empty()
        {
            self.adopt();
        }
        if self.journal.is_none() && black_box::is_open() {
            self.renew_journal();
        }
        if let Some(renderer) = &mut self.renderer {
            renderer.refresh(clock::ticks());
        }
        // What is left from before goes first; while nothing moves, the rings keep what they have.
        if !self.commit() {
            return Pass { is_blocked: true, ..Pass::default() };
        }
        // Kept between passes: a caller that helps allocates nothing.
        let mut heads = std::mem::take(&mut self.heads);
        heads.clear();
        let pass = self.read(&mut heads, horizon);
        self.heads = heads;
        if !pass.is_blocked {
            self.report_losses(false);
        }
        pass
    }

    /// Renders one record by itself, behind what is rendered.
    fn render(&mut self, outputs_bits: Option<u64>, site: &'static Callsite, record: Record<'_>) {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let Collector { renderer: Some(renderer), outputs, lines, .. } = self else { return };
            outputs.iter_mut().zip(lines.iter()).for_each(|(output, lines)| output.whole = lines.len());
            match outputs_bits {
                None => render_waiting(renderer, outputs, lines, site, record),
                Some(bits) => {
                    let is_alive =
                        |(index, output): (usize, &OutputState)| u64::from(!output.is_gone) << index;
                    let alive = bits & outputs.iter().enumerate().map(is_alive).sum::<u64>();
                    if renderer.render_to(alive, site, record, Hints::default(), lines) {
                        count_rendered(outputs, alive);
                    }
                }
            }
        }));
        if outcome.is_err() {
            self.cut_back();
        }
    }

    /// Removes what a panicking encoder left behind the last whole line.
    #[cold]
    fn cut_back(&mut self) {
        for (output, lines) in self.outputs.iter_mut().zip(&mut self.lines) {
            lines.truncate(output.whole);
        }
        health::rendering_panicked(self.renderer.as_mut().and_then(Renderer::interrupted));
    }

    /// Writes the rendered lines, and hands the ring space they came from back.
    ///
    /// False when no output takes anything at present: then nothing is handed back.
    fn commit(&mut self) -> bool {
        self.keep();
        let Collector { renderer: Some(renderer), outputs, lines, journal, .. } = self else { return true };
        let mut moves = outputs.is_empty();
        let mut is_gone = true;
        let pipes = renderer.pipes().iter().zip(outputs.iter_mut()).zip(lines.iter_mut());
        for (index, ((pipe, output), lines)) in pipes.enumerate() {
            if output.is_gone {
                continue;
            }
            is_gone = false;
            moves |= write_out(pipe, output, lines, journal.as_mut().map(|journal| (journal, index)));
            output.refused = lines.len();
        }
        // Outputs whose readers are all gone do not hold the program up; their events are counted.
        if moves || is_gone {
            for ring in &mut self.rings {
                let position = ring.position();
                ring.release(position);
            }
        }
        moves || is_gone
    }

    /// Once a second: sinks do what is due with time.
    fn tick(&mut self) {
        let now = Instant::now();
        if self.ticked.is_some_and(|last| now.duration_since(last) < Duration::from_secs(1)) {
            return;
        }
        self.ticked = Some(now);
        let hangups = hangups();
        let reopens = std::mem::replace(&mut self.hangups, hangups) != hangups;
        for pipe in self.renderer.as_ref().map_or(&[][..], Renderer::pipes) {
            if reopens {
                pipe.sink.request_reopen();
            }
            if let Err(error) = pipe.sink.tick() {
                WRITTEN_ERRORS.fetch_add(1, Ordering::Relaxed);
                health::report_once(&*pipe.sink, &error);
            }
            for report in pipe.sink.take_reports() {
                health::report(format_args!("{}: {report}", pipe.sink.describe()));
            }
        }
    }

    /// Writes an event that says what was lost, if anything was since the last one.
    fn report_losses(&mut self, is_last: bool) {
        let Some((site, bytes)) = self.losses.due(is_last) else { return };
        let Some(record) = Record::new(&bytes) else { return };
        self.render(Some(!0), site, record);
        self.commit();
    }

    /// Events rendered and not yet accepted.
    fn lines_waiting(&self) -> u64 {
        self.outputs.iter().map(|output| output.events).max().unwrap_or(0)
    }

    /// Events that no sink has accepted yet, also in rings that came during the last pass.
    fn backlog(&mut self) -> u64 {
        self.meet();
        self.lines_waiting() + self.rings.iter_mut().map(Consumer::backlog).sum::<u64>()
    }
}
