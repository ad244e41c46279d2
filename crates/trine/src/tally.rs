//! How many events of each name there were: counted by the thread that emits, added up by whoever asks.
//!
//! A thread has a row of counters, one per callsite, that nobody else writes: counting is a load, an addition and a store, without a
//! locked instruction, and threads share no cache line. Rows are never freed: a thread that ends leaves its row, counts
//! included, to the next one.
//!
//! **Invariant:** the locks here are taken behind all others, and nothing is called under them.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    callsite::{self, Callsite},
    emit, lock,
};

/// Callsites for which a thread has a counter of its own: 8 KiB per thread. A large service has some hundred callsites that
/// emit; those beyond count on one counter that all threads share.
pub(crate) const SITES_OWN: usize = 1_024;

static KEPT: Mutex<Rows> = Mutex::new(Rows::new());
static SAMPLED_OUT: Mutex<Rows> = Mutex::new(Rows::new());
/// Counters, one to a row, of events that were counted and are not in a ring: modulo 2^64, for another thread may put into its
/// ring what this one has counted.
static ASIDE: Mutex<Rows> = Mutex::new(Rows::new());
/// As [`ASIDE`], of threads that are ending.
static ASIDE_SHARED: AtomicU64 = AtomicU64::new(0);
/// Names with dots in the spelling with `_`, so that they are leaked once.
static SPELLINGS: Mutex<BTreeMap<&'static str, &'static str>> = Mutex::new(BTreeMap::new());

/// Numbers of a row of [`ASIDE`], of which the first is used: threads share no cache line.
const ASIDE_LEN: usize = 16;

/// A counter per callsite, by number less one.
type Row = &'static [AtomicU64];

/// As many as there ever were threads that emitted at the same time.
#[derive(Debug)]
struct Rows {
    all: Vec<Row>,
    free: Vec<Row>,
}

impl Rows {
    const fn new() -> Rows {
        Rows { all: Vec::new(), free: Vec::new() }
    }

    fn take<const LEN: usize>(&mut self) -> Row {
        self.free.pop().unwrap_or_else(|| {
            let row: Row = Box::leak(Box::new([const { AtomicU64::new(0) }; LEN]));
            self.all.push(row);
            row
        })
    }

    fn reset(&mut self) {
        self.all.iter().copied().flatten().for_each(|counter| counter.store(0, Ordering::Relaxed));
        self.free.clone_from(&self.all);
    }
}

/// The rows of one thread; empty until it needs them.
#[derive(Debug)]
pub(crate) struct Tally {
    kept: Row,
    sampled_out: Row,
    aside: Row,
}

impl Tally {
    pub(crate) const fn new() -> Tally {
        Tally { kept: &[], sampled_out: &[], aside: &[] }
    }

    /// Counts an event. False when the thread has no counter for it: see [`Tally::provide`].
    #[inline(always)]
    pub(crate) fn count(&self, site: &Callsite) -> bool {
        add_one(self.kept, site)
    }

    /// Counts an event that sampling left out. False when the thread has no counter for it.
    #[inline(always)]
    fn count_sampled_out(&self, site: &Callsite) -> bool {
        add_one(self.sampled_out, site)
    }

    /// Takes a row unless there is one.
    #[inline]
    pub(crate) fn provide(&mut self) {
        if self.kept.is_empty() {
            self.kept = take::<SITES_OWN>(&KEPT);
            self.aside = take::<ASIDE_LEN>(&ASIDE);
        }
    }

    /// As [`Tally::provide`], for what sampling leaves out.
    fn provide_sampled_out(&mut self) {
        if self.sampled_out.is_empty() {
            self.sampled_out = take::<SITES_OWN>(&SAMPLED_OUT);
        }
    }

    /// An event that was counted goes another way than into the ring, at least for now.
    pub(crate) fn set_aside(&self) {
        self.add_aside(1);
    }

    /// An event that was set aside has gone into the ring.
    pub(crate) fn take_in(&self) {
        self.add_aside(u64::MAX);
    }

    fn add_aside(&self, n: u64) {
        match self.aside.first() {
            // Only this thread writes it.
            Some(own) => own.store(own.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed),
            None => drop(ASIDE_SHARED.fetch_add(n, Ordering::Relaxed)),
        }
    }

    /// In the child of a fork: forgets the rows without giving them back. [`reset`] does that for all threads.
    pub(crate) fn forget(&mut self) {
        (self.kept, self.sampled_out, self.aside) = (&[], &[], &[]);
    }
}

/// A thread ends: the next one goes on in its rows.
impl Drop for Tally {
    fn drop(&mut self) {
        for (row, rows) in [(self.kept, &KEPT), (self.sampled_out, &SAMPLED_OUT), (self.aside, &ASIDE)] {
            if !row.is_empty() {
                lock(rows).free.push(row);
            }
        }
    }
}

/// Apart, so that it weighs on no event but a thread's first.
#[cold]
#[inline(never)]
fn take<const LEN: usize>(rows: &Mutex<Rows>) -> Row {
    lock(rows).take::<LEN>()
}

/// An event that was counted without a tally, and is in no ring.
#[cold]
pub(crate) fn set_aside() {
    ASIDE_SHARED.fetch_add(1, Ordering::Relaxed);
}

/// Events that were ever put into a ring: those that were counted, but for those set aside.
///
/// Cost: as [`counts`]. Events on their way meanwhile may be in it or not.
pub(crate) fn put_into_rings() -> u64 {
    let kept: u64 = by_site().iter().map(|count| count.kept).sum();
    let rows = lock(&ASIDE).all.clone();
    let own = rows.into_iter().flatten().map(|own| own.load(Ordering::Relaxed));
    let aside = own.fold(ASIDE_SHARED.load(Ordering::Relaxed), u64::wrapping_add);
    // What is being counted right now may make it one too few.
    kept.wrapping_sub(aside).cast_signed().max(0).cast_unsigned()
}

#[inline(always)]
fn add_one(row: Row, site: &Callsite) -> bool {
    match row.get(site.id().wrapping_sub(1) as usize) {
        Some(counter) => {
            // Only this thread writes it.
            counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            true
        }
        None => false,
    }
}

/// Counts an event that sampling left out: it happened, and nobody will see it.
///
/// Cost: one look at what the thread keeps, and an addition; no locked instruction.
#[inline]
pub(crate) fn count_sampled_out(site: &'static Callsite) {
    if !emit::with_tally(|tally| tally.count_sampled_out(site)).unwrap_or(false) {
        count_sampled_out_slowly(site);
    }
}

/// Counts an event as emitting it does, and does nothing else: what `bench/` measures, as what an event pays for it cannot be told
/// from the rest.
#[doc(hidden)]
#[inline]
pub fn count(site: &'static Callsite) {
    if !emit::with_tally(|tally| tally.count(site)).unwrap_or(false) {
        count_slowly(site);
    }
}

/// As an event does that is the thread's first.
#[cold]
fn count_slowly(site: &'static Callsite) {
    let is_counted = emit::with_tally(|tally| {
        tally.provide();
        tally.count(site)
    });
    if !is_counted.unwrap_or(false) {
        site.count_apart();
    }
}

#[cold]
fn count_sampled_out_slowly(site: &'static Callsite) {
    if site.id() == 0 {
        site.register();
    }
    let counted = emit::with_tally(|tally| {
        tally.provide_sampled_out();
        tally.count_sampled_out(site)
    });
    if !counted.unwrap_or(false) {
        site.apart().sampled_out.fetch_add(1, Ordering::Relaxed);
    }
}

/// The counters of a callsite that all threads share: for callsites beyond [`SITES_OWN`], and for threads that are ending.
#[derive(Debug)]
pub(crate) struct Apart {
    pub(crate) kept: AtomicU64,
    pub(crate) sampled_out: AtomicU64,
}

impl Apart {
    pub(crate) const fn new() -> Apart {
        Apart { kept: AtomicU64::new(0), sampled_out: AtomicU64::new(0) }
    }
}

/// The events of one callsite so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SiteCount {
    pub(crate) site: &'static Callsite,
    /// Emitted, whatever became of them.
    pub(crate) kept: u64,
    /// Left out by sampling.
    pub(crate) sampled_out: u64,
}

impl SiteCount {
    /// What happened, not what was kept.
    pub(crate) fn happened(&self) -> u64 {
        self.kept + self.sampled_out
    }
}

/// The events so far, by callsite.
pub(crate) fn by_site() -> Vec<SiteCount> {
    let mut sites = Vec::new();
    callsite::catch_up(&mut sites);
    let (kept, sampled_out) = (lock(&KEPT).all.clone(), lock(&SAMPLED_OUT).all.clone());
    let sum = |rows: &[Row], site: &Callsite, apart: &AtomicU64| {
        let index = site.id().wrapping_sub(1) as usize;
        let own: u64 =
            rows.iter().filter_map(|row| row.get(index)).map(|own| own.load(Ordering::Relaxed)).sum();
        own + apart.load(Ordering::Relaxed)
    };
    let count = |site: &'static Callsite| SiteCount {
        site,
        kept: sum(&kept, site, &site.apart().kept),
        sampled_out: sum(&sampled_out, site, &site.apart().sampled_out),
    };
    sites.into_iter().map(count).collect()
}

/// How many events of each name there were since the process began, all threads together.
///
/// Counts what happened: also what sampling left out, what was lost, what a test captured. Not what was off: an event that no
/// output wants costs one load and is not counted. Both spellings of a name are one entry, under the one with `_`. A name that
/// has not occurred is not in it. The child of a fork begins at zero.
///
/// Cost: for once a second, not once an event: adds up a counter per callsite and thread. Events that other threads emit
/// meanwhile may be in it or not; a thread sees all of its own.
///
/// ```
/// trine::info!("cache_hit", key = "user:1");
/// trine::info!("cache.hit", key = "user:2");
/// assert_eq!(trine::counts()["cache_hit"], 2);
/// ```
pub fn counts() -> BTreeMap<&'static str, u64> {
    let mut names = BTreeMap::new();
    for count in by_site().iter().filter(|count| count.happened() > 0) {
        *names.entry(canonical(count.site.name())).or_default() += count.happened();
    }
    names
}

/// The spelling with `_`.
pub(crate) fn canonical(name: &'static str) -> &'static str {
    if !name.contains('.') {
        return name;
    }
    lock(&SPELLINGS).entry(name).or_insert_with(|| Box::leak(name.replace('.', "_").into_boxed_str()))
}

/// Holds the rows still over a fork.
pub(crate) fn hold_for_fork() -> Box<dyn Any> {
    Box::new((lock(&KEPT), lock(&SAMPLED_OUT), lock(&ASIDE), lock(&SPELLINGS)))
}

/// In the child of a fork: what happened so far happened to the parent. The calling thread has forgotten its rows.
pub(crate) fn reset() {
    lock(&KEPT).reset();
    lock(&SAMPLED_OUT).reset();
    lock(&ASIDE).reset();
    ASIDE_SHARED.store(0, Ordering::Relaxed);
    for SiteCount { site, .. } in by_site() {
        site.apart().kept.store(0, Ordering::Relaxed);
        site.apart().sampled_out.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use trine_model::{EventName, Level};

    use super::*;
    use crate::{callsite::NamedLater, info};

    fn count_of(name: &str) -> u64 {
        counts().get(name).copied().unwrap_or(0)
    }

    #[test]
    fn eight_threads_are_counted_to_the_last_event_while_somebody_reads() {
        const EVENTS: u64 = 50_000;
        let _quiet = crate::testing::capture();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let captured = crate::testing::capture();
                        for i in 0..EVENTS {
                            info!("tally_thread_stepped", i);
                            if i % 1_000 == 0 {
                                captured.clear();
                            }
                        }
                    })
                })
                .collect();
            let mut last = 0;
            while !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
                let now = count_of("tally_thread_stepped");
                assert!((last..=8 * EVENTS).contains(&now), "{now} after {last}");
                last = now;
            }
        });
        assert_eq!(count_of("tally_thread_stepped"), 8 * EVENTS);
    }

    #[test]
    fn rows_are_used_again_and_keep_what_ended_threads_counted() {
        let rows = || lock(&KEPT).all.len();
        let emit = || thread::spawn(|| info!("tally_row_reused")).join().unwrap();
        emit();
        let before = rows();
        (0..100).for_each(|_| emit());
        // Tests beside this one have threads, too; a row per thread would be a hundred more.
        assert!(rows() < before + 50, "{} rows after {before}", rows());
        assert_eq!(count_of("tally_row_reused"), 101);
    }

    #[test]
    fn counting_alone_counts() {
        static SITES: NamedLater = NamedLater::new(("here", "here.rs", 1), &[]);
        let site = SITES.named(EventName::literal("tally_alone_counted"), Level::Info);
        assert!(site.is_on());
        (0..3).for_each(|_| count(site));
        assert_eq!(count_of("tally_alone_counted"), 3);
    }

    #[test]
    fn both_spellings_are_one_entry() {
        info!("tally.both_spellings.seen");
        info!("tally_both_spellings_seen");
        assert_eq!(count_of("tally_both_spellings_seen"), 2);
        assert!(!counts().contains_key("tally.both_spellings.seen"));
    }

    #[test]
    fn an_event_that_is_off_is_not_counted() {
        crate::trace!("tally_trace_off");
        assert_eq!(count_of("tally_trace_off"), 0);
    }

    #[test]
    fn what_sampling_left_out_has_happened() {
        static SITES: NamedLater = NamedLater::new(("here", "here.rs", 1), &[]);
        let site = SITES.named(EventName::literal("tally_sample_dropped"), Level::Info);
        assert!(site.is_on());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| count_sampled_out(site)));
            }
        });
        emit::emit(site, &[]);
        let count = by_site().into_iter().find(|count| std::ptr::eq(count.site, site)).unwrap();
        assert_eq!((count.kept, count.sampled_out), (1, 4_000));
        assert_eq!(count_of("tally_sample_dropped"), 4_001);
    }

    #[test]
    fn callsites_beyond_the_row_are_counted_by_all_threads_together() {
        static SITES: NamedLater = NamedLater::new(("here", "here.rs", 1), &[]);
        let all: Vec<_> = (0..SITES_OWN + 10)
            .map(|i| SITES.named(EventName::intern(&format!("tally_many_n{i}")).unwrap(), Level::Info))
            .collect();
        assert!(all.iter().all(|site| site.is_on()));
        let beyond: Vec<_> = all.iter().filter(|site| site.id() as usize > SITES_OWN).collect();
        assert!(beyond.len() >= 10);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| beyond.iter().for_each(|site| emit::emit(site, &[]))));
            }
        });
        for site in beyond {
            assert_eq!(count_of(site.name()), 400);
            assert_eq!(site.apart().kept.load(Ordering::Relaxed), 400);
            count_sampled_out(site);
            assert_eq!(count_of(site.name()), 401);
        }
    }
}
