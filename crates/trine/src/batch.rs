//! Batches: many small events in one `events_batch`.
//!
//! ```
//! use trine::{Batcher, assert_event, batch};
//! let captured = trine::testing::capture();
//!
//! let items = Batcher::new(100);
//! for item_id in 1..=3 {
//!     batch!(items, "item_processed", item_id, status = "success");
//! }
//! items.flush();
//! assert_event!(captured, "events_batch", event_count = 3);
//! ```

mod pending;

use std::{
    any::Any,
    fmt,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use trine_model::Level;
use trine_ring::Arg;

use self::pending::{Batch, Limits, Pending};
use crate::{Logger, callsite::Callsite, emit, lock, options::Options, pipeline, worker};

/// Longest that an event waits in a batch where nothing is said.
pub const DEFAULT_BATCH_AGE: Duration = Duration::from_secs(1);
/// Memory for the events of one batch where nothing is said. Bytes; some three hundred events of ordinary size.
pub const DEFAULT_BATCH_BYTES: usize = 64 << 10;

/// Batchers share locks, so that few batchers rarely wait for each other and a fork finds all of them.
const SHARDS: usize = 16;

static PENDING: [Mutex<Vec<Pending>>; SHARDS] = [const { Mutex::new(Vec::new()) }; SHARDS];
/// Batchers made so far: the next one's number.
static MADE: AtomicUsize = AtomicUsize::new(0);
/// Batches in which events wait.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Gathers events, and emits them as one `events_batch`: when there are as many as were said, when the oldest has waited too
/// long, when they are too large, on [`Batcher::flush`], when it is dropped, and when the process ends or panics.
///
/// Events are added by [`batch!`](macro@crate::batch), from any thread. Each keeps its own time, and the fields of the scope in which it
/// was added; each counts under its own name. See `docs/batches.md`.
///
/// ```
/// use trine::{Batcher, batch};
/// use std::time::Duration;
/// # let captured = trine::testing::capture();
/// let items = Batcher::new(100).max_age(Duration::from_millis(200)).max_bytes(16 << 10);
/// std::thread::scope(|threads| {
///     threads.spawn(|| batch!(items, "item_processed", item_id = 1));
/// });
/// drop(items);
/// # assert_eq!(captured.names(), ["events_batch"]);
/// ```
///
/// Cost: an event is encoded as for a ring, and copied under a lock. **What waits in a batch is lost by `kill -9`**; what was
/// emitted by itself is not.
pub struct Batcher {
    number: usize,
    limits: Limits,
}

impl Batcher {
    /// Emits a batch whenever it has this many events; zero is taken for one.
    #[must_use = "events are added by `batch!(batcher, \"domain_action_status\", ...)`"]
    pub fn new(events_max: usize) -> Batcher {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        lock(shard(number)).push(Pending::new(number));
        let limits = Limits { events: events_max.max(1), age: DEFAULT_BATCH_AGE, bytes: DEFAULT_BATCH_BYTES };
        Batcher { number, limits }
    }

    /// Emits a batch when its oldest event has waited for so long. Default [`DEFAULT_BATCH_AGE`].
    ///
    /// The worker looks after its naps, so at most a second later; without a worker
    /// ([`Delivery::Inline`](crate::Delivery::Inline)) whoever adds the next event does.
    #[must_use = "this is the batcher"]
    pub fn max_age(mut self, age: Duration) -> Batcher {
        self.limits.age = age;
        self
    }

    /// Emits a batch when its events take so many bytes, encoded. Default [`DEFAULT_BATCH_BYTES`].
    #[must_use = "this is the batcher"]
    pub fn max_bytes(mut self, bytes: usize) -> Batcher {
        self.limits.bytes = bytes;
        self
    }

    /// Emits what waits, as one `events_batch` with `event_count` and `events`; nothing when nothing waits.
    pub fn flush(&self) {
        let batch = self.pending(|pending| pending.take());
        batch.flatten().into_iter().for_each(emit_batch);
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.pending(|pending| pending.len()).unwrap_or(0)
    }

    /// True when no event waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add(&self, site: &'static Callsite, record: &[u8], now: Instant) {
        // Two at most: those before an event for which there is no room, and that event.
        let due = self.pending(|pending| {
            let before = if pending.has_room(record.len(), &self.limits) { None } else { pending.take() };
            pending.add(site, record, now, &self.limits);
            let full = if pending.is_due(now) { pending.take() } else { None };
            ([before, full], pending.len() == 1)
        });
        let Some((due, is_first)) = due else { return };
        if is_first && pipeline::flags() & pipeline::FLAG_INLINE == 0 {
            // Nothing may be in any ring yet, and somebody has to watch the age.
            worker::ensure_running();
        }
        due.into_iter().flatten().for_each(emit_batch);
    }

    fn pending<T>(&self, f: impl FnOnce(&mut Pending) -> T) -> Option<T> {
        lock(shard(self.number)).iter_mut().find(|pending| pending.number == self.number).map(f)
    }
}

/// Emits what waits.
impl Drop for Batcher {
    fn drop(&mut self) {
        self.flush();
        lock(shard(self.number)).retain(|pending| pending.number != self.number);
    }
}

impl fmt::Debug for Batcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batcher({} of {} events)", self.len(), self.limits.events)
    }
}

fn shard(number: usize) -> &'static Mutex<Vec<Pending>> {
    &PENDING[number % SHARDS]
}

/// Adds an event. What `batch!` calls when the callsite is on.
#[doc(hidden)]
pub fn batch(batcher: &Batcher, site: &'static Callsite, logger: Option<&Logger>, args: &[Arg<'_>]) {
    if !site.is_wanted() && !emit::is_capturing() {
        // No output wants it; it is on because the scope holds such events.
        return emit::emit_with(site, logger, Options::new(), args);
    }
    emit::with_record(site, logger, args, |record| batcher.add(site, record, Instant::now()));
}

/// Emits a batch; where no output wants `events_batch`, its events by themselves.
fn emit_batch(batch: Batch) {
    static SITE: Callsite = Callsite::new(
        "events_batch",
        Level::Info,
        (module_path!(), file!(), line!()),
        &["event_count", "events"],
    );
    // Its events have their contexts already; and those of a test belong to the test, whoever emits them.
    let scope = emit::set_scope(Logger::new());
    let capture = batch.capture().map(|capture| emit::set_capture(Some(capture.clone())));
    if SITE.is_on() {
        emit::emit_masked(&SITE, &[Arg::U64(batch.len() as u64), Arg::Dyn(&batch.events())]);
    } else {
        batch.records().for_each(|(site, record)| emit::send_now(site, record));
    }
    if let Some(capture) = capture {
        emit::set_capture(capture);
    }
    emit::set_scope(scope);
}

/// Emits the batches whose oldest event has waited long enough. Called by the worker between its passes.
#[inline]
pub(crate) fn tick() {
    if WAITING.load(Ordering::Relaxed) > 0 {
        emit_those(Instant::now());
    }
}

/// Emits all that waits in any batch.
pub(crate) fn flush_all() {
    if WAITING.load(Ordering::Relaxed) > 0 {
        take_those(|_| true).into_iter().for_each(emit_batch);
    }
}

fn emit_those(now: Instant) {
    take_those(|pending| pending.is_due(now)).into_iter().for_each(emit_batch);
}

fn take_those(is_wanted: impl Fn(&Pending) -> bool) -> Vec<Batch> {
    let mut batches = Vec::new();
    for shard in &PENDING {
        batches.extend(lock(shard).iter_mut().filter(|pending| is_wanted(pending)).filter_map(Pending::take));
    }
    batches
}

/// When the worker should look again at the latest, if anything waits.
pub(crate) fn next_due(now: Instant) -> Option<Duration> {
    if WAITING.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let due = PENDING.iter().filter_map(|shard| lock(shard).iter().filter_map(Pending::due).min()).min();
    due.map(|due| due.saturating_duration_since(now))
}

/// Holds all batches still over a fork.
pub(crate) fn hold_for_fork() -> Box<dyn Any> {
    let guards: Vec<MutexGuard<'static, Vec<Pending>>> = PENDING.iter().map(lock).collect();
    Box::new(guards)
}

/// In the child of a fork: what waits is the parent's to emit.
pub(crate) fn forget() {
    for shard in &PENDING {
        lock(shard).iter_mut().for_each(|pending| drop(pending.take()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_batch_is_emitted_when_its_oldest_event_is_old_enough() {
        let captured = testing::capture();
        // Longer than the other test's: they share what waits.
        let age = Duration::from_secs(2 * 3600);
        let batcher = Batcher::new(100).max_age(age);
        let before = Instant::now();
        crate::batch!(batcher, "item_age_counted", item_id = 1);
        let after = Instant::now();
        assert!(next_due(after).is_some_and(|due| due <= age));

        emit_those(before + age - Duration::from_nanos(1));
        assert_eq!((captured.names().len(), batcher.len()), (0, 1));
        crate::batch!(batcher, "item_age_counted", item_id = 2);
        emit_those(after + age);
        assert_eq!((captured.names(), batcher.len()), (vec!["events_batch"], 0));
    }

    #[test]
    fn what_waits_holds_no_secret() {
        let captured = testing::capture();
        // The other tests emit what waits and is old enough, in hours from now.
        let batcher = Batcher::new(100).max_age(Duration::MAX);
        let headers = std::collections::BTreeMap::from([("cookie", "hush")]);
        crate::batch!(batcher, "item_mask_counted", password = "hush", pin_code = 4711, seen = "beside");
        crate::batch!(batcher, "item_mask_counted", note = "api_key=hush");
        crate::batch!(batcher, "item_mask_counted", shown = %"token=hush");
        let log = crate::bind!(secret = "hush");
        crate::batch!(batcher, log, "item_mask_counted", headers, list = ["pwd=hush"]);
        let records = batcher.pending(|pending| pending.take()).flatten().expect("four wait");
        let bytes: Vec<u8> = records.records().flat_map(|(_, record)| record.to_vec()).collect();
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(holds(b"beside") && !holds(b"hush") && !holds(&4711_i64.to_le_bytes()));
        emit_batch(records);
        let events = format!("{:?}", captured.events());
        assert!(events.matches("***").count() == 7 && !events.contains("hush"), "{events}");
    }

    #[test]
    fn an_age_that_no_clock_reaches_is_never() {
        let captured = testing::capture();
        let batcher = Batcher::new(100).max_age(Duration::MAX);
        crate::batch!(batcher, "item_age_counted", item_id = 1);
        emit_those(Instant::now() + Duration::from_secs(3600));
        assert_eq!((captured.names().len(), batcher.len()), (0, 1));
    }
}
