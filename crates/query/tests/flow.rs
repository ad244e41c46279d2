//! Trees of flows: what lies in what, what never ended, and where nothing happened.
#![forbid(unsafe_code)]

use proptest::prelude::*;
use trine_query::{
    flow::{Finder, Flow, What},
    scan::{
        foreign,
        input::{Input, Options, TimeRange, scan},
        time,
    },
};

/// A line of this name at this millisecond of the day, with these fields in JSON.
fn line(name: &str, ms: i64, fields: &str) -> String {
    let at = time::to_text(time::from_text(b"2025-10-24").unwrap() + ms * 1_000_000);
    format!(
        "{{\"event\":\"{name}\",{fields},\"timestamp\":\"{}\",\"level\":\"info\"}}\n",
        str::from_utf8(&at).unwrap()
    )
}

fn flow_in(log: &str, id: &str, format: &str, options: &Options<'_>) -> Flow {
    let finder = Finder::new(id, options.range);
    let input = Input::reader("log", std::io::Cursor::new(log.to_owned()));
    let format = foreign::named(format).unwrap();
    let found = scan(&input, options, || finder.begin(), |found, block| finder.feed(found, block, format));
    finder.finish(found.states)
}

/// The tree as text: a blank for each level, `>` for what never ended, `*` for an event, `~` for a gap.
fn tree(flow: &Flow) -> String {
    let line = |node: &trine_query::flow::Node| {
        let mark = match node.what {
            What::Run => "",
            What::Unfinished => ">",
            What::Event => "*",
            What::Gap => "~",
        };
        format!("{}{mark}{}\n", " ".repeat(node.depth), node.name)
    };
    flow.nodes.iter().map(line).collect()
}

#[track_caller]
fn check(log: &str, expected: &str) {
    assert_eq!(tree(&flow_in(log, "r1", "trine", &Options::default())), expected);
}

const ID: &str = r#""request_id":"r1""#;

#[test]
fn what_begins_and_ends_within_a_run_lies_in_it() {
    let log = line("a_one_started", 0, ID)
        + &line("b_two_started", 1, ID)
        + &line("c_three_done", 2, ID)
        + &line("cache_hit", 3, ID)
        + &line("b_two_failed", 5, ID)
        + &line("d_four_completed", 9, r#""request_id":"r1","duration_ms":3"#)
        + &line("a_one_success", 10, ID)
        + &line("e_five_changed", 11, ID);
    check(&log, "a_one\n b_two\n  *c_three_done\n  *cache_hit\n d_four\n*e_five_changed\n");
}

#[test]
fn a_parent_that_is_said_is_the_parent() {
    let with = |operation: &str, parent: &str| {
        let parent = if parent.is_empty() { String::new() } else { format!(r#","parent":"{parent}""#) };
        format!(r#"{ID},"operation_id":"{operation}"{parent}"#)
    };
    // Two that run side by side, each with one below it.
    let log = line("a_one_started", 0, &with("o1", ""))
        + &line("b_two_started", 1, &with("o2", "o1"))
        + &line("b_two_started", 2, &with("o3", "o1"))
        + &line("c_three_started", 3, &with("o4", "o2"))
        + &line("c_three_completed", 4, &with("o4", "o2"))
        + &line("b_two_slow", 5, &with("o2", "o1"))
        + &line("b_two_completed", 6, &with("o2", "o1"))
        + &line("b_two_completed", 7, &with("o3", "o1"))
        + &line("a_one_completed", 8, &with("o1", ""));
    check(&log, "a_one\n b_two\n  c_three\n  *b_two_slow\n b_two\n");
}

#[test]
fn parents_that_go_in_a_circle_hang_nothing() {
    let log = line("a_one_started", 0, r#""request_id":"r1","operation_id":"o1","parent":"o2""#)
        + &line("b_two_started", 1, r#""request_id":"r1","operation_id":"o2","parent":"o1""#)
        + &line("c_three_started", 2, r#""request_id":"r1","operation_id":"o3","parent":"o3""#);
    let flow = flow_in(&log, "r1", "trine", &Options::default());
    assert_eq!(flow.nodes.len(), 3, "{}", tree(&flow));
}

#[test]
fn what_never_ended_is_shown_and_may_lie_in_what_did() {
    let log = line("a_one_started", 0, ID) + &line("b_two_started", 1, ID) + &line("a_one_failed", 5, ID);
    check(&log, "a_one\n >b_two\n");
}

#[test]
fn a_long_silence_is_a_gap() {
    let log = line("a_one_started", 0, ID)
        + &line("b_two_started", 1, ID)
        + &line("b_two_success", 100, ID)
        + &line("c_three_started", 600, ID)
        + &line("c_three_success", 990, ID)
        + &line("a_one_success", 1_000, ID);
    check(&log, "a_one\n b_two\n ~\n c_three\n");
    let flow = flow_in(&log, "r1", "trine", &Options::default());
    assert_eq!(flow.nodes[2].end_ns.unwrap() - flow.nodes[2].begin_ns, 500_000_000);
}

#[test]
fn an_id_is_found_in_any_field_and_at_any_depth_but_not_in_a_part_of_one() {
    let log = line("a_b", 0, r#""x":{"y":["r1"]}"#)
        + &line("c_d", 1, r#""x":"r12","r1":7"#)
        + &line("e_f", 2, r#""x":"not r1""#)
        + &line("events_batch", 3, r#""events":[{"event":"g_h","i":"r1"},{"event":"j_k","i":"r2"}]"#)
        + &line("events_batch", 4, r#""events":[{"event":"l_m"},{"event":"n_o"}],"user":"r1""#);
    check(&log, "*a_b\n*g_h\n*l_m\n*n_o\n");
    let flow = flow_in(&log, "r1", "trine", &Options::default());
    let found: Vec<(&str, usize)> = flow.found_at.iter().map(|(key, n)| (key.as_str(), *n)).collect();
    assert_eq!(found, [("i", 1), ("user", 2), ("x", 1)]);
    let numbers = line("a_b", 0, r#""order":77"#)
        + &line("c_d", 1, r#""order":"77""#)
        + &line("e_f", 1, r#""order":770"#);
    assert_eq!(flow_in(&numbers, "77", "trine", &Options::default()).events, 2);
}

#[test]
fn logs_of_others_have_flows_too() {
    let log = r#"{"timestamp":"2025-10-24T10:00:00Z","level":"INFO","fields":{"message":"Request started","req_id":"r1","n":1},"target":"shop"}
{"timestamp":"2025-10-24T10:00:01Z","level":"ERROR","fields":{"message":"Request failed","req_id":"r1"},"target":"shop"}
"#;
    let flow = flow_in(log, "r1", "tracing", &Options::default());
    assert_eq!(tree(&flow), "request\n");
    assert_eq!(
        flow.nodes[0].fields,
        [("req_id", "r1"), ("target", "shop"), ("n", "1")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
}

#[test]
fn a_range_leaves_out_what_is_outside() {
    let log: String = (0..10).map(|ms| line("a_b", ms, ID)).collect();
    let begin = time::from_text(b"2025-10-24").unwrap();
    let range = Some(TimeRange { since_ns: begin + 2_000_000, until_ns: begin + 5_000_000 });
    assert_eq!(flow_in(&log, "r1", "trine", &Options { range, ..Options::default() }).events, 3);
}

proptest! {
    #[test]
    fn every_event_has_its_place_and_nothing_begins_before_what_it_lies_in(
        events in prop::collection::vec((0_usize..4, 0_usize..3, 0_i64..60, 0_usize..5, 0_usize..5), 0..40),
    ) {
        let mut events = events;
        events.sort_by_key(|event| event.2);
        let log: String = events
            .iter()
            .map(|(status, operation, ms, id, parent)| {
                let status = ["started", "completed", "failed", "changed"][*status];
                let mut fields = ID.to_owned();
                if *id > 0 { fields += &format!(r#","operation_id":"o{id}""#); }
                if *parent > 2 { fields += &format!(r#","parent":"o{parent}""#); }
                line(&format!("a_op{operation}_{status}"), *ms, &fields)
            })
            .collect();
        let flow = flow_in(&log, "r1", "trine", &Options::default());
        let of = |what: What| flow.nodes.iter().filter(|node| node.what == what).count();
        // A run has two events, or one.
        prop_assert!(of(What::Run) + of(What::Unfinished) + of(What::Event) <= events.len());
        prop_assert!(2 * of(What::Run) + of(What::Unfinished) + of(What::Event) >= events.len());
        prop_assert!(flow.nodes.first().is_none_or(|node| node.depth == 0));
        prop_assert!(flow.nodes.windows(2).all(|pair| pair[1].depth <= pair[0].depth + 1));
        // However it is read, it is the same.
        let options = Options { threads: 3, block_bytes: 100, ..Options::default() };
        prop_assert_eq!(flow, flow_in(&log, "r1", "trine", &options));
    }

    #[test]
    fn damaged_lines_of_any_format_have_a_tree(
        statuses in prop::collection::vec(0_usize..4, 1..30), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        format in 0_usize..10,
    ) {
        let mut log: Vec<u8> = statuses
            .iter()
            .enumerate()
            .map(|(place, status)| {
                let status = ["started", "completed", "failed", "changed"][*status];
                let fields = format!(r#"{ID},"operation_id":"o{}","parent":"o{}","duration_ms":{place}"#, place % 5, place % 3);
                line(&format!("a_op{}_{status}", place % 2), place as i64 * 7, &fields)
            })
            .collect::<String>()
            .into_bytes();
        for (place, byte) in damage {
            let place = place.index(log.len());
            log[place] = byte;
        }
        let finder = Finder::new("r1", None);
        let input = Input::reader("log", std::io::Cursor::new(log));
        let options = Options { threads: 1, ..Options::default() };
        let found = scan(&input, &options, || finder.begin(), |found, block| finder.feed(found, block, &foreign::FORMATS[format]));
        let flow = finder.finish(found.states);
        prop_assert!(flow.nodes.windows(2).all(|pair| pair[1].depth <= pair[0].depth + 1));
    }
}
