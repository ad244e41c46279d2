//! What is known of an event before it happens: one static per macro use.

use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, OnceLock, RwLock,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
};

use trine_model::{EventName, Level, NameParts, Role, key};
use trine_ring::{CallsiteTable, Descriptor};

use crate::{
    black_box, emit, lock,
    pipeline::{self, Judgement},
    sample::{self, Sample, SampleState},
    tally::Apart,
};

/// Nobody asked yet whether the callsite is on.
const STATE_UNKNOWN: u8 = 0;
/// No output wants it.
const STATE_OFF: u8 = 1;
/// Some output wants it.
const STATE_ON: u8 = 2;
/// It depends on the thread: some thread captures events, or holds those that no output wants.
const STATE_ASK: u8 = 3;

/// Rules sample its events.
pub(crate) const NEEDS_SAMPLING: u8 = 1;
/// A key of its is named by the masks.
pub(crate) const NEEDS_MASKING: u8 = 2;

/// Lowest level of the events that a scope holds. Trace events are too many to be kept for the case of a failure.
const HELD_LEVEL_MIN: Level = Level::Debug;

/// A static description of one macro use: name, level, place, keys; and whether it is on.
///
/// Made by the macros. Its state is a single byte, so that a disabled event costs one relaxed load and a branch. On cache lines of its
/// own: what the linker puts beside it may be what another thread writes.
#[derive(Debug)]
#[repr(align(64))]
pub struct Callsite {
    state: AtomicU8,
    id: AtomicU32,
    lost: AtomicU64,
    apart: Apart,
    name: &'static str,
    level: Level,
    module: &'static str,
    file: &'static str,
    line: u32,
    keys: &'static [&'static str],
    key_mask: u64,
    /// What is special about its events: see [`Callsite::needs`].
    needs: AtomicU8,
    /// Some output wants it, whatever a thread captures or holds.
    is_wanted: AtomicBool,
    /// Its events let out what a scope holds: see [`hold`](crate::hold).
    releases: AtomicBool,
    /// The way in which rules sample its events, by number; zero without a rule.
    sample_rule: AtomicU32,
    sample_state: SampleState,
    /// The same event with its keys in the record: see [`Callsite::without_keys`].
    without_keys: OnceLock<&'static Callsite>,
}

impl Callsite {
    /// Checks the name and the keys; in a static initialiser a mistake is a compile error.
    #[doc(hidden)]
    #[track_caller]
    pub const fn new(
        name: &'static str,
        level: Level,
        (module, file, line): (&'static str, &'static str, u32),
        keys: &'static [&'static str],
    ) -> Callsite {
        let _ = EventName::literal(name);
        Callsite::unchecked(name, level, (module, file, line), keys)
    }

    /// As [`Callsite::new`], for a name that is known to be one.
    #[track_caller]
    const fn unchecked(
        name: &'static str,
        level: Level,
        (module, file, line): (&'static str, &'static str, u32),
        keys: &'static [&'static str],
    ) -> Callsite {
        Callsite {
            state: AtomicU8::new(STATE_UNKNOWN),
            id: AtomicU32::new(0),
            lost: AtomicU64::new(0),
            apart: Apart::new(),
            name,
            level,
            module,
            file,
            line,
            keys,
            // Judges the keys as well: reserved, empty and double ones are compile errors.
            key_mask: key::mask(keys),
            needs: AtomicU8::new(0),
            is_wanted: AtomicBool::new(false),
            releases: AtomicBool::new(false),
            sample_rule: AtomicU32::new(0),
            sample_state: SampleState::new(),
            without_keys: OnceLock::new(),
        }
    }

    /// A callsite of another process: `id` and the number behind it are its own among those of that process. Neither counted nor
    /// registered here.
    pub(crate) fn recovered(site: &Descriptor<'_>, id: u32) -> &'static Callsite {
        fn leak(text: &str) -> &'static str {
            Box::leak(text.into())
        }
        let name = leak(site.name);
        let place = (leak(site.module), leak(site.file), site.line);
        let make = |keys, id| -> &'static Callsite {
            let site = Callsite::unchecked(name, site.level, place, keys);
            site.id.store(id, Ordering::Relaxed);
            Box::leak(Box::new(site))
        };
        let keys: Vec<&'static str> = site.keys.iter().map(|key| leak(key)).collect();
        let whole = make(Box::leak(keys.into_boxed_slice()), id);
        let _ = whole.without_keys.set(make(&[], id + 1));
        whole
    }

    /// One callsite per level, for `event!`, whose level is known at run time only.
    #[doc(hidden)]
    #[track_caller]
    pub const fn of_every_level(
        name: &'static str,
        place: (&'static str, &'static str, u32),
        keys: &'static [&'static str],
    ) -> [Callsite; 6] {
        [
            Callsite::new(name, Level::Trace, place, keys),
            Callsite::new(name, Level::Debug, place, keys),
            Callsite::new(name, Level::Info, place, keys),
            Callsite::new(name, Level::Warning, place, keys),
            Callsite::new(name, Level::Error, place, keys),
            Callsite::new(name, Level::Critical, place, keys),
        ]
    }

    /// True when an event made here goes anywhere.
    ///
    /// Cost: one relaxed load and a branch, once the callsite is known.
    #[doc(hidden)]
    #[inline(always)]
    pub fn is_on(&'static self) -> bool {
        match self.state.load(Ordering::Relaxed) {
            STATE_OFF => false,
            STATE_ON => true,
            _ => self.ask(),
        }
    }

    #[cold]
    fn ask(&'static self) -> bool {
        if self.state.load(Ordering::Relaxed) == STATE_UNKNOWN {
            self.register();
        }
        match self.state.load(Ordering::Relaxed) {
            STATE_ON => true,
            STATE_ASK => {
                self.is_wanted()
                    || emit::is_capturing()
                    || (self.level >= HELD_LEVEL_MIN && emit::is_holding())
            }
            _ => false,
        }
    }

    /// The event's name, exactly as written.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The event's level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Path of the module that emits it.
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// Source file.
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// Line in the source file.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Keys of the fields written at the callsite, in order.
    pub fn keys(&self) -> &'static [&'static str] {
        self.keys
    }

    /// Number of the callsite in this process; zero before its first event.
    #[inline]
    pub(crate) fn id(&self) -> u32 {
        self.id.load(Ordering::Relaxed)
    }

    /// The keys' mask, to rule out duplicates quickly: see [`trine_model::key::mask_bit`].
    #[inline]
    pub(crate) fn key_mask(&self) -> u64 {
        self.key_mask
    }

    /// What the short way of an event cannot do: a set of `NEEDS_...`, nearly always empty.
    #[inline(always)]
    pub(crate) fn needs(&self) -> u8 {
        self.needs.load(Ordering::Relaxed)
    }

    /// True when some output wants its events, whatever a thread captures or holds.
    #[inline]
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// True when its events let out what a scope holds: they say that something failed, or was slow.
    #[inline]
    pub(crate) fn releases(&self) -> bool {
        self.releases.load(Ordering::Relaxed)
    }

    /// How rules sample its events, if they do.
    #[inline]
    pub(crate) fn sample_rule(&self) -> Option<Sample> {
        sample::rule_for(self.sample_rule.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn sample_state(&self) -> &SampleState {
        &self.sample_state
    }

    /// The callsite that stands for this one's events when a stage has changed them: the same but for the keys, which then lie
    /// in the record. One per callsite, made when it is needed.
    pub(crate) fn without_keys(&'static self) -> &'static Callsite {
        self.without_keys.get_or_init(|| {
            let place = (self.module, self.file, self.line);
            let site: &'static Callsite =
                Box::leak(Box::new(Callsite::unchecked(self.name, self.level, place, &[])));
            site.register();
            site
        })
    }

    /// Counts an event that was lost.
    #[cold]
    pub(crate) fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        LOST_TOTAL.fetch_add(1, Ordering::Relaxed);
    }

    /// Events of this callsite that were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Counts an event where the thread has no counter of its own for the callsite.
    #[cold]
    pub(crate) fn count_apart(&self) {
        self.apart.kept.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters that all threads share.
    pub(crate) fn apart(&self) -> &Apart {
        &self.apart
    }

    /// Gives the callsite a number and finds out whether it is on.
    #[cold]
    pub(crate) fn register(&'static self) {
        pipeline::ensure_started();
        let mut registry = lock(&REGISTRY);
        let registry = registry.get_or_insert_with(Registry::new);
        if self.id() == 0 {
            // Without room in the shared table only readers from outside miss the callsite.
            let id = registry.append(self);
            registry.sites.push(self);
            self.id.store(id, Ordering::Relaxed);
            let parts = NameParts::of(self.name);
            self.releases.store(parts.role() == Role::Fail || parts.status == "slow", Ordering::Relaxed);
        }
        self.decide();
    }

    fn descriptor(&self) -> Descriptor<'static> {
        Descriptor {
            name: self.name,
            level: self.level,
            module: self.module,
            file: self.file,
            line: self.line,
            keys: self.keys.to_vec(),
        }
    }

    fn decide(&self) {
        let Judgement { is_wanted, sample_rule, is_masked } = pipeline::judge(self);
        self.is_wanted.store(is_wanted, Ordering::Relaxed);
        let is_held = HOLDS.load(Ordering::Relaxed) && self.level >= HELD_LEVEL_MIN;
        let state = if CAPTURES.load(Ordering::Relaxed) > 0 || (is_held && !is_wanted) {
            STATE_ASK
        } else if is_wanted {
            STATE_ON
        } else {
            STATE_OFF
        };
        self.sample_rule.store(sample_rule, Ordering::Relaxed);
        let masking = if is_masked { NEEDS_MASKING } else { 0 };
        let sampling = if sample_rule > 0 { NEEDS_SAMPLING } else { 0 };
        self.needs.store(masking | sampling, Ordering::Relaxed);
        self.state.store(state, Ordering::Relaxed);
    }
}

/// Events lost in all.
static LOST_TOTAL: AtomicU64 = AtomicU64::new(0);
/// Threads that capture events at present.
static CAPTURES: AtomicU32 = AtomicU32::new(0);
/// Some scope has held events: from then on callsites that are off are asked.
static HOLDS: AtomicBool = AtomicBool::new(false);
static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);

#[derive(Debug)]
struct Registry {
    /// By number; the first has number one.
    sites: Vec<&'static Callsite>,
    table: CallsiteTable,
}

impl Registry {
    fn new() -> Registry {
        Registry { sites: Vec::new(), table: CallsiteTable::new(black_box::backing()) }
    }
}

impl Registry {
    /// Describes a callsite in the table; its number.
    fn append(&mut self, site: &Callsite) -> u32 {
        self.table.append(&site.descriptor()).unwrap_or_else(|error| {
            // Without room there, only readers from outside miss it.
            black_box::report_once(&error);
            self.table.count()
        })
    }
}

/// Events lost so far, of all callsites.
pub(crate) fn lost_total() -> u64 {
    LOST_TOTAL.load(Ordering::Relaxed)
}

/// Counts events that were lost after they had been rendered, when nobody knows their names any more.
#[cold]
pub(crate) fn count_lost_unnamed(events: u64) {
    LOST_TOTAL.fetch_add(events, Ordering::Relaxed);
}

/// Counts events that were lost after they had been rendered, by the names that their lines begin with. What is then left of
/// `events` has a name that nobody knows.
#[cold]
pub(crate) fn count_lost_by_name(mut names: BTreeMap<&[u8], u64>, events: u64) {
    LOST_TOTAL.fetch_add(events, Ordering::Relaxed);
    for site in lock(&REGISTRY).iter().flat_map(|registry| &registry.sites) {
        if let Some(lost) = names.remove(site.name.as_bytes()) {
            site.lost.fetch_add(lost, Ordering::Relaxed);
        }
    }
}

/// Events lost so far, by name; names of which none was lost are left out.
pub(crate) fn lost_by_name() -> BTreeMap<&'static str, u64> {
    let mut names = BTreeMap::new();
    if let Some(registry) = &*lock(&REGISTRY) {
        for site in registry.sites.iter().filter(|site| site.lost() > 0) {
            *names.entry(site.name).or_default() += site.lost();
        }
    }
    names
}

/// Asks again which callsites are on: after a change of the levels or of the outputs.
pub(crate) fn decide_all() {
    if let Some(registry) = &*lock(&REGISTRY) {
        registry.sites.iter().for_each(|site| site.decide());
    }
}

/// A thread begins (`true`) or ends to capture: callsites that are off must be asked while any does.
pub(crate) fn count_capture(begins: bool) {
    // Counted under the registry's lock, so that a callsite that registers meanwhile sees the right count.
    let registry = lock(&REGISTRY);
    if begins {
        CAPTURES.fetch_add(1, Ordering::Relaxed);
    } else {
        CAPTURES.fetch_sub(1, Ordering::Relaxed);
    }
    if let Some(registry) = &*registry {
        registry.sites.iter().for_each(|site| site.decide());
    }
}

/// A scope begins to hold events. The first one of the process has all callsites that are off be asked, from then on: to
/// judge them anew for each scope would cost more than the nanoseconds of asking.
pub(crate) fn begin_to_hold() {
    if HOLDS.load(Ordering::Relaxed) {
        return;
    }
    let registry = lock(&REGISTRY);
    HOLDS.store(true, Ordering::Relaxed);
    if let Some(registry) = &*registry {
        registry.sites.iter().for_each(|site| site.decide());
    }
}

/// Copies the callsites that `known` does not have yet.
pub(crate) fn catch_up(known: &mut Vec<&'static Callsite>) {
    if let Some(registry) = &*lock(&REGISTRY) {
        known.extend_from_slice(&registry.sites[known.len().min(registry.sites.len())..]);
    }
}

/// In the child of a fork: the table in shared memory is the parent's, this process needs its own.
pub(crate) fn renew_table() {
    if let Some(registry) = &mut *lock(&REGISTRY) {
        registry.table = CallsiteTable::new(black_box::backing());
        for site in registry.sites.clone() {
            registry.append(site);
        }
    }
}

/// Holds the registry still over a fork, so that the child finds it whole.
pub(crate) fn hold_for_fork() -> Box<dyn Any> {
    Box::new(lock(&REGISTRY))
}

/// The callsite of a macro use whose name is an expression: one [`Callsite`] per name and level seen.
#[doc(hidden)]
#[derive(Debug)]
pub struct NamedLater {
    place: (&'static str, &'static str, u32),
    keys: &'static [&'static str],
    /// The first name seen: the only one when the name is a constant.
    first: OnceLock<Callsite>,
    others: RwLock<Option<HashMap<(&'static str, Level), &'static Callsite>>>,
}

impl NamedLater {
    /// Checks the keys; in a static initialiser a mistake is a compile error.
    #[track_caller]
    pub const fn new(place: (&'static str, &'static str, u32), keys: &'static [&'static str]) -> NamedLater {
        key::check_keys(keys);
        NamedLater { place, keys, first: OnceLock::new(), others: RwLock::new(None) }
    }

    /// The callsite for a name. Bounded: run-time names are interned, at most [`trine_model::NAMES_COMPOSED_MAX`].
    ///
    /// Cost: a comparison when the name is always the same; else a look-up under a read lock.
    pub fn named(&'static self, name: impl Into<EventName>, level: Level) -> &'static Callsite {
        let name = name.into().as_str();
        let first = self.first.get_or_init(|| Callsite::unchecked(name, level, self.place, self.keys));
        if first.name == name && first.level == level {
            return first;
        }
        let known = self.others.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(site) = known.as_ref().and_then(|known| known.get(&(name, level))) {
            return site;
        }
        drop(known);
        let mut known = self.others.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        known
            .get_or_insert_default()
            .entry((name, level))
            .or_insert_with(|| Box::leak(Box::new(Callsite::unchecked(name, level, self.place, self.keys))))
    }
}
