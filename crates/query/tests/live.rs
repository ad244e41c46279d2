//! A followed question gives what asking the whole log gives.

use std::io::Cursor;

use trine_query::{
    answer::Answer,
    engine::{Live, Settings, ask},
    generate,
    scan::input::Input,
};

fn log() -> Vec<u8> {
    let mut log = Vec::new();
    let settings = generate::Settings { events: 3_000, ..generate::Settings::default() };
    generate::write(settings, &mut log).expect("memory takes all");
    log
}

/// The same answer, of as many events.
#[track_caller]
fn check(question: &str) {
    let (last, whole) = check_rows(question);
    assert_eq!(last.notes.matched, whole.notes.matched);
    assert_eq!(last.notes.sampled, whole.notes.sampled);
}

/// The last answer, and that of the whole log.
#[track_caller]
fn check_rows(question: &str) -> (Answer, Answer) {
    let log = log();
    let settings = Settings { threads: 1, ..Settings::default() };
    let whole = ask(question, &Input::reader("log", Cursor::new(log.clone())), &settings).unwrap();
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let past = lines[..1_000].concat();
    let mut live = Live::begin(question, &Input::reader("past", Cursor::new(past)), &settings).unwrap();
    let (mut events, is_of_events) = (String::new(), live.is_of_events());
    for lines in lines[1_000..].chunks(97) {
        live.feed(&lines.concat()).unwrap();
        if is_of_events {
            events.push_str(&live.answer().ndjson());
        }
    }
    let last = live.answer();
    assert_eq!(if is_of_events { events } else { last.ndjson() }, whole.ndjson(), "{question}");
    (last, whole)
}

#[test]
fn groups_grow_to_those_of_the_whole() {
    check("count() by event");
    check("p95(duration_ms), sum(amount), count_distinct(user_id) by domain, 1m | where domain:payment");
    check("role:fail | top(2, reason), first(event), last(event)");
    check("* | facets 2");
    check("* | field_names");
}

#[test]
fn events_are_given_as_they_come() {
    check("level:error");
    check("event:user_action | fields action_type, amount");
}

#[test]
fn the_first_of_each_kind_are_given_once() {
    check("event:user_action | dedup action_type");
    check("event:user_action | dedup action_type, category | fields action_type, category");
}

#[test]
fn so_many_events_are_given_and_no_more() {
    check_rows("level:error | limit 13");
    check_rows("event:user_action | fields action_type, amount | limit 50");
    check_rows("* | dedup user_id | limit 100");
    let mut live = Live::begin("level:error | limit 2", &Input::default(), &Settings::default()).unwrap();
    for (fed, is_done) in [(1, false), (3, true)] {
        live.feed(&b"{\"event\":\"a_b_failed\",\"level\":\"error\"}\n".repeat(fed)).unwrap();
        assert_eq!((live.answer().rows.len(), live.is_done()), (1, is_done));
    }
}

#[test]
fn what_changes_with_each_event_is_given_whole() {
    check("* | sort -duration_ms | limit 3");
    check("* | sort duration_ms | fields event, duration_ms | limit 2");
    check("* | dedup user_id | count() by level");
    check("pair by request_id | count(), p95(duration_ms) by operation, outcome");
    check("pair by request_id | sort -duration_ms | limit 5");
    check_rows("level:error | limit 13 | count() by event");
}

#[test]
fn what_needs_all_events_cannot_be_followed() {
    for question in [
        "* | sort amount",
        "* | sort amount | fields amount",
        "* | context 2",
        "count() | compare 1h",
        "a in (b:1 | fields a)",
    ] {
        let error = Live::begin(question, &Input::default(), &Settings::default()).unwrap_err();
        assert!(error.to_string().contains("cannot be followed"), "{error}");
    }
}
