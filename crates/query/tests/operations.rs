//! Runs of operations: the same answer however the log is cut, by however many threads it is read.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use trine_model::{NameParts, Role};
use trine_query::{
    generate,
    operations::{Durations, Operations, Report, Row, Settings, What},
    scan::{
        foreign,
        input::{Input, Options, TimeRange, scan},
        time,
    },
};

const SECOND: i64 = 1_000_000_000;

/// A line of this name at this second of 2025-10-24T10:00, with these fields in JSON.
fn line(name: &str, second: f64, fields: &str) -> String {
    let at_ns = time::from_text(b"2025-10-24T10:00:00Z").unwrap() + (second * 1e9) as i64;
    let at = time::to_text(at_ns);
    let comma = if fields.is_empty() { "" } else { "," };
    format!(
        "{{\"event\":\"{name}\"{comma}{fields},\"timestamp\":\"{}\",\"level\":\"info\"}}\n",
        str::from_utf8(&at).unwrap()
    )
}

fn report_of(settings: Settings, log: &str) -> Report {
    let mut operations = Operations::new(settings);
    operations.feed(log.as_bytes(), foreign::named("trine").unwrap());
    operations.report(None)
}

fn report(log: &str) -> Report {
    report_of(Settings { has_texts: true, ..Settings::default() }, log)
}

#[track_caller]
fn row<'r>(report: &'r Report, name: &str) -> &'r Row {
    report.rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no `{name}` in {report:?}"))
}

fn lone(report: &Report) -> Vec<(What, &str)> {
    report.lone.iter().map(|lone| (lone.what, lone.id.as_str())).collect()
}

#[test]
fn a_run_without_a_duration_took_from_its_start_to_its_end() {
    let log =
        line("a_b_started", 0.0, r#""request_id":"r1""#) + &line("a_b_success", 0.25, r#""request_id":"r1""#);
    let report = report(&log);
    assert_eq!(row(&report, "a_b").max_ms, Some(250.0));
    assert_eq!(row(&report, "a_b").rate, Some(4.0));
    assert!(report.lone.is_empty());
}

#[test]
fn a_duration_that_is_given_is_taken_whatever_its_unit() {
    let ends = [
        r#""duration_ms":5"#,
        r#""duration_s":0.005"#,
        r#""duration_us":5000.0"#,
        r#""duration_ns":5000000"#,
        r#""duration":0.005"#,
    ];
    let log: String = ends.iter().map(|fields| line("a_b_completed", 1.0, fields)).collect();
    let report = report(&log);
    let row = row(&report, "a_b");
    assert_eq!((row.p50_ms, row.max_ms, row.ok), (Some(5.0), Some(5.0), 5.0));
}

#[test]
fn ends_of_an_operation_that_never_begins_miss_no_start() {
    let report = report(&line("a_b_completed", 1.0, r#""request_id":"r1""#));
    assert_eq!(row(&report, "a_b").unbegun, 0.0);
    assert!(report.lone.is_empty());
}

#[test]
fn a_run_that_began_before_the_log_misses_no_start() {
    let log = line("a_b_started", 0.0, r#""request_id":"r1""#)
        + &line("a_b_completed", 1.0, r#""request_id":"r2","duration_ms":1500"#)
        + &line("a_b_completed", 1.0, r#""request_id":"r3","duration_ms":500"#)
        + &line("a_b_completed", 1.0, r#""request_id":"r4""#);
    let report = report(&log);
    assert_eq!(row(&report, "a_b").unbegun, 2.0);
    let expected = [
        (What::InFlight, "request_id=r1"),
        (What::Unbegun, "request_id=r3"),
        (What::Unbegun, "request_id=r4"),
    ];
    assert_eq!(lone(&report), expected);
}

#[test]
fn a_run_is_stuck_past_its_deadline_or_past_what_was_learned() {
    let mut log = line("a_b_started", 0.0, r#""request_id":"late""#);
    log += &line("c_d_started", 0.0, r#""request_id":"x""#);
    for run in 0..20 {
        log += &line("a_b_started", f64::from(run), &format!(r#""request_id":"r{run}""#));
        log += &line("a_b_success", f64::from(run) + 0.5, &format!(r#""request_id":"r{run}""#));
    }
    log += &line("a_b_started", 19.8, r#""request_id":"young""#);
    log += &line("e_f", 20.0, "\"x\":1");
    let learned = report(&log);
    assert_eq!((row(&learned, "a_b").in_flight, row(&learned, "a_b").stuck), (2.0, Some(1.0)));
    assert_eq!(row(&learned, "c_d").stuck, None, "nothing says how long it may take");
    let deadlines = vec![("c_d".to_owned(), 5 * SECOND as u64), (String::new(), 100 * SECOND as u64)];
    let declared = report_of(Settings { deadlines, ..Settings::default() }, &log);
    assert_eq!((row(&declared, "a_b").stuck, row(&declared, "c_d").stuck), (Some(0.0), Some(1.0)));
}

#[test]
fn sampled_events_count_by_their_weight_and_are_not_missed() {
    let log = line("a_b_started", 0.0, r#""request_id":"r1","sampled":true,"sample_rate":0.01"#)
        + &line("a_b_failed", 1.0, r#""request_id":"r2","reason":"x","sampled":true,"sample_rate":0.1"#);
    let report = report(&log);
    let row = row(&report, "a_b");
    assert_eq!((row.failed, row.in_flight, row.unbegun, row.unjudged), (10.0, 0.0, 0.0, 110.0));
    assert_eq!(row.reasons, [("x".to_owned(), 10.0)]);
}

#[test]
fn batches_are_seen_through_and_losses_are_added_up() {
    let items = r#""events":[{"event":"a_b_started","order_id":1},{"event":"a_b_failed","order_id":1}],"request_id":"r1""#;
    let log = line("events_batch", 0.0, items)
        + &line("trine_events_lost", 1.0, r#""lost":7,"names":{"x_y":7}"#)
        + &line("trine_events_lost", 2.0, r#""lost":2,"names":{"x_y":2}"#);
    let report = report(&log);
    assert_eq!((row(&report, "a_b").failed, row(&report, "a_b").in_flight), (1.0, 0.0));
    assert_eq!((report.seen.lost, report.lost["x_y"]), (9, 9));
}

#[test]
fn broken_lines_and_events_without_a_time_are_counted() {
    let log = "{\"event\":\"a_b_failed\"\n\n{\"event\":\"a_b_failed\"}\nnonsense\n";
    let report = report(log);
    assert_eq!((report.seen.broken, report.seen.untimed, row(&report, "a_b").failed), (2, 1, 1.0));
    assert_eq!(row(&report, "a_b").reasons, [("failed".to_owned(), 1.0)]);
}

#[test]
fn a_line_that_is_broken_where_nobody_looks_counts_the_same_whoever_reads_it() {
    // A vertical tab between two fields: no JSON, but the ends are whole, and the name means nothing here.
    let broken = line("a_b_changed", 1.0, "\"n\":1").replace("\"n\"", "\u{b}\"n\"");
    let seen_before = report(&(line("a_b_changed", 0.0, "\"n\":1") + &broken)).seen.broken;
    assert_eq!(report(&broken).seen.broken, seen_before);
}

#[test]
fn a_range_leaves_out_what_is_outside() {
    let log: String = (0..10).map(|at| line("a_b_done", f64::from(at), "\"x\":1")).collect();
    let begin = time::from_text(b"2025-10-24T10:00:00Z").unwrap();
    let range = Some(TimeRange { since_ns: begin + 2 * SECOND, until_ns: begin + 5 * SECOND });
    let report = report_of(Settings { range, ..Settings::default() }, &log);
    assert_eq!(row(&report, "a_b").runs, 3.0);
    assert_eq!(report.seen.times_ns, Some((begin + 2 * SECOND, begin + 4 * SECOND)));
}

#[test]
fn sentences_of_other_loggers_are_names() {
    let mut operations = Operations::new(Settings::default());
    let log = br#"{"level":"info","ts":1761300000.0,"msg":"Request started","request_id":"r1"}
{"level":"info","ts":1761300000.5,"msg":"request completed","request_id":"r1"}
"#;
    operations.feed(log, foreign::named("zap").unwrap());
    assert_eq!(row(&operations.report(None), "request").max_ms, Some(500.0));
}

#[test]
fn a_key_of_the_users_tells_runs_apart() {
    let log = line("a_b_started", 0.0, r#""shard":1,"request_id":"r""#)
        + &line("a_b_started", 0.1, r#""shard":2,"request_id":"r""#)
        + &line("a_b_success", 1.0, r#""shard":1,"request_id":"r""#)
        + &line("a_b_success", 2.1, r#""shard":2,"request_id":"r""#);
    let settings = Settings { keys: vec!["shard".to_owned()], ..Settings::default() };
    let told = report_of(settings, &log);
    assert_eq!((row(&told, "a_b").p50_ms, row(&told, "a_b").max_ms), (Some(1_000.0), Some(2_000.0)));
    assert_eq!(
        row(&report(&log), "a_b").max_ms,
        Some(2_100.0),
        "without it, the inner one is thought to end first"
    );
}

/// The log of a shop, as a file, and its report with one state and all of it at once.
fn shop(events: u64) -> (Vec<u8>, Report) {
    let mut log = Vec::new();
    let settings = generate::Settings { events, ..generate::Settings::default() };
    generate::write(settings, &mut log).unwrap();
    let mut operations = Operations::new(Settings::default());
    operations.feed(&log, foreign::named("trine").unwrap());
    (log, operations.report(None))
}

#[test]
fn threads_and_blocks_do_not_change_the_answer() {
    let (log, whole) = shop(20_000);
    assert!(
        whole.rows.iter().any(|row| row.in_flight > 3.0) && whole.rows.iter().any(|row| row.failed > 10.0)
    );
    let path = std::env::temp_dir().join(format!("trine-operations-{}.jsonl", std::process::id()));
    std::fs::write(&path, &log).unwrap();
    for (threads, block_bytes) in [(1, 10_000), (3, 5_000), (4, 100_000)] {
        let options = Options { threads, block_bytes, ..Options::default() };
        let begin = Operations::new(Settings::default());
        let outcome = scan(
            &Input::files([path.clone()]),
            &options,
            || begin.fork(),
            |operations, block| {
                operations.feed(block.bytes, foreign::named("trine").unwrap());
            },
        );
        let mut merged = begin.fork();
        outcome.states.into_iter().for_each(|state| merged.merge(state));
        assert_eq!(merged.report(None), whole, "{threads} threads, {block_bytes} bytes");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn with_little_room_certain_pairs_are_settled_and_the_answer_is_the_same() {
    let (log, whole) = shop(20_000);
    let mut operations = Operations::new(Settings { marks_max: 8_000, ..Settings::default() });
    operations.feed(&log, foreign::named("trine").unwrap());
    let bounded = operations.report(None);
    assert!(
        !bounded.seen.is_approximate,
        "ends of operations that never begin are let go, which changes nothing"
    );
    for (one, other) in whole.rows.iter().zip(&bounded.rows) {
        // Lines are in order, so a pair that is found early is the pair.
        assert_eq!(
            (one.runs, one.failed, one.in_flight, one.p99_ms),
            (other.runs, other.failed, other.in_flight, other.p99_ms)
        );
    }
}

#[test]
fn gatherers_with_little_room_hand_over_and_the_answer_is_the_same() {
    let (log, whole) = shop(20_000);
    let begin = Operations::new(Settings { marks_max: 6_000, ..Settings::default() });
    let mut all = begin.fork();
    let mut gatherers: Vec<Operations> = (0..3).map(|_| begin.fork()).collect();
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    for (number, block) in lines.chunks(40).enumerate() {
        // Blocks of some milliseconds: most runs begin with one gatherer and end with another.
        let gatherer = &mut gatherers[number % 3];
        gatherer.feed(&block.concat(), foreign::named("trine").unwrap());
        if gatherer.marks() >= 500 {
            all.merge(gatherer.take());
        }
    }
    gatherers.into_iter().for_each(|gatherer| all.merge(gatherer));
    let report = all.report(None);
    assert!(!report.seen.is_approximate, "only what is certain was settled");
    assert_eq!(report.rows, whole.rows);
    assert_eq!(report.lone, whole.lone);
}

#[test]
fn a_start_that_was_begun_again_is_known_when_the_second_run_is_gone() {
    let log = line("a_b_started", 0.0, r#""request_id":"r1""#)
        + &line("a_b_started", 1.0, r#""request_id":"r1""#)
        + &line("a_b_success", 2.0, r#""request_id":"r1","duration_ms":1000"#);
    let settings = Settings { marks_max: 3, ..Settings::default() };
    let settled = report_of(settings, &(log.clone() + &line("a_b_started", 3.0, r#""request_id":"r2""#)));
    let whole = report(&(log + &line("a_b_started", 3.0, r#""request_id":"r2""#)));
    assert_eq!((row(&settled, "a_b").restarted, row(&settled, "a_b").in_flight), (1.0, 1.0));
    assert_eq!(settled.rows, whole.rows);
}

#[test]
fn endless_starts_do_not_take_endless_room() {
    let mut operations = Operations::new(Settings { marks_max: 100, ..Settings::default() });
    for run in 0..1_000 {
        let log = line("a_b_started", f64::from(run), &format!(r#""request_id":"r{run}""#));
        operations.feed(log.as_bytes(), foreign::named("trine").unwrap());
    }
    let report = operations.report(None);
    assert!(report.lone_all <= 100 && report.seen.is_approximate);
    assert_eq!(row(&report, "a_b").in_flight + row(&report, "a_b").unjudged, 1_000.0);
}

#[test]
fn a_plain_count_of_a_shops_log_gives_the_same() {
    #[derive(Default)]
    struct Plain {
        open: HashMap<String, i64>,
        ended: HashSet<String>,
        durations: Vec<f64>,
        ok: usize,
        reasons: HashMap<String, usize>,
    }
    let (log, report) = shop(20_000);
    let mut plain: HashMap<String, Plain> = HashMap::new();
    for line in log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event: serde_json::Value = serde_json::from_slice(line).unwrap();
        let name = event["event"].as_str().unwrap();
        let parts = NameParts::of(name);
        let of = plain.entry(parts.operation().into_owned()).or_default();
        let request = event["request_id"].as_str().unwrap().to_owned();
        let at_ns = time::from_text(event["timestamp"].as_str().unwrap().as_bytes()).unwrap();
        match parts.role() {
            Role::Point => continue,
            Role::Open => {
                assert_eq!(of.open.insert(request, at_ns), None, "each request does each thing once");
            }
            role => {
                // Lines are in order, so the start was before.
                let from_start = of.open.get(&request).map(|begin_ns| (at_ns - begin_ns) as f64 / 1e6);
                of.durations.extend(event["duration_ms"].as_f64().or(from_start));
                of.ended.insert(request);
                if role == Role::Ok {
                    of.ok += 1;
                } else {
                    let reason = ["reason", "error_type"].iter().find_map(|key| event[key].as_str());
                    *of.reasons.entry(reason.unwrap().to_owned()).or_default() += 1;
                }
            }
        }
    }
    plain.retain(|_, of| !of.open.is_empty() || !of.ended.is_empty());
    assert_eq!(report.rows.len(), plain.len());
    for row in &report.rows {
        let of = plain.get_mut(&row.name).unwrap();
        let failed: usize = of.reasons.values().sum();
        let in_flight = of.open.keys().filter(|request| !of.ended.contains(*request)).count();
        assert_eq!(
            (row.ok, row.failed, row.in_flight),
            (of.ok as f64, failed as f64, in_flight as f64),
            "{}",
            row.name
        );
        assert_eq!(row.runs, (of.ok + failed + in_flight) as f64, "{}", row.name);
        let reasons: HashMap<String, usize> =
            row.reasons.iter().map(|(reason, count)| (reason.clone(), *count as usize)).collect();
        assert_eq!(reasons, of.reasons, "{}", row.name);
        of.durations.sort_by(f64::total_cmp);
        for (quantile, q) in [(row.p50_ms, 0.5), (row.p95_ms, 0.95), (row.p99_ms, 0.99), (row.max_ms, 1.0)] {
            let rank = ((q * of.durations.len() as f64).ceil() as usize).max(1) - 1;
            let (exact, quantile) = (of.durations.get(rank).copied(), quantile);
            let is_near = |(a, b): (f64, f64)| (a - b).abs() <= b * Durations::RELATIVE_ERROR + 1e-6;
            assert!(
                exact.is_none() == quantile.is_none() && quantile.zip(exact).is_none_or(is_near),
                "{} {q}: {quantile:?} {exact:?}",
                row.name
            );
        }
    }
}

/// Events of a log in which keys are used again, runs lie within each other, and ends and starts are missing.
fn events() -> impl Strategy<Value = Vec<(u8, u16, u8, u8, bool)>> {
    prop::collection::vec((0_u8..4, 0_u16..400, 0_u8..4, 0_u8..3, any::<bool>()), 1..80)
}

fn text((status, at, request, operation, has_duration): (u8, u16, u8, u8, bool)) -> String {
    let name = ["started", "success", "failed", "changed"][usize::from(status)];
    let mut fields = vec![format!("\"n\":{at}")];
    if request > 0 {
        fields.push(format!("\"request_id\":\"r{request}\""));
    }
    if has_duration && status > 0 {
        fields.push(format!("\"duration_ms\":{}", at / 2));
    }
    if status == 2 {
        fields.push(format!("\"reason\":\"why {request}\""));
    }
    line(&format!("a_op{operation}_{name}"), f64::from(at) / 100.0, &fields.join(","))
}

proptest! {
    #[test]
    fn any_cut_and_any_order_give_the_same_report(
        events in events(), shuffle in prop::collection::vec(any::<u32>(), 80), states in 1_usize..5,
    ) {
        let lines: Vec<String> = events.into_iter().map(text).collect();
        let settings = Settings { has_texts: true, ..Settings::default() };
        let whole = report_of(settings.clone(), &lines.concat());
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by_key(|place| shuffle[*place]);
        let mut parts: Vec<Operations> = (0..states).map(|_| Operations::new(settings.clone())).collect();
        for place in order {
            parts[shuffle[place] as usize % states].feed(lines[place].as_bytes(), foreign::named("trine").unwrap());
        }
        let mut merged = Operations::new(settings);
        parts.into_iter().for_each(|part| merged.merge(part));
        prop_assert_eq!(merged.report(None), whole);
    }

    #[test]
    fn damaged_lines_of_any_format_are_read_and_give_the_same_however_they_are_cut(
        events in events(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        format in 0_usize..10, cut in any::<prop::sample::Index>(),
    ) {
        let mut log: Vec<u8> = events.into_iter().map(text).collect::<String>().into_bytes();
        for (place, byte) in damage {
            let place = place.index(log.len());
            log[place] = byte;
        }
        let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
        let (one, two) = lines.split_at(cut.index(lines.len()));
        let of = |lines: &[&[u8]]| {
            let mut operations = Operations::new(Settings::default());
            operations.feed(&lines.concat(), &foreign::FORMATS[format]);
            operations
        };
        let mut merged = of(two);
        merged.merge(of(one));
        prop_assert_eq!(merged.report(None), of(&lines).report(None));
    }
}
