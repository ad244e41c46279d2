//! The reading side of all rings: merge by time, render, write; by the worker, or by a caller whose ring is full.
//!
//! **Invariant:** a record leaves its ring (its bytes are handed back) only when every output has accepted its line, or holds
//! it in its own bounded memory while other outputs go on.
//! **Invariant:** whoever drains holds [`COLLECTOR`] and has [`IS_DRAINING`] set on its thread; code of the user's that runs
//! meanwhile may emit, and never waits for the lock that its own thread holds.

use std::{
    any::Any,
    cell::Cell,
    cmp::Reverse,
    collections::BinaryHeap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, TryLockError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use trine_ring::{
    Consumer,
    clock::{self, monotonic_ns},
    record::Record,
};

use crate::{
    callsite::{self, Callsite},
    clock::Timeline,
    encoder::Encoder,
    event::EventRef,
    health, lock,
    loss::LossReport,
    pipeline::{self, Config, Pipe},
};

/// Rendered bytes are written when there are so many. A write of 64 KiB costs 95 ns per 200-byte line, of one line 2,118 ns
/// (measured on the reference machine); larger ones gain nothing and hold ring space longer.
const CHUNK_BYTES: usize = 64 << 10;
/// Memory for the lines of one failing output while others work. Beyond it, its lines are counted as lost.
const PENDING_BYTES_MAX: usize = 8 << 20;
/// Pause before a failing output is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// A write that takes longer counts as stuck: callers at `debug` and below do not wait for it.
const STUCK_NS: u64 = 10_000_000;
/// Pause between two looks at a lock, where waiting is bounded.
const LOCK_PAUSE: Duration = Duration::from_micros(50);
/// Longest that a fork waits for a write under way.
const FORK_WAIT: Duration = Duration::from_secs(1);
/// Most outputs. They are bits of a word, of which one says that the others are known.
pub(crate) const OUTPUTS_MAX: usize = 63;
const ADMITS_KNOWN: u64 = 1 << 63;

static COLLECTOR: Mutex<Collector> = Mutex::new(Collector {
    rings: Vec::new(),
    heads: BinaryHeap::new(),
    renderer: None,
    outputs: Vec::new(),
    lines: Vec::new(),
    losses: LossReport::new(),
    ticked: None,
    hangups: 0,
});
/// Since when a sink is being written to, on the monotonic clock; zero when none is.
static SINK_SINCE_NS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static IS_DRAINING: Cell<bool> = const { Cell::new(false) };
}

/// Renders records for a list of outputs. Each thread that renders has its own.
#[derive(Debug)]
pub(crate) struct Renderer {
    version: u64,
    config: Option<Arc<Config>>,
    /// By number, from one.
    sites: Vec<&'static Callsite>,
    /// By number: a bit per output that wants the callsite, and whether that is known.
    admits: Vec<u64>,
    encoders: Vec<Box<dyn Encoder>>,
    timeline: Timeline,
}

impl Renderer {
    pub(crate) fn new() -> Renderer {
        let mut renderer = Renderer {
            version: u64::MAX,
            config: None,
            sites: Vec::new(),
            admits: Vec::new(),
            encoders: Vec::new(),
            timeline: Timeline::new(),
        };
        renderer.refresh(clock::ticks());
        renderer
    }

    /// Takes over a changed configuration, and reads the clock again when it is time, as of `ticks`.
    #[inline]
    pub(crate) fn refresh(&mut self, ticks: u64) {
        self.timeline.refresh(ticks);
        let version = pipeline::version();
        if self.version != version {
            self.version = version;
            self.config = pipeline::config();
            self.admits.clear();
            self.encoders = self.pipes().iter().map(|pipe| lock(&pipe.encoder).fresh()).collect();
        }
    }

    pub(crate) fn pipes(&self) -> &[Pipe] {
        self.config.as_ref().map_or(&[], |config| &config.pipes)
    }

    /// The callsite with a number.
    #[inline]
    fn site(&mut self, id: u32) -> Option<&'static Callsite> {
        let index = (id as usize).checked_sub(1)?;
        if index >= self.sites.len() {
            callsite::catch_up(&mut self.sites);
        }
        self.sites.get(index).copied()
    }

    /// A bit per output that wants the callsite.
    #[inline]
    fn admits(&mut self, site: &Callsite) -> u64 {
        let id = site.id() as usize;
        match self.admits.get(id) {
            Some(bits) if bits & ADMITS_KNOWN != 0 => *bits,
            _ => self.decide(site, id),
        }
    }

    #[cold]
    fn decide(&mut self, site: &Callsite, id: usize) -> u64 {
        let Some(config) = &self.config else { return 0 };
        let bit = |(index, pipe)| u64::from(config.admits(pipe, site)) << index;
        let bits = config.pipes.iter().enumerate().map(bit).fold(ADMITS_KNOWN, |bits, bit| bits | bit);
        if self.admits.len() <= id {
            self.admits.resize(id + 1, 0);
        }
        self.admits[id] = bits;
        bits
    }

    /// Appends the record's line to each output that wants it.
    pub(crate) fn render(&mut self, site: &'static Callsite, record: Record<'_>, lines: &mut [Vec<u8>]) {
        let admits = self.admits(site);
        self.render_to(admits, site, record, lines);
    }

    /// Appends the record's line to the outputs whose bit is set.
    #[inline]
    fn render_to(&mut self, outputs: u64, site: &'static Callsite, record: Record<'_>, lines: &mut [Vec<u8>]) {
        let event = EventRef { site, record, unix_ns: self.timeline.unix_ns(record.ticks()) };
        for (index, (encoder, lines)) in self.encoders.iter_mut().zip(lines).enumerate() {
            if outputs & 1 << index != 0 {
                encoder.encode(&event, lines);
            }
        }
    }
}

/// What was delivered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) errors: u64,
}

static WRITTEN_EVENTS: AtomicU64 = AtomicU64::new(0);
static WRITTEN_BYTES: AtomicU64 = AtomicU64::new(0);
static WRITTEN_ERRORS: AtomicU64 = AtomicU64::new(0);
static RING_BYTES_HIGH: AtomicU64 = AtomicU64::new(0);
static LAG_NS: AtomicU64 = AtomicU64::new(0);
static DAMAGED_BYTES: AtomicU64 = AtomicU64::new(0);

/// What was written from the rings.
pub(crate) fn counts() -> Counts {
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Counts { events: load(&WRITTEN_EVENTS), bytes: load(&WRITTEN_BYTES), errors: load(&WRITTEN_ERRORS) }
}

/// Most bytes found in one ring so far.
pub(crate) fn ring_bytes_high() -> u64 {
    RING_BYTES_HIGH.load(Ordering::Relaxed)
}

/// How old the oldest record was when the rings were last drained.
pub(crate) fn lag() -> Duration {
    Duration::from_nanos(LAG_NS.load(Ordering::Relaxed))
}

/// Bytes of rings that could not be read.
pub(crate) fn damaged_bytes() -> u64 {
    DAMAGED_BYTES.load(Ordering::Relaxed)
}

/// How one output is doing.
#[derive(Debug, Default)]
struct OutputState {
    /// Lines rendered since the last complete write.
    events: u64,
    /// Bytes of its lines that were there before the record now being rendered.
    whole: usize,
    /// Bytes of its lines that it did not take when last asked: they are no reason to ask again at once.
    refused: usize,
    /// Not before then.
    retry_at: Option<Instant>,
    /// Its reader is gone; nothing is rendered for it.
    is_gone: bool,
}

/// Everything that one thread at a time may use.
pub(crate) struct Collector {
    rings: Vec<Consumer>,
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
struct Draining(MutexGuard<'static, Collector>);

impl Draining {
    fn new(guard: MutexGuard<'static, Collector>) -> Draining {
        let _ = IS_DRAINING.try_with(|is_draining| is_draining.set(true));
        Draining(guard)
    }

    fn is_here() -> bool {
        IS_DRAINING.try_with(Cell::get).unwrap_or(false)
    }

    fn now() -> Option<Draining> {
        match COLLECTOR.try_lock() {
            Ok(guard) => Some(Draining::new(guard)),
            Err(TryLockError::Poisoned(poisoned)) => Some(Draining::new(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits for the lock, but not beyond `deadline`, and not for the own thread.
    fn until(deadline: Instant) -> Option<Draining> {
        if Draining::is_here() {
            return None;
        }
        loop {
            if let Some(draining) = Draining::now() {
                return Some(draining);
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(LOCK_PAUSE);
        }
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        let _ = IS_DRAINING.try_with(|is_draining| is_draining.set(false));
    }
}

/// Makes room by draining the rings here and now.
pub(crate) fn help() -> Help {
    if Draining::is_here() {
        return Help::Impossible;
    }
    match Draining::now() {
        Some(mut draining) => match draining.0.pass() {
            Pass { is_blocked: true, .. } => Help::Busy { is_stuck: true },
            Pass { .. } => Help::Drained,
        },
        None => {
            let since = SINK_SINCE_NS.load(Ordering::Relaxed);
            Help::Busy { is_stuck: since != 0 && monotonic_ns().saturating_sub(since) > STUCK_NS }
        }
    }
}

/// One round of the worker: a pass, and about once a second what is due then.
pub(crate) fn round() -> Pass {
    let mut draining = Draining::new(lock(&COLLECTOR));
    let pass = draining.0.pass();
    draining.0.tick();
    pass
}

/// Writes what was emitted before the call. Returns how many events still wait at `deadline`.
pub(crate) fn flush(deadline: Instant) -> u64 {
    flush_patiently(deadline, Duration::MAX)
}

/// As [`flush`]; gives up before the deadline when some output has failed for `patience`.
///
/// A sink that is slow has until the deadline, one that fails does not.
pub(crate) fn flush_patiently(deadline: Instant, patience: Duration) -> u64 {
    let mut failing_since = None;
    loop {
        let Some(mut draining) = Draining::until(deadline) else { return 1 };
        let collector = &mut draining.0;
        if failing_since.is_none() {
            collector.outputs.iter_mut().for_each(|output| output.retry_at = None);
        }
        let is_blocked = collector.pass().is_blocked;
        let now = Instant::now();
        // One output may work while another does not yet.
        let is_done = !is_blocked && collector.lines_waiting() == 0;
        let is_hopeless = now.duration_since(*failing_since.get_or_insert(now)) >= patience;
        if is_done || is_hopeless || now >= deadline {
            if !is_blocked {
                collector.report_losses(true);
                collector.flush_sinks();
            }
            return collector.backlog();
        }
        drop(draining);
        std::thread::sleep(LOCK_PAUSE);
    }
}

/// Writes a record that no ring takes, behind everything that is in the rings; or counts it as lost.
pub(crate) fn deliver_directly(site: &'static Callsite, bytes: &[u8], wait: Duration) {
    let Some(record) = Record::new(bytes) else { return };
    let deadline = Instant::now() + wait;
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

/// Drains with the outputs as they are, then changes them.
pub(crate) fn replace_outputs(change: impl FnOnce()) {
    if Draining::is_here() {
        // From within a sink or an encoder: the change shows in the next pass.
        return change();
    }
    let mut draining = Draining::new(lock(&COLLECTOR));
    let collector = &mut draining.0;
    if collector.renderer.is_some() {
        collector.pass();
        collector.flush_sinks();
    }
    change();
    collector.adopt();
}

/// Holds the collector still over a fork. Nothing when the forking thread itself is draining, and when a stuck sink keeps
/// the lock beyond [`FORK_WAIT`]: then the child finds it locked for good, and its events are counted as lost.
pub(crate) fn hold_for_fork() -> Option<Box<dyn Any>> {
    let deadline = Instant::now() + FORK_WAIT;
    loop {
        match COLLECTOR.try_lock() {
            _ if Draining::is_here() => return None,
            Ok(guard) => return Some(Box::new(guard)),
            Err(TryLockError::Poisoned(poisoned)) => return Some(Box::new(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
        }
    }
}

/// In the child of a fork: rings and rendered lines are the parent's, which will write them.
pub(crate) fn forget(held: &mut dyn Any) {
    if let Some(collector) = held.downcast_mut::<MutexGuard<'static, Collector>>() {
        collector.rings.clear();
        collector.lines.iter_mut().for_each(Vec::clear);
        collector.outputs.iter_mut().for_each(|output| output.events = 0);
    }
    SINK_SINCE_NS.store(0, Ordering::Relaxed);
}

impl Collector {
    /// Takes over a changed list of outputs. Lines that an old one did not take are counted as lost.
    fn adopt(&mut self) {
        let renderer = self.renderer.get_or_insert_with(Renderer::new);
        renderer.refresh(clock::ticks());
        let count = renderer.pipes().len();
        for dropped in self.outputs.drain(count.min(self.outputs.len())..) {
            callsite::count_lost_unnamed(dropped.events);
        }
        self.outputs.resize_with(count, OutputState::default);
        self.lines.resize_with(count, Vec::new);
        for output in &mut self.outputs {
            (output.retry_at, output.is_gone) = (None, false);
        }
    }

    /// Reads everything that was published before the call, oldest first, and writes it.
    fn pass(&mut self) -> Pass {
        self.rings.append(&mut pipeline::arrivals());
        if self.renderer.is_none() || self.outputs.len() != self.lines.len() || self.outputs.is_empty() {
            self.adopt();
        }
        if let Some(renderer) = &mut self.renderer {
            renderer.refresh(clock::ticks());
        }
        // What is left from before goes first; while nothing moves, the rings keep what they have.
        if !self.commit() {
            return Pass { records: 0, is_blocked: true };
        }
        // Kept between passes: a caller that helps allocates nothing.
        let mut heads = std::mem::take(&mut self.heads);
        heads.clear();
        let pass = self.read(&mut heads);
        self.heads = heads;
        if !pass.is_blocked {
            self.report_losses(false);
        }
        pass
    }

    /// Renders and writes what the rings hold, merged by time.
    fn read(&mut self, heads: &mut BinaryHeap<Reverse<(u64, usize)>>) -> Pass {
        for (index, ring) in self.rings.iter_mut().enumerate() {
            let waiting = ring.refresh();
            if waiting > 0 {
                RING_BYTES_HIGH.fetch_max(waiting as u64, Ordering::Relaxed);
                heads.push(Reverse((ring.peek_ticks().unwrap_or(0), index)));
            }
        }
        if let Some(Reverse((oldest, _))) = heads.peek() {
            self.note_lag(*oldest);
        }
        let mut pass = Pass::default();
        while let Some(Reverse((_, index))) = heads.pop() {
            let next = heads.peek().map(|Reverse((ticks, _))| *ticks);
            let (records, ticks) = self.run(index, next.unwrap_or(u64::MAX));
            pass.records += records;
            if let Some(ticks) = ticks {
                heads.push(Reverse((ticks, index)));
            }
            if is_chunk_full(&self.outputs, &self.lines) && !self.commit() {
                pass.is_blocked = true;
                return pass;
            }
        }
        pass.is_blocked = !self.commit();
        pass
    }

    /// Renders records of one ring up to the time of another's next one, or up to a chunk.
    ///
    /// Returns how many, and when the ring's next one is.
    fn run(&mut self, index: usize, until: u64) -> (u64, Option<u64>) {
        let mut records = 0;
        loop {
            // An encoder that panics leaves half a line: it is cut back, and the ring is read on behind the record.
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run_unguarded(index, until, &mut records)));
            match outcome {
                Ok(next) => return (records, next),
                Err(_) => self.cut_back(),
            }
        }
    }

    fn run_unguarded(&mut self, index: usize, until: u64, records: &mut u64) -> Option<u64> {
        let Collector { rings, renderer: Some(renderer), outputs, lines, .. } = self else { return None };
        let ring = &mut rings[index];
        loop {
            let ticks = ring.peek_ticks();
            if ticks.is_some_and(|ticks| ticks > until) || is_chunk_full(outputs, lines) {
                return ticks;
            }
            outputs.iter_mut().zip(lines.iter()).for_each(|(output, lines)| output.whole = lines.len());
            match ring.next()? {
                Ok(record) => {
                    *records += 1;
                    if let Some(site) = renderer.site(record.site()) {
                        render_waiting(renderer, outputs, lines, site, record);
                    }
                }
                Err(damaged) => {
                    DAMAGED_BYTES.fetch_add(damaged.bytes as u64, Ordering::Relaxed);
                    return None;
                }
            }
        }
    }

    /// Renders one record by itself, behind what is rendered.
    fn render(&mut self, outputs_bits: Option<u64>, site: &'static Callsite, record: Record<'_>) {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let Collector { renderer: Some(renderer), outputs, lines, .. } = self else { return };
            outputs.iter_mut().zip(lines.iter()).for_each(|(output, lines)| output.whole = lines.len());
            match outputs_bits {
                None => render_waiting(renderer, outputs, lines, site, record),
                Some(bits) => {
                    let wants = |index: usize, output: &OutputState| bits & 1 << index != 0 && !output.is_gone;
                    let mut alive = 0;
                    for (index, output) in outputs.iter_mut().enumerate().filter(|(index, output)| wants(*index, output)) {
                        output.events += 1;
                        alive |= 1 << index;
                    }
                    renderer.render_to(alive, site, record, lines);
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
        health::encoder_panicked();
    }

    /// Writes the rendered lines, and hands the ring space they came from back.
    ///
    /// False when no output takes anything at present: then nothing is handed back.
    fn commit(&mut self) -> bool {
        let Collector { renderer: Some(renderer), outputs, lines, .. } = self else { return true };
        let mut moves = outputs.is_empty();
        let mut is_gone = true;
        for ((pipe, output), lines) in renderer.pipes().iter().zip(outputs.iter_mut()).zip(lines.iter_mut()) {
            if output.is_gone {
                continue;
            }
            is_gone = false;
            moves |= write_out(pipe, output, lines);
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

    fn flush_sinks(&mut self) {
        for pipe in self.renderer.as_ref().map_or(&[][..], Renderer::pipes) {
            if let Err(error) = pipe.sink.flush() {
                WRITTEN_ERRORS.fetch_add(1, Ordering::Relaxed);
                health::report_once(&*pipe.sink, &error);
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

    fn note_lag(&mut self, oldest: u64) {
        if let Some(renderer) = &mut self.renderer {
            let age = renderer.timeline.age_ns(oldest, clock::ticks());
            LAG_NS.store(age, Ordering::Relaxed);
        }
    }

    /// Events rendered and not yet accepted.
    fn lines_waiting(&self) -> u64 {
        self.outputs.iter().map(|output| output.events).max().unwrap_or(0)
    }

    /// Events that no sink has accepted yet.
    fn backlog(&mut self) -> u64 {
        self.lines_waiting() + self.rings.iter_mut().map(Consumer::backlog).sum::<u64>()
    }
}

/// True when some output has enough new lines to be written.
#[inline]
fn is_chunk_full(outputs: &[OutputState], lines: &[Vec<u8>]) -> bool {
    outputs.iter().zip(lines).any(|(output, lines)| lines.len() - output.refused >= CHUNK_BYTES)
}

/// Renders a record for the outputs that want it and can hold it.
#[inline]
fn render_waiting(
    renderer: &mut Renderer,
    outputs: &mut [OutputState],
    lines: &mut [Vec<u8>],
    site: &'static Callsite,
    record: Record<'_>,
) {
    let mut admits = renderer.admits(site);
    for (index, (output, lines)) in outputs.iter_mut().zip(lines.iter()).enumerate() {
        let bit = 1 << index;
        if admits & bit == 0 {
            continue;
        }
        if output.is_gone || lines.len() > PENDING_BYTES_MAX {
            admits &= !bit;
            site.count_lost();
        } else {
            output.events += 1;
        }
    }
    renderer.render_to(admits, site, record, lines);
}

/// Writes one output's lines. False when it does not take them at present.
fn write_out(pipe: &Pipe, output: &mut OutputState, lines: &mut Vec<u8>) -> bool {
    if output.retry_at.is_some_and(|at| Instant::now() < at) {
        return false;
    }
    if lines.is_empty() {
        output.retry_at = None;
        return true;
    }
    SINK_SINCE_NS.store(monotonic_ns(), Ordering::Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(|| pipe.sink.write(lines)));
    SINK_SINCE_NS.store(0, Ordering::Relaxed);
    let outcome = outcome.unwrap_or_else(|_| {
        Err(crate::WriteError { written: 0, source: std::io::Error::other("the sink panicked") })
    });
    match outcome {
        Ok(()) => {
            WRITTEN_EVENTS.fetch_add(output.events, Ordering::Relaxed);
            WRITTEN_BYTES.fetch_add(lines.len() as u64, Ordering::Relaxed);
            if output.retry_at.take().is_some() {
                health::report_recovered(&*pipe.sink);
            }
            output.events = 0;
            lines.clear();
            true
        }
        Err(error) => {
            WRITTEN_ERRORS.fetch_add(1, Ordering::Relaxed);
            WRITTEN_BYTES.fetch_add(error.written as u64, Ordering::Relaxed);
            let rest = lines.split_off(error.written.min(lines.len()));
            let done = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            WRITTEN_EVENTS.fetch_add(done.min(output.events), Ordering::Relaxed);
            output.events -= done.min(output.events);
            *lines = rest;
            if error.source.kind() == std::io::ErrorKind::BrokenPipe {
                output.is_gone = true;
                callsite::count_lost_unnamed(output.events);
                output.events = 0;
                lines.clear();
            }
            health::report_once(&*pipe.sink, &error);
            output.retry_at = Some(Instant::now() + RETRY_PAUSE);
            false
        }
    }
}
