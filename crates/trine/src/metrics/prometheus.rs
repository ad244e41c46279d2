//! What Prometheus reads: its text format, version 0.0.4.
//!
//! Source: "Exposition formats", text-based format; names and types as `promtool check metrics` wants them.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
    time::{Duration, Instant},
};

use trine_model::Level;

use super::{Histogram, OperationStats, stats};
use crate::{
    collector,
    health::{Health, health},
    tally::{self, SiteCount},
};

/// Longest wait for the worker to render what was emitted before the call. Its naps are 10 ms at most; a sink that is slow or
/// stuck must not keep a scrape waiting, which usually has ten seconds.
const CATCH_UP_MAX: Duration = Duration::from_millis(200);
/// The `le` of durations: two to these powers, in seconds: 15 us to 512 s. Each is a bound of [`Histogram`], so that no count is
/// guessed; 26 per operation are what one pays for in the database.
const LE_EXPONENTS: std::ops::RangeInclusive<i32> = -16..=9;
/// Stands for events of which nobody knows the name any more. No event can have it: names have two words.
const UNNAMED: &str = "unknown";

/// All counts as Prometheus reads them: text format 0.0.4, in an order that does not change.
///
/// | metric | type | labels |
/// |---|---|---|
/// | `trine_events_total` | counter | `event`, `level`: [`counts`](crate::counts) |
/// | `trine_events_lost_total` | counter | `event`; `unknown` for those lost after their name |
/// | `trine_events_sampled_out_total` | counter | `event` |
/// | `trine_operation_runs_total` | counter | `operation`, `outcome` (`ok`, `failed`) |
/// | `trine_operations_in_flight` | gauge | `operation` |
/// | `trine_operation_duration_seconds` | histogram | `operation`; `le` 15 us to 512 s, doubling |
/// | `trine_written_events_total`, `trine_written_bytes_total` | counter | |
/// | `trine_sink_errors_total` | counter | |
/// | `trine_worker_lag_seconds`, `trine_ring_high_bytes` | gauge | |
///
/// See [`operations`](super::operations) for what the numbers of operations mean, [`Health`] for the last ones.
///
/// Cost: waits until the worker has rendered what was emitted before the call, 200 ms at most; then some microseconds per name and
/// operation.
///
/// ```
/// trine::info!("receipt_print_completed", duration_ms = 250);
/// let text = trine::metrics::prometheus();
/// assert!(text.contains(r#"trine_events_total{event="receipt_print_completed",level="info"} 1"#));
/// assert!(text.contains(r#"trine_operation_runs_total{operation="receipt_print",outcome="ok"} 1"#));
/// assert!(text.contains(r#"trine_operation_duration_seconds_bucket{operation="receipt_print",le="0.25"} 1"#));
/// ```
pub fn prometheus() -> String {
    collector::flush(Instant::now() + CATCH_UP_MAX);
    let counts = tally::by_site();
    render(&counts, &stats(&counts), &health())
}

fn render(counts: &[SiteCount], operations: &[OperationStats], health: &Health) -> String {
    let mut events: BTreeMap<(&str, Level), u64> = BTreeMap::new();
    let mut sampled_out: BTreeMap<&str, u64> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.happened() > 0) {
        let name = tally::canonical(count.site.name());
        *events.entry((name, count.site.level())).or_default() += count.happened();
        if count.sampled_out > 0 {
            *sampled_out.entry(name).or_default() += count.sampled_out;
        }
    }
    let mut lost: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in &health.lost_by_name {
        *lost.entry(tally::canonical(name)).or_default() += count;
    }
    let named: u64 = lost.values().sum();
    lost.insert(UNNAMED, health.lost.saturating_sub(named));

    let mut text = Text::default();
    text.family("trine_events_total", "counter", "Events that happened, also those sampled out or lost.");
    for ((event, level), count) in &events {
        text.sample("trine_events_total", &[("event", event), ("level", level.as_str())], count);
    }
    text.family("trine_events_lost_total", "counter", "Events that reached no output.");
    for (event, count) in &lost {
        text.sample("trine_events_lost_total", &[("event", event)], count);
    }
    text.family("trine_events_sampled_out_total", "counter", "Events left out by sampling.");
    for (event, count) in &sampled_out {
        text.sample("trine_events_sampled_out_total", &[("event", event)], count);
    }
    text.family("trine_operation_runs_total", "counter", "Runs of operations that have ended, by how.");
    for stats in operations {
        for (outcome, count) in [("failed", stats.failed), ("ok", stats.ok)] {
            let labels = [("operation", stats.operation), ("outcome", outcome)];
            text.sample("trine_operation_runs_total", &labels, count);
        }
    }
    text.family("trine_operations_in_flight", "gauge", "Runs of operations that have begun and not ended.");
    for stats in operations {
        text.sample("trine_operations_in_flight", &[("operation", stats.operation)], stats.in_flight);
    }
    text.family("trine_operation_duration_seconds", "histogram", "How long runs of operations took.");
    for stats in operations.iter().filter(|stats| stats.durations.count() > 0) {
        text.histogram("trine_operation_duration_seconds", ("operation", stats.operation), &stats.durations);
    }
    for (name, kind, help, value) in [
        ("trine_written_events_total", "counter", "Lines accepted by outputs.", health.written as f64),
        ("trine_written_bytes_total", "counter", "Bytes accepted by outputs.", health.written_bytes as f64),
        (
            "trine_sink_errors_total",
            "counter",
            "Failed writes, flushes and rotations.",
            health.sink_errors as f64,
        ),
        (
            "trine_worker_lag_seconds",
            "gauge",
            "How long the oldest event had waited when the rings were last drained.",
            health.lag.as_secs_f64(),
        ),
        (
            "trine_ring_high_bytes",
            "gauge",
            "Most bytes that waited in the ring of one thread.",
            health.ring_bytes_high as f64,
        ),
    ] {
        text.family(name, kind, help);
        text.sample(name, &[], value);
    }
    text.0
}

/// Lines of the format. Writing to a `String` cannot fail.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            self.0.push(if index == 0 { '{' } else { ',' });
            self.0.push_str(label);
            self.0.push_str("=\"");
            self.escaped(text);
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// The value of a label. Names of events need no escaping; what comes later may.
    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\\' => self.0.push_str(r"\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str(r"\n"),
                c => self.0.push(c),
            }
        }
    }

    fn histogram(&mut self, name: &str, label: (&str, &str), histogram: &Histogram) {
        let bucket = format!("{name}_bucket");
        let mut buckets = histogram.buckets().peekable();
        let mut below = 0;
        for exponent in LE_EXPONENTS {
            let le = 2f64.powi(exponent);
            while let Some((_, _, count)) = buckets.next_if(|(_, high, _)| *high <= le) {
                below += count;
            }
            self.sample(&bucket, &[label, ("le", &le.to_string())], below);
        }
        let count = below + buckets.map(|(_, _, count)| count).sum::<u64>();
        self.sample(&bucket, &[label, ("le", "+Inf")], count);
        self.sample(&format!("{name}_sum"), &[label], histogram.sum());
        self.sample(&format!("{name}_count"), &[label], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_as_the_format_wants() {
        let mut text = Text::default();
        text.family("a_total", "counter", "one\\two\nthree");
        text.sample("a_total", &[("event", "a\\b\"c\nd"), ("level", "ü")], 1);
        assert_eq!(
            text.0,
            "# HELP a_total one\\\\two\\nthree\n# TYPE a_total counter\na_total{event=\"a\\\\b\\\"c\\nd\",level=\"ü\"} 1\n"
        );
    }

    #[test]
    fn a_histogram_counts_up_to_all_of_it() {
        let mut histogram = Histogram::new();
        for seconds in [1e-6, 0.25, 0.26, 600.0] {
            histogram.record(seconds);
        }
        let mut text = Text::default();
        text.histogram("h_seconds", ("operation", "a_b"), &histogram);
        let lines: Vec<&str> = text.0.lines().collect();
        assert_eq!(lines.len(), LE_EXPONENTS.count() + 3);
        assert_eq!(lines[0], r#"h_seconds_bucket{operation="a_b",le="0.0000152587890625"} 1"#);
        assert!(lines.contains(&r#"h_seconds_bucket{operation="a_b",le="0.125"} 1"#));
        assert!(lines.contains(&r#"h_seconds_bucket{operation="a_b",le="0.25"} 2"#));
        assert!(lines.contains(&r#"h_seconds_bucket{operation="a_b",le="0.5"} 3"#));
        assert!(lines.contains(&r#"h_seconds_bucket{operation="a_b",le="512"} 3"#));
        let sum = format!(r#"h_seconds_sum{{operation="a_b"}} {}"#, 1e-6 + 0.25 + 0.26 + 600.0);
        assert_eq!(
            lines[lines.len() - 3..],
            [
                r#"h_seconds_bucket{operation="a_b",le="+Inf"} 4"#,
                &sum,
                r#"h_seconds_count{operation="a_b"} 4"#
            ]
        );
    }

    #[test]
    fn what_is_lost_without_a_name_is_told_as_well() {
        let health = Health {
            lost: 5,
            lost_by_name: [("a.b.c", 2), ("a_b_c", 1)].into(),
            lag: Duration::from_millis(1_500),
            ..Health::default()
        };
        let text = render(&[], &[], &health);
        assert!(text.contains("trine_events_lost_total{event=\"a_b_c\"} 3\n"), "{text}");
        assert!(text.contains("trine_events_lost_total{event=\"unknown\"} 2\n"), "{text}");
        assert!(text.contains("trine_worker_lag_seconds 1.5\n"), "{text}");
    }
}
