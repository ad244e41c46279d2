//! [`EventMetrics`]: counts that speak for themselves, as events.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Instant,
};

use trine_model::{EventName, Level, NAME_BYTES_MAX, NAMES_COMPOSED_MAX, Role};
use trine_ring::Arg;

use crate::{callsite::NamedLater, emit, health, info, lock};

/// Most names of which stderr says that they are wrong; further ones would only fill it.
const COMPLAINTS_MAX: usize = 32;
/// What names are counted under once there are too many.
const OTHERS: &str = "other";

static SITES: NamedLater =
    NamedLater::new((module_path!(), file!(), line!()), &["event_count", "time_since_reset"]);

/// Counts events and says each time how many there were.
///
/// [`record`](EventMetrics::record) adds one and emits the event with `event_count` (how many since the last reset, this one
/// included) and `time_since_reset` (seconds, a float, on a clock that nobody sets). To only count, this is not needed: see
/// [`counts`](crate::counts).
///
/// Names come at run time. One that is not a name is counted under what was given, is not emitted, and is told on stderr, once.
/// At most [`NAMES_COMPOSED_MAX`] names are told apart; further ones are counted under `other`. May be shared between threads:
/// no event is missing from the counts, and each `event_count` is said once.
///
/// Cost: an event whose name is made at run time, and a short lock.
///
/// ```
/// use trine::{EventMetrics, assert_event};
/// let captured = trine::testing::capture();
///
/// let metrics = EventMetrics::new();
/// metrics.record("api_request_completed");
/// metrics.record("api_request_completed");
/// metrics.record("api_request_failed");
/// assert_event!(captured, "api_request_completed", event_count = 2);
/// assert_eq!(metrics.counts()["api_request_completed"], 2);
///
/// metrics.emit_summary();
/// let summary = &captured.named("metrics_summary")[0];
/// assert_eq!(format!("{:?}", summary.get("metrics").unwrap()),
///     r#"Map([("api_request_completed", Int(2)), ("api_request_failed", Int(1))])"#);
/// ```
#[derive(Debug)]
pub struct EventMetrics {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    counts: BTreeMap<String, u64>,
    since: Instant,
    complaints: BTreeSet<String>,
    names_max: usize,
}

impl Default for EventMetrics {
    fn default() -> EventMetrics {
        EventMetrics::new()
    }
}

impl EventMetrics {
    /// Nothing counted; time begins now.
    pub fn new() -> EventMetrics {
        EventMetrics::begun(Instant::now(), NAMES_COMPOSED_MAX)
    }

    fn begun(since: Instant, names_max: usize) -> EventMetrics {
        let state = State { counts: BTreeMap::new(), since, complaints: BTreeSet::new(), names_max };
        EventMetrics { state: Mutex::new(state) }
    }

    /// Counts an event and emits it: at `error` when its status says that something failed (`payment_process_failed`,
    /// `job_run_timed_out`: [`Role::Fail`]), else at `info`. For another level see [`EventMetrics::record_at`].
    pub fn record(&self, name: &str) {
        self.record_when(None, name, Instant::now());
    }

    /// Counts an event and emits it at a level of your choice. Counted also when the level is off.
    ///
    /// ```
    /// use trine::{EventMetrics, Level};
    /// let captured = trine::testing::capture();
    /// EventMetrics::new().record_at(Level::Debug, "cache_hit");
    /// assert_eq!(captured.events()[0].level(), Level::Debug);
    /// ```
    pub fn record_at(&self, level: Level, name: &str) {
        self.record_when(Some(level), name, Instant::now());
    }

    fn record_when(&self, level: Option<Level>, name: &str, now: Instant) {
        let found = EventName::intern(name);
        let key = match &found {
            Ok(name) => name.canonical().into_owned(),
            Err(_) => beginning(name).to_owned(),
        };
        let (count, since, complains) = lock(&self.state).count(key, found.is_err(), now);
        match found {
            Ok(name) => {
                let fails = name.role() == Role::Fail;
                let level = level.unwrap_or(if fails { Level::Error } else { Level::Info });
                let site = SITES.named(name, level);
                if site.is_on() {
                    emit::emit(site, &[Arg::U64(count), Arg::F64(since)]);
                }
            }
            Err(error) if complains => health::report(format_args!(
                "EventMetrics::record: {error}; it is counted as it was given, and not emitted"
            )),
            Err(_) => {}
        }
    }

    /// How many of each name since the last reset. Both spellings of a name are one entry, under the one with `_`.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        lock(&self.state).counts.clone()
    }

    /// Begins anew: no counts, and time begins now.
    pub fn reset(&self) {
        self.reset_when(Instant::now());
    }

    fn reset_when(&self, now: Instant) {
        let mut state = lock(&self.state);
        state.counts.clear();
        state.since = now;
    }

    /// Emits `metrics_summary` at `info`, with the counts as the field `metrics`: a map from name to count.
    pub fn emit_summary(&self) {
        info!("metrics_summary", metrics = self.counts());
    }
}

impl State {
    /// Counts one. Returns how many there are, the seconds since the reset, and whether a wrong name is to be told.
    fn count(&mut self, key: String, is_wrong: bool, now: Instant) -> (u64, f64, bool) {
        let complains =
            is_wrong && self.complaints.len() < COMPLAINTS_MAX && self.complaints.insert(key.clone());
        let has_room = self.counts.len() < self.names_max || self.counts.contains_key(&key);
        let count = self.counts.entry(if has_room { key } else { OTHERS.to_owned() }).or_default();
        *count += 1;
        (*count, now.saturating_duration_since(self.since).as_secs_f64(), complains)
    }
}

/// As much of a text as a name may have.
fn beginning(text: &str) -> &str {
    let end = (0..=NAME_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::*;
    use crate::{event::OwnedValue, testing};

    #[test]
    fn each_event_says_its_count_and_the_time_since_the_reset() {
        let captured = testing::capture();
        let begin = Instant::now();
        let metrics = EventMetrics::begun(begin, 10);
        let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
        metrics.record_when(None, "cart_fill_completed", at(0.25));
        metrics.record_when(None, "cart.fill.completed", at(1.5));
        metrics.reset_when(at(2.0));
        metrics.record_when(None, "cart_fill_completed", at(5.0));
        // A clock that seems to run backwards between two threads is no negative time.
        metrics.record_when(None, "cart_fill_completed", at(1.0));
        let said: Vec<_> = captured
            .events()
            .iter()
            .map(|event| {
                ["event_count", "time_since_reset"].map(|key| event.get(key).unwrap().as_f64().unwrap())
            })
            .collect();
        assert_eq!(said, [[1.0, 0.25], [2.0, 1.5], [1.0, 3.0], [2.0, 0.0]]);
        assert_eq!(metrics.counts(), BTreeMap::from([("cart_fill_completed".to_owned(), 2)]));
        assert!(matches!(captured.events()[0].get("time_since_reset"), Some(OwnedValue::Float(_))));
    }

    #[test]
    fn a_status_that_fails_is_an_error_unless_a_level_is_given() {
        let captured = testing::capture();
        let metrics = EventMetrics::new();
        metrics.record("cart_fill_failed");
        metrics.record("cart_fill_timed_out");
        metrics.record("cart_fill_started");
        metrics.record_at(Level::Warning, "cart_fill_failed");
        let levels: Vec<_> = captured.events().iter().map(|event| event.level()).collect();
        assert_eq!(levels, [Level::Error, Level::Error, Level::Info, Level::Warning]);
    }

    #[test]
    fn what_is_not_a_name_is_counted_and_not_emitted() {
        let captured = testing::capture();
        let metrics = EventMetrics::new();
        let long = "ü".repeat(10_000);
        for name in ["Cart-Filled", "Cart-Filled", "", "one", &long, "cart_fill_completed"] {
            metrics.record(name);
        }
        assert_eq!(captured.names(), ["cart_fill_completed"]);
        let counts = metrics.counts();
        assert_eq!((counts["Cart-Filled"], counts[""], counts["one"]), (2, 1, 1));
        assert!(counts.keys().all(|key| key.len() <= NAME_BYTES_MAX));
    }

    #[test]
    fn a_wrong_name_is_told_once_and_no_flood_of_them_fills_stderr() {
        let now = Instant::now();
        let metrics = EventMetrics::begun(now, usize::MAX);
        let mut state = lock(&metrics.state);
        let told: Vec<bool> =
            (0..200).map(|i| state.count(format!("Wrong {}", i / 2), true, now).2).collect();
        assert_eq!(told.iter().filter(|told| **told).count(), COMPLAINTS_MAX);
        assert_eq!(told[..4], [true, false, true, false]);
    }

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let _captured = testing::capture();
        let metrics = EventMetrics::begun(Instant::now(), 2);
        for name in ["bound_a_seen", "bound_b_seen", "bound_c_seen", "bound_a_seen", "bound_d_seen"] {
            metrics.record(name);
        }
        let counts: Vec<_> = metrics.counts().into_iter().collect();
        let expected = [("bound_a_seen", 2), ("bound_b_seen", 1), ("other", 2)];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
    }

    #[test]
    fn threads_that_share_it_miss_no_event_and_say_each_count_once() {
        let captured = testing::capture();
        let metrics = EventMetrics::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let handle = captured.handle();
                let metrics = &metrics;
                scope.spawn(move || {
                    let _attached = handle.attach();
                    (0..250).for_each(|_| metrics.record("cart_share_completed"));
                });
            }
        });
        assert_eq!(metrics.counts()["cart_share_completed"], 1_000);
        let said: BTreeSet<_> = captured
            .events()
            .iter()
            .map(|event| event.get("event_count").unwrap().as_i64().unwrap())
            .collect();
        assert_eq!(said, (1..=1_000).collect());
    }
}
