//! Numbers made of events: per operation, for Prometheus, and as events again.
//!
//! Nothing has to be declared. A name says which operation it belongs to and whether it begins it, ends it well or ends it
//! badly ([`Role`]); a field `duration_ms` (or `_s`, `_us`, `_ns`, or `duration` in seconds) of an event that ends one says how
//! long it took. `docs/counts.md` tells the whole story.
//!
//! ```
//! use trine::{error, info};
//!
//! info!("invoice_print_started", invoice = 7);
//! info!("invoice_print_completed", invoice = 7, duration_ms = 250);
//! info!("invoice_print_started", invoice = 8);
//! error!("invoice_print_failed", invoice = 8, duration_ms = 750, reason = "no paper");
//! info!("invoice_print_started", invoice = 9);
//! trine::flush(std::time::Duration::from_secs(5));
//!
//! let operations = trine::metrics::operations();
//! let print = operations.iter().find(|stats| stats.operation == "invoice_print").unwrap();
//! assert_eq!((print.runs, print.ok, print.failed, print.in_flight), (3, 1, 1, 1));
//! assert_eq!((print.durations.count(), print.durations.sum()), (2, 1.0));
//! ```

mod durations;
mod event_metrics;
mod histogram;
mod prometheus;
#[cfg(feature = "metrics-server")]
mod server;

use std::collections::BTreeMap;

use trine_model::{NameParts, Role};

pub(crate) use self::durations::{Meter, Timed, hold_for_fork, reset};
#[cfg(feature = "metrics-server")]
pub use self::server::{MetricsServer, serve_metrics};
pub use self::{event_metrics::EventMetrics, histogram::Histogram, prometheus::prometheus};
use crate::tally::{self, SiteCount};

/// How an operation is doing. From [`operations`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OperationStats {
    /// Domain and action, with `_`: `payment_process` of `payment_process_failed`.
    pub operation: &'static str,
    /// Runs that have begun: `ok + failed + in_flight`. Where no event says that one begins, those that have ended.
    pub runs: u64,
    /// Events whose status ends a run as it was meant to end: `success`, `completed`, `committed`.
    pub ok: u64,
    /// Events whose status ends a run otherwise: `failed`, `rollback`, `timed_out`.
    pub failed: u64,
    /// Runs that have begun and not ended; never below zero. Right only where begin and end are at levels that are on.
    pub in_flight: u64,
    /// How long the runs took, as far as their last event says so.
    pub durations: Histogram,
}

/// All operations that have begun or ended since the process began, by name.
///
/// The counts are those of [`counts`](crate::counts): also events that were sampled out, lost or captured by a test. The durations
/// come from the reading side, as it renders an event with a number or a `Duration` in a field `duration_ms`, `duration_s`,
/// `duration_us`, `duration_ns` or `duration` (seconds) of the call: those of events that it never sees are missing, and those of
/// the last milliseconds come with [`flush`](crate::flush). Fields of a context (`bind!`, `scope!`) are not looked at: what holds for many
/// events is not the duration of one.
///
/// Cost: as [`counts`](crate::counts), and 3.4 KiB per operation with durations. Does not wait for the worker, nor the worker for it.
pub fn operations() -> Vec<OperationStats> {
    stats(&tally::by_site())
}

fn stats(counts: &[SiteCount]) -> Vec<OperationStats> {
    #[derive(Default)]
    struct Runs {
        opened: u64,
        ok: u64,
        failed: u64,
    }
    let mut runs: BTreeMap<&'static str, Runs> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.happened() > 0) {
        let parts = NameParts::of(count.site.name());
        let role = parts.role();
        if role == Role::Point {
            continue;
        }
        let runs = runs.entry(operation(count.site.name(), &parts)).or_default();
        match role {
            Role::Open => runs.opened += count.happened(),
            Role::Ok => runs.ok += count.happened(),
            Role::Fail | Role::Point => runs.failed += count.happened(),
        }
    }
    let mut durations = durations::histograms();
    runs.into_iter()
        .map(|(operation, Runs { opened, ok, failed })| {
            let in_flight = opened.saturating_sub(ok + failed);
            let durations = durations.remove(operation).unwrap_or_default();
            OperationStats { operation, runs: ok + failed + in_flight, ok, failed, in_flight, durations }
        })
        .collect()
}

/// The operation of a name: its beginning in the spelling with `_`.
fn operation(name: &'static str, parts: &NameParts<'_>) -> &'static str {
    let name = tally::canonical(name);
    // Dots and `_` are one byte each, so the parts lie at the same places in both spellings.
    let len = parts.domain.len() + if parts.action.is_empty() { 0 } else { 1 + parts.action.len() };
    name.get(..len).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::{error, info, testing};

    fn of(operation: &str) -> OperationStats {
        operations().into_iter().find(|stats| stats.operation == operation).unwrap()
    }

    #[test]
    fn the_operation_of_a_name_is_what_its_parts_say() {
        for name in [
            "payment_process_failed",
            "payment.process.failed",
            "payment.line_item.add.failed",
            "request_timed_out",
            "cache_hit",
            "order.created",
            "auth_password_reset_requested",
        ] {
            let parts = NameParts::of(name);
            assert_eq!(operation(name, &parts), parts.operation(), "{name}");
        }
    }

    #[test]
    fn in_flight_is_exact_when_all_is_quiet_and_bounded_while_it_is_not() {
        const RUNS: u64 = 5_000;
        let stop = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..4u64)
                .map(|number| {
                    scope.spawn(move || {
                        let captured = testing::capture();
                        for run in 0..RUNS {
                            info!("flight_count_started");
                            if run % 10 == number {
                                error!("flight_count_failed");
                            } else if run + 1 < RUNS {
                                info!("flight.count.completed");
                            }
                            captured.clear();
                        }
                    })
                })
                .collect();
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    if let Some(stats) = operations().iter().find(|s| s.operation == "flight_count") {
                        assert_eq!(stats.runs, stats.ok + stats.failed + stats.in_flight);
                        assert!(stats.ok + stats.failed <= 4 * RUNS, "{stats:?}");
                        assert!(stats.in_flight <= 4 * RUNS, "{stats:?}");
                    }
                }
            });
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let stats = of("flight_count");
        assert_eq!((stats.runs, stats.failed, stats.in_flight), (4 * RUNS, 4 * RUNS / 10, 4));
    }

    #[test]
    fn an_operation_of_which_only_the_end_is_told_has_none_in_flight() {
        let _captured = testing::capture();
        for _ in 0..3 {
            info!("flight_end_completed");
        }
        let stats = of("flight_end");
        assert_eq!((stats.runs, stats.ok, stats.in_flight), (3, 3, 0));
    }

    #[test]
    fn what_is_neither_begin_nor_end_is_no_operation() {
        let _captured = testing::capture();
        info!("flight_point_noticed");
        assert!(operations().iter().all(|stats| stats.operation != "flight_point"));
    }
}
