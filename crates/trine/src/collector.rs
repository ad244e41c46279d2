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
/// Most outputs. They are bits of a word, of which one says that the others are known.
pub(crate) const OUTPUTS_MAX: usize = 63;
const ADMITS_KNOWN: u64 = 1 << 63;

static COLLECTOR: Mutex<Collector> = Mutex::new(Collector {
    rings: Vec::new(),
    renderer: None,
    outputs: Vec::new(),
    lines: Vec::new(),
    losses: LossReport::new(),
    ticked: None,
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
        renderer.refresh();
        renderer
    }

    /// Takes over a changed configuration, and reads the clock when it is time.
    pub(crate) fn refresh(&mut self) {
        self.timeline.refresh();
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
    /// Not before then.
    retry_at: Option<Instant>,
    /// Its reader is gone; nothing is rendered for it.
    is_gone: bool,
}

/// Everything that one thread at a time may use.
pub(crate) struct Collector {
    rings: Vec<Consumer>,
    renderer: Option<Renderer>,
    outputs: Vec<OutputState>,
    /// Rendered lines by output, not yet written.
    lines: Vec<Vec<u8>>,
    losses: LossReport,
    ticked: Option<Instant>,
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
    loop {
        let Some(mut draining) = Draining::until(deadline) else { return 1 };
        let collector = &mut draining.0;
        collector.outputs.iter_mut().for_each(|output| output.retry_at = None);
        if !collector.pass().is_blocked {
            collector.report_losses(true);
            collector.flush_sinks();
            return collector.lines_waiting();
        }
        if Instant::now() >= deadline {
            return collector.backlog();
        }
        drop(draining);
        std::thread::sleep(LOCK_PAUSE);
    }
}

/// Writes a record that no ring takes, behind everything that is in the rings; or counts it as lost.
pub(crate) fn deliver_directly(site: &'static Callsite, bytes: &[u8], wait: Duration) {
    let (Some(record), Some(mut draining)) = (Record::new(bytes), Draining::until(Instant::now() + wait)) else {
        return site.count_lost();
    };
    let collector = &mut draining.0;
    // The pass may be blocked: the line then waits in the output's memory, behind the lines that wait there.
    collector.pass();
    collector.guarded(|collector| collector.render(site, record));
    collector.commit();
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

/// Holds the collector still over a fork; nothing when the forking thread itself is draining.
pub(crate) fn hold_for_fork() -> Option<Box<dyn Any>> {
    (!Draining::is_here()).then(|| Box::new(lock(&COLLECTOR)) as Box<dyn Any>)
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
        renderer.refresh();
        let count = renderer.pipes().len();
        let is_same = self.outputs.len() == count;
        if !is_same || self.outputs.iter().any(|output| output.is_gone) {
            self.outputs = (0..count).map(|_| OutputState::default()).collect();
            self.lines.resize_with(count, Vec::new);
        }
    }

    /// Reads everything that was published before the call, oldest first, and writes it.
    fn pass(&mut self) -> Pass {
        self.rings.append(&mut pipeline::arrivals());
        if self.renderer.is_none() || self.outputs.len() != self.lines.len() || self.outputs.is_empty() {
            self.adopt();
        }
        if let Some(renderer) = &mut self.renderer {
            renderer.refresh();
        }
        // What is left from before goes first; while nothing moves, the rings keep what they have.
        if !self.commit() {
            return Pass { records: 0, is_blocked: true };
        }
        let mut heads = BinaryHeap::new();
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
            if self.lines.iter().any(|lines| lines.len() >= CHUNK_BYTES) && !self.commit() {
                pass.is_blocked = true;
                return pass;
            }
        }
        pass.is_blocked = !self.commit();
        if !pass.is_blocked {
            self.report_losses(false);
        }
        pass
    }

    /// Renders records of one ring up to the time of another's next one, or up to a chunk.
    ///
    /// Returns how many, and when the ring's next one is.
    fn run(&mut self, index: usize, until: u64) -> (u64, Option<u64>) {
        let mut records = 0;
        loop {
            match self.rings[index].peek_ticks() {
                Some(ticks) if ticks > until => return (records, Some(ticks)),
                Some(ticks) if self.lines.iter().any(|lines| lines.len() >= CHUNK_BYTES) => {
                    return (records, Some(ticks));
                }
                _ => {}
            }
            let is_there = self.guarded(|collector| {
                let Collector { rings, renderer: Some(renderer), outputs, lines, .. } = collector else { return false };
                match rings[index].next() {
                    Some(Ok(record)) => {
                        if let Some(site) = renderer.site(record.site()) {
                            render_waiting(renderer, outputs, lines, site, record);
                        }
                        true
                    }
                    Some(Err(damaged)) => {
                        DAMAGED_BYTES.fetch_add(damaged.bytes as u64, Ordering::Relaxed);
                        false
                    }
                    None => false,
                }
            });
            if !is_there {
                return (records, None);
            }
            records += 1;
        }
    }

    fn render(&mut self, site: &'static Callsite, record: Record<'_>) -> bool {
        let Collector { renderer: Some(renderer), outputs, lines, .. } = self else { return false };
        render_waiting(renderer, outputs, lines, site, record);
        true
    }

    /// Runs `render`, which calls encoders. If one panics, half a line may be left: the outputs are cut back, the event is
    /// gone, the program goes on.
    fn guarded(&mut self, render: impl FnOnce(&mut Collector) -> bool) -> bool {
        let before: Vec<usize>;
        match &self.lines[..] {
            // The usual case without an allocation.
            [only] => {
                let before = only.len();
                return catch_unwind(AssertUnwindSafe(|| render(self))).unwrap_or_else(|_| {
                    self.lines[0].truncate(before);
                    health::encoder_panicked();
                    true
                });
            }
            all => before = all.iter().map(Vec::len).collect(),
        }
        catch_unwind(AssertUnwindSafe(|| render(self))).unwrap_or_else(|_| {
            self.lines.iter_mut().zip(before).for_each(|(lines, before)| lines.truncate(before));
            health::encoder_panicked();
            true
        })
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
        for pipe in self.renderer.as_ref().map_or(&[][..], Renderer::pipes) {
            if let Err(error) = pipe.sink.tick() {
                WRITTEN_ERRORS.fetch_add(1, Ordering::Relaxed);
                health::report_once(&*pipe.sink, &error);
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
        self.guarded(|collector| {
            let Collector { renderer: Some(renderer), lines, outputs, .. } = collector else { return false };
            renderer.render_to(!0, site, record, lines);
            outputs.iter_mut().for_each(|output| output.events += 1);
            true
        });
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
