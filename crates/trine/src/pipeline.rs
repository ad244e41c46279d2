//! What is set for the whole process: levels, outputs, rings.

use std::{
    any::Any,
    cell::Cell,
    io,
    sync::{
        Arc, Mutex, Once, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use trine_model::Level;
use trine_ring::{Backing, Consumer, Padded, Producer, ring};

use crate::{
    batch, black_box,
    callsite::{self, Callsite},
    clock, collector,
    config::{BlackBox, DEFAULT_RING_BYTES},
    encoder::{Encoder, Format},
    error_text, leave, lock,
    mask::Masks,
    masks::Masking,
    rules::{LevelRules, RulesError},
    sample::{self, SampleRules},
    setup::setup,
    sink::Sink,
    stage::Stages,
    worker,
};

/// Most rings of a process, and so most threads that emit at the same time at full speed. Threads beyond it deliver under
/// the pipeline's lock. The bound is the kernel's: 65,530 mappings (vm.max_map_count), of which we leave most to others.
pub(crate) const RINGS_MAX: usize = 4_096;

/// As good as for ever: a wait beyond what a clock can hold.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Callers deliver by themselves.
pub(crate) const FLAG_INLINE: u8 = 1;
/// The worker sleeps deeply and wants to be woken by the next event.
pub(crate) const FLAG_PARKED: u8 = 2;

static FLAGS: Padded<AtomicU8> = Padded::new(AtomicU8::new(0));
static CONFIG: RwLock<Option<Arc<Config>>> = RwLock::new(None);
static VERSION: Padded<AtomicU64> = Padded::new(AtomicU64::new(0));
static STARTS: Starts = Starts::new();
static RINGS: Mutex<Rings> =
    Mutex::new(Rings { free: Vec::new(), arrivals: Vec::new(), count: 0, bytes: DEFAULT_RING_BYTES });

/// Levels, stages and outputs. Never changed, only replaced.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) levels: LevelRules,
    pub(crate) pipes: Vec<Pipe>,
    pub(crate) stages: Stages,
    pub(crate) sampling: SampleRules,
    pub(crate) masking: Arc<Masking>,
    /// What was written is to be synced.
    pub(crate) is_durable: bool,
    /// The masks are not those that always are in force.
    pub(crate) masks: Masks,
}

/// One output: what it wants, how it is rendered, where it goes.
#[derive(Debug, Clone)]
pub(crate) struct Pipe {
    /// What the encoder is called in configuration, when it is one of ours.
    pub(crate) format: Option<Format>,
    /// `None`: what the process's rules allow.
    pub(crate) rules: Option<LevelRules>,
    pub(crate) encoder: Arc<Mutex<Box<dyn Encoder>>>,
    pub(crate) sink: Arc<dyn Sink>,
}

impl Config {
    /// True when the pipe wants the callsite's events.
    pub(crate) fn admits(&self, pipe: &Pipe, site: &Callsite) -> bool {
        self.admits_at(pipe, site, site.level())
    }

    /// True when the pipe wants the callsite's events once their scope has failed: as if they were errors.
    pub(crate) fn admits_released(&self, pipe: &Pipe, site: &Callsite) -> bool {
        self.admits_at(pipe, site, site.level().max(Level::Error))
    }

    fn admits_at(&self, pipe: &Pipe, site: &Callsite, level: Level) -> bool {
        let rules = pipe.rules.as_ref().unwrap_or(&self.levels);
        rules.allows(&canonical(site.name()), site.module(), level)
    }
}

/// The name as rules know it.
fn canonical(name: &str) -> String {
    name.replace('.', "_")
}

/// Rings that no thread has, and the reading ends that the collector has not seen.
#[derive(Debug)]
struct Rings {
    free: Vec<Producer>,
    arrivals: Vec<Consumer>,
    count: usize,
    bytes: usize,
}

#[inline]
pub(crate) fn flags() -> u8 {
    FLAGS.load(Ordering::Relaxed)
}

pub(crate) fn set_flag(flag: u8, on: bool) {
    if on {
        FLAGS.fetch_or(flag, Ordering::SeqCst);
    } else {
        FLAGS.fetch_and(!flag, Ordering::SeqCst);
    }
}

fn config_lock() -> RwLockReadGuard<'static, Option<Arc<Config>>> {
    CONFIG.read().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What is in force. `None` before the start.
pub(crate) fn config() -> Option<Arc<Config>> {
    config_lock().clone()
}

/// Changes whenever [`config`] does.
#[inline]
pub(crate) fn version() -> u64 {
    VERSION.load(Ordering::Acquire)
}

/// What the configuration says of a callsite.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// Some output wants its events.
    pub(crate) is_wanted: bool,
    /// How rules sample them, by number; zero without a rule.
    pub(crate) sample_rule: u32,
    /// A key of theirs names a secret.
    pub(crate) is_masked: bool,
}

pub(crate) fn judge(site: &Callsite) -> Judgement {
    let config = config_lock();
    let Some(config) = config.as_ref() else { return Judgement::default() };
    let is_error = site.level() >= Level::Error;
    Judgement {
        is_wanted: config.pipes.iter().any(|pipe| config.admits(pipe, site)),
        sample_rule: sample::rule_number(&config.sampling, &canonical(site.name()), is_error),
        is_masked: config.masking.names_any(site.keys()),
    }
}

/// Starts the default pipeline unless one was started.
pub(crate) fn ensure_started() {
    STARTS.ensure(|| setup().start_now());
}

/// Runs a start of the program's when no other thread runs one.
pub(crate) fn one_at_a_time(start: impl FnOnce()) {
    STARTS.run(start);
}

/// Whether a pipeline was started, and that one is at a time.
#[derive(Debug)]
struct Starts {
    is_started: AtomicBool,
    starting: Mutex<()>,
}

thread_local! {
    /// This thread is within a start.
    static IS_STARTING: Cell<bool> = const { Cell::new(false) };
}

impl Starts {
    const fn new() -> Starts {
        Starts { is_started: AtomicBool::new(false), starting: Mutex::new(()) }
    }

    fn is_started(&self) -> bool {
        self.is_started.load(Ordering::Acquire)
    }

    /// Runs the default start unless there was one.
    fn ensure(&self, start: impl FnOnce()) {
        if !self.is_started() {
            self.run(|| {
                // Another thread may have started one meanwhile, perhaps the program's own, which the default must not replace.
                if !self.is_started() {
                    start();
                }
            });
        }
    }

    /// Runs a start when no other thread does. A sink that emits while it is being set up is within a start already.
    fn run(&self, start: impl FnOnce()) {
        if IS_STARTING.replace(true) {
            return start();
        }
        let _starting = lock(&self.starting);
        start();
        IS_STARTING.set(false);
    }
}

/// What a start decides.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) config: Config,
    pub(crate) is_inline: bool,
    pub(crate) ring_bytes: usize,
    pub(crate) black_box: Option<BlackBox>,
}

/// Puts a configuration in force. The first time, the process's hooks are set as well.
pub(crate) fn start(start: Start) {
    static FIRST: Once = Once::new();
    clock::start();
    error_text::install();
    black_box::configure(start.black_box, start.is_inline, &start.config);
    collector::replace_outputs(|| {
        *CONFIG.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Arc::new(start.config));
        VERSION.fetch_add(1, Ordering::AcqRel);
    });
    lock(&RINGS).bytes = start.ring_bytes;
    set_flag(FLAG_INLINE, start.is_inline);
    STARTS.is_started.store(true, Ordering::Release);
    FIRST.call_once(|| {
        leave::install();
        collector::recover();
    });
    callsite::decide_all();
}

/// Changes the levels of the running process: `"info,payment=debug,my_crate::db=trace"`.
///
/// In force for all threads when it returns. Outputs with rules of their own keep them.
///
/// Errors: the text is not a list of rules; says what is wrong, and nothing is changed.
///
/// ```
/// assert!(trine::set_level("warning,payment=debug").is_ok());
/// let error = trine::set_level("inof").unwrap_err();
/// assert!(error.to_string().contains("did you mean `info`"), "{error}");
/// ```
pub fn set_level(rules: &str) -> Result<(), RulesError> {
    let levels: LevelRules = rules.parse()?;
    change(|config| Config { levels, ..config });
    Ok(())
}

/// Changes how events are sampled.
pub(crate) fn set_sampling(sampling: SampleRules) {
    change(|config| Config { sampling, ..config });
}

/// Changes what is masked.
pub(crate) fn set_masks(masks: &Masks) {
    let masking = Arc::new(Masking::new(masks));
    change(|config| Config { masking, masks: masks.clone(), ..config });
}

/// Changes a part of what is in force.
fn change(change: impl FnOnce(Config) -> Config) {
    ensure_started();
    collector::replace_outputs(|| {
        let mut config = CONFIG.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(old) = config.take() {
            *config = Some(Arc::new(change(old.as_ref().clone())));
        }
        VERSION.fetch_add(1, Ordering::AcqRel);
    });
    callsite::decide_all();
}

/// A ring for the calling thread: one that another thread left, or a new one. `None` when there are [`RINGS_MAX`], or no
/// memory.
pub(crate) fn take_producer() -> Option<Producer> {
    worker::ensure_running();
    let mut rings = lock(&RINGS);
    let mut producer = match rings.free.pop() {
        Some(producer) => producer,
        None if rings.count >= RINGS_MAX => return None,
        None => {
            let (producer, consumer) = new_ring(rings.count, rings.bytes).ok()?;
            rings.count += 1;
            rings.arrivals.push(consumer);
            producer
        }
    };
    producer.adopt();
    Some(producer)
}

fn new_ring(index: usize, bytes: usize) -> io::Result<(Producer, Consumer)> {
    let name = format!("ring-{index}");
    let shared = black_box::backing();
    let private = |_| ring::create(&Backing::Private, &name, bytes);
    ring::create(&shared, &name, bytes).or_else(|error| match shared {
        Backing::Directory(_) => {
            black_box::report_once(&error);
            ring::create(&Backing::Memfd, &name, bytes).or_else(private)
        }
        _ => private(error),
    })
}

/// Takes a ring back from a thread that ends. What is in it will be read; the next thread goes on behind it.
pub(crate) fn give_back(producer: Producer) {
    lock(&RINGS).free.push(producer);
}

/// Reading ends of rings made since the last call.
pub(crate) fn arrivals() -> Vec<Consumer> {
    std::mem::take(&mut lock(&RINGS).arrivals)
}

/// Writes out what has been emitted so far, by all threads, and hands it to the operating system.
///
/// Returns how many events are still waiting when `timeout` is over: zero means that all are written or counted as lost.
/// While a sink keeps its writer waiting, that number is made up from counters, and events that other threads emit just then may
/// be in it or not. Called by itself when the process leaves `main`, calls `exit` or panics.
///
/// Cost: blocks up to `timeout`, which may be [`Duration::MAX`].
///
/// ```
/// trine::info!("user_login", user_id = 7);
/// assert_eq!(trine::flush(std::time::Duration::from_secs(5)), 0);
/// ```
pub fn flush(timeout: Duration) -> u64 {
    batch::flush_all();
    let now = Instant::now();
    // `Duration::MAX` is no time that a clock can hold.
    collector::flush(now.checked_add(timeout).unwrap_or(now + FOREVER))
}

/// Holds everything still over a fork.
pub(crate) fn hold_for_fork() -> Box<dyn Any> {
    Box::new((lock(&RINGS), CONFIG.write().unwrap_or_else(|poisoned| poisoned.into_inner())))
}

/// In the child of a fork: rings of threads that are not here are the parent's.
pub(crate) fn forget_rings() {
    let mut rings = lock(&RINGS);
    rings.free.clear();
    rings.arrivals.clear();
    rings.count = 0;
}

/// Level of Trine's own events.
pub(crate) const SELF_LEVEL: Level = Level::Warning;

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;

    /// Looks at what another thread does, in which it has the time to do it.
    const LOOKS: usize = 1_000;

    #[test]
    fn an_event_amid_the_programs_own_start_starts_no_default() {
        for _ in 0..100 {
            let (starts, meeting, ran) = (Starts::new(), Barrier::new(2), Mutex::new(Vec::new()));
            thread::scope(|scope| {
                scope.spawn(|| {
                    meeting.wait();
                    starts.ensure(|| lock(&ran).push("default"));
                });
                starts.run(|| {
                    meeting.wait();
                    // Without a lock the other thread sees that nothing has started, and starts the default.
                    (0..LOOKS).take_while(|_| lock(&ran).is_empty()).for_each(|_| thread::yield_now());
                    lock(&ran).push("program");
                    starts.is_started.store(true, Ordering::Release);
                });
            });
            assert_eq!(*lock(&ran), ["program"]);
        }
    }

    #[test]
    fn an_event_within_a_start_does_not_wait_for_it() {
        let (starts, ran) = (Starts::new(), Mutex::new(Vec::new()));
        starts.run(|| {
            starts.ensure(|| lock(&ran).push("default"));
            lock(&ran).push("program");
        });
        assert_eq!(*lock(&ran), ["default", "program"]);
        assert!(!IS_STARTING.get());
    }
}
