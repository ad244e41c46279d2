//! What came of it: a row per operation, and the starts and ends that stayed alone.

use std::collections::BTreeMap;

use super::{Fate, Seen, Settings, Side, operation::Operation};
use crate::{scan::time::SECOND_NS, weight::Weight};

/// So many runs teach how long one may take: with fewer, only a deadline says that one is stuck.
pub const STUCK_RUNS_MIN: u64 = 10;
/// The share of the runs that are shorter than the longest that are not yet strange.
const STUCK_SHARE: f64 = 0.999;
/// Starts and ends without their other side that are listed, the oldest of each operation.
pub const LONE_MAX: usize = 10_000;

/// What the operations of a log did.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// An operation each, those with most runs first.
    pub rows: Vec<Row>,
    /// What has no other side, by time; at most [`LONE_MAX`].
    pub lone: Vec<Lone>,
    /// How many there are.
    pub lone_all: usize,
    /// What was seen on the way.
    pub seen: Seen,
    /// How many events of which name were lost, as far as that is known.
    pub lost: BTreeMap<String, u64>,
    /// When runs that go on were looked at.
    pub now_ns: i64,
}

/// What one operation did. Numbers of runs are weighted: one that was sampled at 0.01 counts as a hundred.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Domain and action.
    pub name: String,
    /// Runs that ended, go on, or were begun again.
    pub runs: f64,
    /// Runs a second, over the time from the log's first event to its last.
    pub rate: Option<f64>,
    /// Runs that ended as they were meant to.
    pub ok: f64,
    /// Runs that ended otherwise.
    pub failed: f64,
    /// The share of the ended runs that failed.
    pub failed_share: Option<f64>,
    /// Quantiles of how long runs took, in milliseconds.
    pub p50_ms: Option<f64>,
    /// The 95th percentile.
    pub p95_ms: Option<f64>,
    /// The 99th percentile.
    pub p99_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
    /// Runs that had begun and not ended.
    pub in_flight: f64,
    /// Those of them that go on for longer than they should; `None` when nothing says how long that is.
    pub stuck: Option<f64>,
    /// Starts that another start under the same id came after, before an end.
    pub restarted: f64,
    /// Ends whose start is not in the log, though it should be.
    pub unbegun: f64,
    /// Starts and ends of which nothing can be said: sampled, or let go.
    pub unjudged: f64,
    /// Pairs that were made by time alone, because their events have no id.
    pub by_time: usize,
    /// Why runs failed, the most frequent reason first.
    pub reasons: Vec<(String, f64)>,
}

/// A start or an end without its other side.
#[derive(Clone, Debug, PartialEq)]
pub struct Lone {
    /// Domain and action.
    pub operation: String,
    /// What it is.
    pub what: What,
    /// When it was.
    pub at_ns: i64,
    /// For how long it has been so.
    pub age_ns: u64,
    /// Its most particular id, as `order_id=ORD-1`, where [`Settings::has_texts`].
    pub id: String,
}

/// What a lone start or end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A run that goes on for longer than it should.
    Stuck,
    /// A run that goes on.
    InFlight,
    /// A run that was begun again.
    Restarted,
    /// An end without a start.
    Unbegun,
}

impl What {
    /// In a word or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            What::Stuck => "stuck",
            What::InFlight => "in flight",
            What::Restarted => "restarted",
            What::Unbegun => "no start",
        }
    }
}

impl Report {
    pub(super) fn of(operations: Vec<Operation>, seen: Seen, now_ns: i64, settings: &Settings) -> Report {
        let mut report =
            Report { rows: Vec::new(), lone: Vec::new(), lone_all: 0, seen, lost: BTreeMap::new(), now_ns };
        for operation in operations {
            report.add(operation, settings);
        }
        report.rows.sort_by(|a, b| b.runs.total_cmp(&a.runs).then_with(|| a.name.cmp(&b.name)));
        let order = |lone: &Lone| (lone.at_ns, lone.operation.clone(), lone.what, lone.id.clone());
        report.lone.sort_by_cached_key(order);
        report.lone_all = report.lone.len();
        report.lone.truncate(LONE_MAX);
        report
    }

    fn add(&mut self, mut operation: Operation, settings: &Settings) {
        let judged = operation.judge();
        let learned = (operation.durations.recorded() >= STUCK_RUNS_MIN)
            .then(|| operation.durations.quantile_ms(STUCK_SHARE).map(|ms| (ms * 1e6) as u64))
            .flatten();
        let limit_ns = settings.deadline_ns(&operation.name).or(learned);
        let first_ns = self.seen.times_ns.map_or(i64::MIN, |(first, _)| first);
        let (mut in_flight, mut stuck, mut restarted, mut unbegun) =
            (Weight::ZERO, Weight::ZERO, Weight::ZERO, Weight::ZERO);
        let mut unjudged = operation.unjudged;
        if operation.starts > Weight::ZERO && operation.ends_let_go > Weight::ZERO {
            unjudged += operation.ends_let_go;
            self.seen.is_approximate = true;
        }
        for one in judged {
            let (mark, age_ns) = (one.mark, self.now_ns.saturating_sub(one.mark.at_ns).max(0) as u64);
            let what = match (mark.side, one.fate) {
                // Its other side may have been among those that were not kept.
                _ if mark.weight.is_sampled() => {
                    unjudged += mark.weight;
                    continue;
                }
                (Side::Start, Fate::Restarted) => What::Restarted,
                (Side::Start, _) if limit_ns.is_some_and(|limit_ns| age_ns > limit_ns) => What::Stuck,
                (Side::Start, _) => What::InFlight,
                // An operation that never says that it begins has no starts to be missed; nor has a run that began before the log did.
                (Side::End, _) if operation.starts == Weight::ZERO => continue,
                (Side::End, _) if began_before(mark.at_ns, mark.duration_ns, first_ns) => continue,
                (Side::End, _) => What::Unbegun,
            };
            match what {
                What::Stuck => {
                    stuck += mark.weight;
                    in_flight += mark.weight;
                }
                What::InFlight => in_flight += mark.weight,
                What::Restarted => restarted += mark.weight,
                What::Unbegun => unbegun += mark.weight,
            }
            let id = one.text.into();
            self.lone.push(Lone { operation: operation.name.clone(), what, at_ns: mark.at_ns, age_ns, id });
        }
        let ended = operation.ok.count() + operation.failed.count();
        let runs = ended + in_flight.count() + restarted.count();
        let span_s = self.seen.times_ns.map(|(first, last)| last.abs_diff(first) as f64 / SECOND_NS as f64);
        let durations = &operation.durations;
        self.rows.push(Row {
            runs,
            rate: span_s.filter(|span_s| *span_s > 0.0).map(|span_s| runs / span_s),
            ok: operation.ok.count(),
            failed: operation.failed.count(),
            failed_share: (ended > 0.0).then(|| operation.failed.count() / ended),
            p50_ms: durations.quantile_ms(0.5),
            p95_ms: durations.quantile_ms(0.95),
            p99_ms: durations.quantile_ms(0.99),
            max_ms: durations.max_ms(),
            in_flight: in_flight.count(),
            stuck: limit_ns.map(|_| stuck.count()),
            restarted: restarted.count(),
            unbegun: unbegun.count(),
            unjudged: unjudged.count(),
            by_time: operation.by_time,
            reasons: operation.reasons.most(),
            name: operation.name,
        });
    }
}

/// Whether a run that ended then, and says how long it took, began before the log does.
fn began_before(end_ns: i64, duration_ns: Option<u64>, first_ns: i64) -> bool {
    duration_ns.is_some_and(|duration_ns| i128::from(end_ns) - i128::from(duration_ns) < i128::from(first_ns))
}
