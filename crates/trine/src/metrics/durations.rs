//! Durations of operations, taken out of the records that the reading side sees anyway.
//!
//! Whoever renders (the worker, a thread that delivers inline) has a [`Meter`], and in each operation's list a row of buckets
//! that only it writes; whoever asks adds the rows up. So reading waits for nobody, and nobody for a reader.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use trine_model::{NameParts, Role};
use trine_ring::{
    Arg,
    record::{Record, ValueRef},
};

use super::histogram::{BUCKETS, Histogram, bucket_of};
use crate::{callsite::Callsite, encoder::duration::unit_ns, lock};

/// Most operations with a histogram: 3.4 KiB each, per thread that renders them. The bound is for names made at run time; the
/// program's own are some hundred. Those beyond are counted, but not timed.
const OPERATIONS_TIMED_MAX: usize = 1_000;
/// The fields that say how long an operation took.
const KEYS: [&str; 5] = ["duration_ms", "duration_s", "duration_us", "duration_ns", "duration"];

static OPERATIONS: Mutex<BTreeMap<&'static str, Shards>> = Mutex::new(BTreeMap::new());

/// The rows of one operation. Never freed, but used again.
#[derive(Debug, Default)]
struct Shards {
    all: Vec<&'static Shard>,
    free: Vec<&'static Shard>,
}

/// One writer's buckets.
#[derive(Debug)]
#[repr(align(128))]
struct Shard {
    /// Bits of an `f64`: seconds.
    sum: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

impl Shard {
    fn add(&self, seconds: f64) {
        let Some(bucket) = bucket_of(seconds) else { return };
        // Only one thread at a time writes it: no locked instruction.
        let bucket = &self.buckets[bucket];
        bucket.store(bucket.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed)) + seconds;
        self.sum.store(sum.to_bits(), Ordering::Relaxed);
    }

    fn reset(&self) {
        self.sum.store(0, Ordering::Relaxed);
        self.buckets.iter().for_each(|bucket| bucket.store(0, Ordering::Relaxed));
    }
}

/// What is to be done with a callsite's records.
#[derive(Clone, Copy, Debug)]
enum Plan {
    /// Nobody looked yet.
    Unknown,
    /// It ends no operation, or does not say how long it took.
    Nothing,
    Add(Timed),
}

/// Where a callsite's records say how long an operation took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed {
    /// Which value of the call it is.
    pub(crate) index: usize,
    per_second: f64,
    shard: &'static Shard,
}

impl Timed {
    /// Adds the value that a record has at the index.
    ///
    /// Cost: some nanoseconds.
    #[inline]
    pub(crate) fn add(&self, value: Option<ValueRef<'_>>) {
        if let Some(seconds) = value.and_then(|value| seconds(value, self.per_second)) {
            self.shard.add(seconds);
        }
    }

    /// As [`Timed::add`], of a record whose values were written from `args`.
    #[inline]
    pub(crate) fn add_of(&self, record: Record<'_>, args: &[Arg<'_>]) {
        match args.get(self.index) {
            Some(Arg::F64(number)) => self.shard.add(*number / self.per_second),
            // Seen less often, or known only once it was written.
            _ => self.add(record.values().get(self.index)),
        }
    }
}

/// Takes durations out of records. Each thread that renders has its own.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// By number of the callsite.
    plans: Vec<Plan>,
    shards: BTreeMap<&'static str, &'static Shard>,
}

impl Meter {
    /// Where the callsite's records have a duration, if they do; found out once.
    #[inline]
    pub(crate) fn timed(&mut self, site: &'static Callsite) -> Option<Timed> {
        match self.plans.get(site.id() as usize) {
            Some(Plan::Nothing) => None,
            Some(Plan::Add(timed)) => Some(*timed),
            Some(Plan::Unknown) | None => self.learn(site),
        }
    }

    #[cold]
    fn learn(&mut self, site: &'static Callsite) -> Option<Timed> {
        let plan = self.plan(site);
        let id = site.id() as usize;
        if self.plans.len() <= id {
            self.plans.resize(id + 1, Plan::Unknown);
        }
        self.plans[id] = plan;
        if let Plan::Add(timed) = plan { Some(timed) } else { None }
    }

    fn plan(&mut self, site: &'static Callsite) -> Plan {
        let parts = NameParts::of(site.name());
        let Some(index) = site.keys().iter().position(|key| KEYS.contains(key)) else { return Plan::Nothing };
        if !matches!(parts.role(), Role::Ok | Role::Fail) {
            return Plan::Nothing;
        }
        let Some(shard) = self.shard(&parts.operation()) else { return Plan::Nothing };
        // A division by a whole number: 250 ms are 0.25 s, and not a digit more.
        let per_second = 1e9 / unit_ns(site.keys()[index].as_bytes());
        Plan::Add(Timed { index, per_second, shard })
    }

    /// The own row of an operation. `None` when there are too many operations.
    fn shard(&mut self, operation: &str) -> Option<&'static Shard> {
        if let Some(shard) = self.shards.get(operation) {
            return Some(shard);
        }
        let mut operations = lock(&OPERATIONS);
        let name = match operations.get_key_value(operation) {
            Some((name, _)) => *name,
            None if operations.len() >= OPERATIONS_TIMED_MAX => return None,
            None => Box::leak(operation.into()),
        };
        let shards = operations.entry(name).or_default();
        let shard = shards.free.pop().unwrap_or_else(|| {
            let buckets = [const { AtomicU64::new(0) }; BUCKETS];
            let shard: &'static Shard = Box::leak(Box::new(Shard { sum: AtomicU64::new(0), buckets }));
            shards.all.push(shard);
            shard
        });
        self.shards.insert(name, shard);
        Some(shard)
    }
}

/// The next thread goes on in its rows.
impl Drop for Meter {
    fn drop(&mut self) {
        let mut operations = lock(&OPERATIONS);
        for (name, shard) in &self.shards {
            if let Some(shards) = operations.get_mut(name) {
                shards.free.push(shard);
            }
        }
    }
}

/// A value in seconds; numbers are in the unit of the key, of which a second has so many.
#[inline(always)]
fn seconds(value: ValueRef<'_>, per_second: f64) -> Option<f64> {
    let number = match value {
        ValueRef::Duration(seconds, nanos) => return Some(seconds as f64 + f64::from(nanos) / 1e9),
        ValueRef::F64(number) => number,
        ValueRef::F32(number) => number.into(),
        ValueRef::I64(number) => number as f64,
        ValueRef::U64(number) => number as f64,
        ValueRef::I128(number) => number as f64,
        ValueRef::U128(number) => number as f64,
        _ => return None,
    };
    Some(number / per_second)
}

/// All durations so far, by operation.
pub(super) fn histograms() -> BTreeMap<&'static str, Histogram> {
    // Copied, so that the lock is not held while buckets are added up.
    let rows: Vec<_> = lock(&OPERATIONS).iter().map(|(name, shards)| (*name, shards.all.clone())).collect();
    let sum = |shards: Vec<&'static Shard>| {
        let mut histogram = Histogram::new();
        for shard in shards {
            let counts = shard.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
            histogram.add(counts, f64::from_bits(shard.sum.load(Ordering::Relaxed)));
        }
        histogram
    };
    rows.into_iter().map(|(name, shards)| (name, sum(shards))).collect()
}

/// Holds the list of operations still over a fork.
pub(crate) fn hold_for_fork() -> Box<dyn Any> {
    Box::new(lock(&OPERATIONS))
}

/// In the child of a fork: what took how long so far did so in the parent.
pub(crate) fn reset() {
    lock(&OPERATIONS).values().flat_map(|shards| &shards.all).for_each(|shard| shard.reset());
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use trine_model::{EventName, Level};
    use trine_ring::{Arg, record};

    use super::*;
    use crate::callsite::NamedLater;

    static SITES: NamedLater = NamedLater::new(("here", "here.rs", 1), &["table", "duration_ms", "rows"]);

    fn watch(meter: &mut Meter, sites: &'static NamedLater, name: &str, args: &[Arg<'_>]) {
        let site = sites.named(EventName::intern(name).unwrap(), Level::Info);
        site.is_on();
        let mut bytes = Vec::new();
        record::encode(&mut bytes, site.id(), 0, args, &[]);
        let record = Record::new(&bytes).unwrap();
        if let Some(timed) = meter.timed(site) {
            timed.add(record.values().get(timed.index));
        }
    }

    fn ms(meter: &mut Meter, name: &str, value: Arg<'_>) {
        watch(meter, &SITES, name, &[Arg::Str("users"), value, Arg::U64(9)]);
    }

    fn of(operation: &str) -> Histogram {
        histograms().remove(operation).unwrap_or_default()
    }

    #[test]
    fn the_name_and_the_key_say_what_is_a_duration() {
        let mut meter = Meter::default();
        ms(&mut meter, "metered_query_completed", Arg::F64(250.0));
        ms(&mut meter, "metered.query.failed", Arg::U64(750));
        ms(&mut meter, "metered_query_started", Arg::F64(1e6));
        ms(&mut meter, "metered_query_slow", Arg::F64(1e6));
        let query = of("metered_query");
        assert_eq!((query.count(), query.sum()), (2, 1.0));
        assert!(!histograms().keys().any(|name| name.contains("slow")));
    }

    #[test]
    fn units_come_from_the_key_and_durations_bring_their_own() {
        static US: NamedLater = NamedLater::new(("here", "here.rs", 1), &["duration_us"]);
        static PLAIN: NamedLater = NamedLater::new(("here", "here.rs", 1), &["duration"]);
        static NS: NamedLater = NamedLater::new(("here", "here.rs", 1), &["duration_ns"]);
        let mut meter = Meter::default();
        let half = Duration::from_millis(500);
        watch(&mut meter, &US, "metered_us_completed", &[Arg::I64(1_500_000)]);
        watch(&mut meter, &PLAIN, "metered_plain_completed", &[Arg::F64(1.5)]);
        watch(&mut meter, &NS, "metered_ns_completed", &[Arg::U64(1_500_000_000)]);
        watch(&mut meter, &US, "metered_duration_completed", &[Arg::Duration(&half)]);
        let sum = |operation: &str| of(operation).sum();
        assert_eq!([sum("metered_us"), sum("metered_plain"), sum("metered_ns")], [1.5, 1.5, 1.5]);
        assert_eq!(sum("metered_duration"), 0.5);
    }

    #[test]
    fn what_a_record_was_written_from_says_the_same() {
        static ALIKE: NamedLater = NamedLater::new(("here", "here.rs", 1), &["duration_ms"]);
        let mut meter = Meter::default();
        let site = ALIKE.named(EventName::intern("metered_alike_completed").unwrap(), Level::Info);
        site.is_on();
        let timed = meter.timed(site).unwrap();
        let (second, some) = (Duration::from_secs(1), Some(1_000.0));
        for arg in [
            Arg::F64(1_000.0),
            Arg::U64(1_000),
            Arg::Duration(&second),
            Arg::Dyn(&some),
            Arg::F64(f64::NAN),
            Arg::Str("1000"),
            Arg::Null,
        ] {
            let mut bytes = Vec::new();
            record::encode(&mut bytes, site.id(), 0, &[arg], &[]);
            timed.add_of(Record::new(&bytes).unwrap(), &[arg]);
        }
        assert_eq!((of("metered_alike").count(), of("metered_alike").sum()), (4, 4.0));
    }

    #[test]
    fn what_is_no_length_of_time_is_left_out() {
        let mut meter = Meter::default();
        for value in [Arg::Str("fast"), Arg::F64(f64::NAN), Arg::F64(-1.0), Arg::Bool(true), Arg::F64(1.0)] {
            ms(&mut meter, "metered_odd_completed", value);
        }
        assert_eq!(of("metered_odd").count(), 1);
    }

    #[test]
    fn threads_that_render_add_up_and_leave_their_rows_to_the_next() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut meter = Meter::default();
                    (0..500).for_each(|_| ms(&mut meter, "metered_shared_completed", Arg::F64(1_000.0)));
                });
            }
        });
        for _ in 0..20 {
            ms(&mut Meter::default(), "metered_shared_completed", Arg::F64(1_000.0));
        }
        let shared = of("metered_shared");
        assert_eq!((shared.count(), shared.sum()), (2_020, 2_020.0));
        assert!(lock(&OPERATIONS)["metered_shared"].all.len() <= 4);
    }
}
