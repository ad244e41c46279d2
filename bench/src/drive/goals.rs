//! What Trine must reach, as ratios inside one run.

use super::results::Results;

/// One promise: our number against a peer's, or against nothing when `peer` is empty.
struct Goal {
    what: &'static str,
    ours: (&'static str, &'static str),
    /// A contestant and a metric; the contestant is empty when the limit is absolute.
    peer: (&'static str, &'static str),
    limit: Limit,
}

enum Limit {
    AtMost(f64),
    AtLeast(f64),
    Below(f64),
}

const NONE: (&str, &str) = ("", "");

const fn goal(
    what: &'static str,
    ours: (&'static str, &'static str),
    peer: (&'static str, &'static str),
    limit: Limit,
) -> Goal {
    Goal { what, ours, peer, limit }
}

use Limit::{AtLeast, AtMost, Below};

const BURST: (&str, &str) = ("trine-queued", "burst_ns");
const TAIL: (&str, &str) = ("trine-queued", "paced_p999_ns");
const OPERATION: (&str, &str) = ("trine-queued", "operation_ns");
const BOX_ON: (&str, &str) = ("trine", "black_box_on_ns");
const DRAINED: (&str, &str) = ("trine-queued", "sustained_keps");

static GOALS: &[Goal] = &[
    goal("burst of 100, W2, to a file", BURST, ("floor-queued", "burst_ns"), AtMost(1.5)),
    goal("aim: burst of 100", BURST, ("floor-queued", "burst_ns"), AtMost(1.1)),
    goal("burst of 100", BURST, ("slog-async", "burst_ns"), AtMost(0.06)),
    goal("burst of 100", BURST, ("ticklog", "burst_ns"), AtMost(0.6)),
    goal("burst of 100", BURST, ("tracing-non-blocking", "burst_ns"), AtMost(0.02)),
    goal("paced, p99.9", TAIL, ("ticklog", "paced_p999_ns"), AtMost(1.1)),
    goal("paced, p99.9", TAIL, ("slog-async", "paced_p999_ns"), AtMost(0.05)),
    goal("drained, 1 thread", DRAINED, ("slog-async", "sustained_keps"), AtLeast(3.0)),
    goal("drained, 1 thread", DRAINED, ("ticklog", "sustained_keps"), AtLeast(3.0)),
    goal("drained, 1 thread", DRAINED, ("tracing-non-blocking", "sustained_keps"), AtLeast(10.0)),
    goal("aim: drained, k events/s", DRAINED, NONE, AtLeast(2000.0)),
    goal("drained, events lost", ("trine-queued", "lost"), NONE, AtMost(0.0)),
    goal("inline W1", ("trine", "w1_ns"), ("slog-json", "w1_ns"), AtMost(0.65)),
    goal("inline W2", ("trine", "w2_ns"), ("slog-json", "w2_ns"), AtMost(0.55)),
    goal("inline W4", ("trine", "w4_ns"), ("slog-json", "w4_ns"), AtMost(0.85)),
    goal("inline W1", ("trine", "w1_ns"), ("tracing-json", "w1_ns"), AtMost(0.15)),
    goal("inline W2", ("trine", "w2_ns"), ("tracing-json", "w2_ns"), AtMost(0.15)),
    goal("inline W4", ("trine", "w4_ns"), ("tracing-json", "w4_ns"), AtMost(0.15)),
    goal("inline W2 against our W1", ("trine", "w2_ns"), ("trine", "w1_ns"), AtMost(1.1)),
    goal("2 threads inline W2, scaling", ("trine", "scaling"), NONE, AtLeast(1.7)),
    goal("disabled (W3)", ("trine", "w3_ns"), ("tracing-json", "w3_ns"), AtMost(1.3)),
    goal("allocations, W1 inline", ("trine", "w1_allocations"), NONE, AtMost(0.0)),
    goal("allocations, W2 inline", ("trine", "w2_allocations"), NONE, AtMost(0.0)),
    goal("allocations, W3 inline", ("trine", "w3_allocations"), NONE, AtMost(0.0)),
    goal("allocations, W4 inline", ("trine", "w4_allocations"), NONE, AtMost(0.0)),
    goal("allocations, W2 queued", ("trine-queued", "w2_allocations"), NONE, AtMost(0.0)),
    goal("operation against one event", OPERATION, ("trine-queued", "operation_event_ns"), AtMost(2.2)),
    goal("allocations, operation", ("trine-queued", "operation_allocations"), NONE, AtMost(0.0)),
    goal("a count, ns", ("trine-queued", "counted_ns"), NONE, AtMost(3.0)),
    goal("sampled out, ns", ("trine-queued", "sampled_out_ns"), NONE, AtMost(15.0)),
    goal("sampled out per second, ns", ("trine-queued", "sampled_out_per_second_ns"), NONE, AtMost(15.0)),
    goal("sampled out by a rule, ns", ("trine-queued", "sampled_out_by_rule_ns"), NONE, AtMost(15.0)),
    goal(
        "aim: held for a failure",
        ("trine-queued", "held_ns"),
        ("trine-queued", "held_event_ns"),
        AtMost(3.0),
    ),
    goal(
        "aim: in a batch",
        ("trine-queued", "batched_ns"),
        ("trine-queued", "batched_event_ns"),
        AtMost(3.0),
    ),
    goal("clean release build, s", ("trine", "build_release_s"), NONE, Below(10.0)),
    goal("crates in all", ("trine", "crates"), NONE, Below(15.0)),
    goal("idle, % of a core", ("trine", "idle_percent"), NONE, Below(0.1)),
    goal("idle, MB", ("trine", "idle_rss_mb"), NONE, Below(8.0)),
    goal("W2 with the black box against without", BOX_ON, ("trine", "black_box_off_ns"), AtMost(1.05)),
    goal("recovered after abort, k events/s", ("trine", "recovered_keps"), NONE, AtLeast(1000.0)),
];

/// The table of promises, a row each, with PASS, MISS, or what is missing.
pub fn table(results: &Results) -> String {
    let mut text =
        "| must reach | trine | peer | its value | ratio | limit | |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for goal in GOALS {
        text += &row(goal, results);
    }
    text
}

fn row(goal: &Goal, results: &Results) -> String {
    let (sign, limit) = match goal.limit {
        AtMost(limit) => ("<=", limit),
        AtLeast(limit) => (">=", limit),
        Below(limit) => ("<", limit),
    };
    let head = format!("| {} |", goal.what);
    let Some(ours) = results.get(goal.ours.0, goal.ours.1) else {
        return format!("{head} | {} | | | {sign} {limit} | not measured |\n", goal.peer.0);
    };
    if goal.peer == NONE {
        return format!(
            "{head} {} | | | | {sign} {limit} | {} |\n",
            number(ours),
            verdict(&goal.limit, ours)
        );
    }
    let Some(theirs) = results.get(goal.peer.0, goal.peer.1) else {
        return format!("{head} {} | {} | | | {sign} {limit} | not measured |\n", number(ours), goal.peer.0);
    };
    let ratio = ours / theirs;
    format!(
        "{head} {} | {} | {} | {ratio:.3} | {sign} {limit} | {} |\n",
        number(ours),
        goal.peer.0,
        number(theirs),
        verdict(&goal.limit, ratio)
    )
}

fn verdict(limit: &Limit, value: f64) -> &'static str {
    let reached = match *limit {
        AtMost(limit) => value <= limit,
        AtLeast(limit) => value >= limit,
        Below(limit) => value < limit,
    };
    if reached { "PASS" } else { "**MISS**" }
}

/// A value with as many digits as it deserves.
pub fn number(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude >= 100.0 => format!("{value:.0}"),
        magnitude if magnitude >= 10.0 => format!("{value:.1}"),
        magnitude if magnitude >= 0.1 || magnitude == 0.0 => format!("{value:.2}"),
        // One allocation in a thousand events must not look like none.
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{GOALS, table};
    use crate::drive::results::Results;
    use crate::measure::Report;

    fn results(ours: f64, theirs: f64) -> Results {
        let mut results = Results::default();
        results.add("trine", Report::from([("w1_ns".to_owned(), ours)]));
        results.add("slog-json", Report::from([("w1_ns".to_owned(), theirs)]));
        results
    }

    #[test]
    fn a_ratio_above_its_limit_is_a_miss_and_below_it_a_pass() {
        assert!(
            table(&results(30.0, 100.0))
                .contains("| inline W1 | 30.0 | slog-json | 100 | 0.300 | <= 0.65 | PASS |")
        );
        assert!(table(&results(70.0, 100.0)).contains("| 0.700 | <= 0.65 | **MISS** |"));
    }

    #[test]
    fn what_was_not_measured_is_neither_pass_nor_miss() {
        let table = table(&Results::default());
        assert_eq!(table.matches("not measured").count(), GOALS.len());
        assert!(!table.contains("PASS"));
    }
}
