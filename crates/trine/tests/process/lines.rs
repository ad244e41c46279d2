//! Reads what a program wrote.

use std::{collections::BTreeMap, ops::Range, path::Path};

use serde_json::Value;

/// The events of a file. Fails when a line is not whole, or not JSON.
#[track_caller]
pub(crate) fn events(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    events_in(&text)
}

/// The events of a text, as [`events`].
#[track_caller]
pub(crate) fn events_in(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn: {:?}", text.lines().last());
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
    text.lines().map(parse).collect()
}

/// The events of one name.
pub(crate) fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

/// The numbers `n` of the events `step_done`, by their `thread`, in the order of the file.
pub(crate) fn steps(events: &[Value]) -> BTreeMap<u64, Vec<u64>> {
    let mut threads: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for event in named(events, "step_done") {
        let number = |key: &str| event[key].as_u64().unwrap_or_else(|| panic!("no {key} in {event}"));
        threads.entry(number("thread")).or_default().push(number("n"));
    }
    threads
}

/// As [`steps`] of [`events`], for files that hold nothing else: a strict look at the bytes, a hundred times as fast.
#[track_caller]
pub(crate) fn steps_only(path: &Path) -> Steps {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn: {:?}", text.lines().last());
    let mut steps = Steps::default();
    for line in text.lines() {
        let step = step_of(line).unwrap_or_else(|| panic!("not a step: {line:?}"));
        steps.numbers.entry(step.0).or_default().push(step.1);
        steps.times.entry(step.0).or_default().push(step.2.to_owned());
    }
    steps
}

/// The steps of a file, by thread, in the order of the file.
#[derive(Default)]
pub(crate) struct Steps {
    pub(crate) numbers: BTreeMap<u64, Vec<u64>>,
    pub(crate) times: BTreeMap<u64, Vec<String>>,
}

/// Thread, number and time of a line that is a step and nothing but that.
fn step_of(line: &str) -> Option<(u64, u64, &str)> {
    let rest = line.strip_prefix("{\"event\":\"step_done\",\"thread\":")?;
    let (thread, rest) = rest.split_once(",\"n\":")?;
    let (n, rest) = rest.split_once(",\"timestamp\":\"")?;
    let time = rest.strip_suffix("\",\"level\":\"info\"}")?;
    let is_time =
        time.len() == "2026-11-23T10:00:00.000000Z".len() && !time.contains('"') && time.ends_with('Z');
    is_time.then_some((thread.parse().ok()?, n.parse().ok()?, time))
}

/// Every one of `threads` counted to `count`, once, in order; and nobody else did anything.
#[track_caller]
pub(crate) fn assert_steps(events: &[Value], threads: Range<u64>, count: u64) {
    assert_numbers(&steps(events), threads, count);
}

/// As [`assert_steps`], of what [`steps`] or [`steps_only`] found.
#[track_caller]
pub(crate) fn assert_numbers(steps: &BTreeMap<u64, Vec<u64>>, threads: Range<u64>, count: u64) {
    assert_eq!(steps.keys().copied().collect::<Vec<_>>(), threads.collect::<Vec<_>>());
    for (thread, numbers) in steps {
        assert_counts_up(*thread, numbers);
        assert_eq!(numbers.len() as u64, count, "thread {thread}");
    }
}

/// Zero, one, two, ...: nothing is missing, double or in the wrong place.
#[track_caller]
pub(crate) fn assert_counts_up(thread: u64, numbers: &[u64]) {
    let wrong = numbers.iter().zip(0..).position(|(found, expected)| *found != expected);
    if let Some(at) = wrong {
        let around = &numbers[at.saturating_sub(3)..(at + 3).min(numbers.len())];
        panic!("thread {thread}: at {at} of {} comes {around:?}", numbers.len());
    }
}

/// Events lost, by name, as the events `trine_events_lost` tell it.
pub(crate) fn lost(events: &[Value]) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    for event in named(events, "trine_events_lost") {
        for (name, count) in event["names"].as_object().expect("a map of names") {
            *names.entry(name.clone()).or_default() += count.as_u64().expect("a count");
        }
    }
    names
}
