//! The logs that are made up: valid, ordered, repeatable, and worth asking.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use trine_model::{EventName, Role};
use trine_query::{
    generate::{Generator, Settings, write},
    scan::{line::Line, time},
};

fn text(settings: Settings) -> Vec<u8> {
    let mut text = Vec::new();
    write(settings, &mut text).unwrap();
    text
}

/// Four hours: one whole tide, so that the rate is the mean one.
const HOURS: Settings = Settings {
    seed: 3,
    events: 60_000,
    start_ns: 1_761_292_800 * time::SECOND_NS,
    rate: 60_000.0 / 14_400.0,
};

fn events() -> Vec<Value> {
    text(HOURS)
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[test]
fn the_same_settings_give_the_same_bytes_and_other_seeds_others() {
    let settings = Settings { events: 1_000, ..Settings::default() };
    assert_eq!(text(settings), text(settings));
    assert_ne!(text(settings), text(Settings { seed: 2, ..settings }));
    // Kept, so that demos and documents stay true: a change here is a change of every figure that was quoted.
    let hash = text(settings).iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(format!("{hash:x}"), "8ef072af1ce22bab");
}

#[test]
fn a_log_begins_like_a_longer_one() {
    let short = text(Settings { events: 500, ..Settings::default() });
    assert!(text(Settings { events: 700, ..Settings::default() }).starts_with(&short));
}

#[test]
fn lines_have_our_shape_and_are_in_order() {
    let text = text(HOURS);
    let mut last = i64::MIN;
    for bytes in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line = Line::new(bytes);
        line.check().unwrap();
        let ends = line.ends().unwrap();
        let name = str::from_utf8(line.name_in_front().unwrap()).unwrap();
        EventName::intern(name).unwrap();
        let time = time::from_raw(ends.time).unwrap();
        assert!(time >= last);
        last = time;
        let mut keys = HashSet::new();
        assert!(line.members().all(|member| keys.insert(member.unwrap().key_bytes())));
    }
    let bytes = text.len() as u64 / HOURS.events;
    assert!((250..290).contains(&bytes), "{bytes} bytes a line");
}

#[test]
fn the_rate_is_the_one_that_was_asked_for() {
    let events = events();
    let at = |event: &Value| time::from_text(event["timestamp"].as_str().unwrap().as_bytes()).unwrap();
    let seconds = (at(&events[events.len() - 1]) - HOURS.start_ns) as f64 / time::SECOND_NS as f64;
    let rate = events.len() as f64 / seconds;
    assert!((rate / HOURS.rate - 1.0).abs() < 0.03, "{rate}");
}

#[test]
fn every_question_has_an_answer() {
    let events = events();
    let name = |event: &Value| event["event"].as_str().unwrap().to_owned();
    let mut counts: HashMap<String, usize> = HashMap::new();
    events.iter().for_each(|event| *counts.entry(name(event)).or_default() += 1);
    assert!(counts.len() >= 25, "{counts:?}");

    let currencies: HashSet<&str> = events
        .iter()
        .filter(|event| name(event) == "payment_process_success" && event["amount"].as_f64().unwrap() > 0.0)
        .map(|event| event["currency"].as_str().unwrap())
        .collect();
    assert_eq!(currencies.len(), 6);

    // One request, several events, several domains.
    let mut flows: HashMap<&str, HashSet<String>> = HashMap::new();
    for event in &events {
        flows.entry(event["request_id"].as_str().unwrap()).or_default().insert(name(event));
    }
    assert!(flows.values().any(|names| names.len() >= 8));

    // Started without an end, and most with one.
    let mut open: HashMap<(&str, String), i32> = HashMap::new();
    for event in &events {
        let name = EventName::intern(&name(event)).unwrap();
        let change = match name.role() {
            Role::Open => 1,
            Role::Ok | Role::Fail => -1,
            _ => continue,
        };
        let operation = format!("{}_{}", name.domain(), name.action());
        *open.entry((event["request_id"].as_str().unwrap(), operation)).or_default() += change;
    }
    let started = open.values().filter(|count| **count == 1).count();
    assert!((20..2_000).contains(&started), "{started} of {}", open.len());

    let failed = |name: &str| counts[&format!("payment_process_{name}")];
    assert!(failed("failed") * 5 < failed("success") && failed("failed") * 50 > failed("success"));
    let weights = events.iter().filter(|event| event["sample_rate"].as_f64() == Some(0.01)).count();
    assert!(weights > 100 && weights == counts["cache_hit"]);
    let batched = events.iter().filter_map(|event| event["events"].as_array());
    assert!(batched.clone().count() > 100);
    assert!(batched.flatten().all(|item| item["event"] == "item_processed"));
    let text = text(HOURS);
    assert!(memchr::memmem::find(&text, b"connection reset by peer").is_some());
}

#[test]
fn odd_settings_are_held_within_bounds() {
    for rate in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
        let mut line = Vec::new();
        assert!(
            Generator::new(Settings { rate, start_ns: i64::MAX - 1, ..Settings::default() }).line(&mut line)
        );
    }
    assert!(text(Settings { events: 0, ..Settings::default() }).is_empty());
}
