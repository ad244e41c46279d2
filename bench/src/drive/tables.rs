//! The two tables of all contestants: on the caller's thread, and behind a queue.

use super::goals::number;
use super::results::Results;
use crate::entries::{ENTRIES, Kind};

/// A column: its title, its metric, and whether it is shown as a multiple of the floor too.
type Column = (&'static str, &'static str);

const INLINE: &[Column] = &[
    ("W1 ns", "w1_ns"),
    ("W2 ns", "w2_ns"),
    ("W3 ns", "w3_ns"),
    ("W4 ns", "w4_ns"),
    ("1 thread M/s", "threads1_meps"),
    ("2 threads M/s", "threads2_meps"),
    ("scaling", "scaling"),
    ("allocations W1", "w1_allocations"),
    ("W2", "w2_allocations"),
    ("W4", "w4_allocations"),
];

const QUEUED: &[Column] = &[
    ("burst of 100, ns", "burst_ns"),
    ("burst p99", "burst_p99_ns"),
    ("paced p50", "paced_p50_ns"),
    ("p99", "paced_p99_ns"),
    ("p99.9", "paced_p999_ns"),
    ("sustained k/s", "sustained_keps"),
    ("lost", "lost"),
    ("allocations W2", "w2_allocations"),
];

/// ns per event to a null writer.
pub fn inline(results: &Results) -> String {
    table(results, Kind::Inline, INLINE, ("W2 / floor", "floor", "w2_ns"))
}

/// Caller's latency and sustained rate to a file.
pub fn queued(results: &Results) -> String {
    table(results, Kind::Queued, QUEUED, ("burst / floor", "floor-queued", "burst_ns"))
}

fn table(results: &Results, kind: Kind, columns: &[Column], ratio: (&str, &str, &str)) -> String {
    let titles: Vec<_> = columns.iter().map(|(title, _)| *title).collect();
    let mut text = format!("| | {} | {} | spread |\n|---|", titles.join(" | "), ratio.0);
    text += &"---|".repeat(columns.len() + 2);
    text.push('\n');
    for entry in ENTRIES.iter().filter(|entry| entry.kind == kind) {
        if results.get(entry.name, ratio.2).is_none() {
            continue;
        }
        let cells: Vec<_> = columns
            .iter()
            .map(|(_, metric)| results.get(entry.name, metric).map_or("-".to_owned(), number))
            .collect();
        let of_floor = match (results.get(entry.name, ratio.2), results.get(ratio.1, ratio.2)) {
            (Some(value), Some(floor)) => number(value / floor),
            _ => "-".to_owned(),
        };
        let (low, high) = results.spread(entry.name, ratio.2).unwrap_or((1.0, 1.0));
        text += &format!("| {} | {} | {of_floor} | {low:.2}-{high:.2} |\n", entry.name, cells.join(" | "));
    }
    text
}
