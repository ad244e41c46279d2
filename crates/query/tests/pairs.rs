//! `pair by`: the runs that a plain list of stacks finds, by however many threads the log is read.
#![forbid(unsafe_code)]

use std::{collections::BTreeMap, fs};

use proptest::prelude::*;
use trine_query::{
    engine::{Settings, ask},
    scan::{input::Input, time},
};

/// Second, operation, status, key.
type Event = (i64, usize, usize, u8);

const OPERATIONS: [&str; 2] = ["a_b", "c_d"];
/// In the order in which those of one moment count.
const STATUSES: [(&str, &str); 3] = [("started", "open"), ("success", "success"), ("failed", "failure")];

fn at(second: i64) -> String {
    String::from_utf8(time::to_text(second * 1_000_000_000).to_vec()).unwrap()
}

fn line((second, operation, status, key): Event) -> String {
    let (operation, status) = (OPERATIONS[operation], STATUSES[status].0);
    // One in five has no key, and is part of no run.
    let key = if key == 0 { String::new() } else { format!("\"k\":\"key {key}\",") };
    format!(
        "{{\"event\":\"{operation}_{status}\",{key}\"timestamp\":\"{}\",\"level\":\"info\"}}\n",
        at(second)
    )
}

/// Operation, key, begin, end, outcome; sorted.
fn expected(events: &[Event]) -> Vec<String> {
    // Second, status, place in the log.
    type End = (i64, usize, usize);
    let mut of_key: BTreeMap<(usize, u8), Vec<End>> = BTreeMap::new();
    for (place, (second, operation, status, key)) in
        events.iter().enumerate().filter(|(_, event)| event.3 > 0)
    {
        of_key.entry((*operation, *key)).or_default().push((*second, *status, place));
    }
    let mut runs = Vec::new();
    for ((operation, key), mut ends) in of_key {
        ends.sort_unstable();
        let mut open = Vec::new();
        let mut run = |begin: Option<i64>, end: Option<(i64, usize)>| {
            let text = |second: Option<i64>| {
                second.map_or("null".to_owned(), |second| format!("\"{}\"", at(second)))
            };
            let outcome = end.map_or("open", |(_, status)| STATUSES[status].1);
            runs.push(format!(
                "{{\"operation\":\"{}\",\"k\":\"key {key}\",\"started\":{},\"ended\":{},\"outcome\":\"{outcome}\"}}",
                OPERATIONS[operation],
                text(begin),
                text(end.map(|(second, _)| second)),
            ));
        };
        for (second, status, _) in ends {
            if status == 0 {
                open.push(second);
            } else {
                run(open.pop(), Some((second, status)));
            }
        }
        open.into_iter().for_each(|second| run(Some(second), None));
    }
    runs.sort();
    runs
}

proptest! {
    #[test]
    fn runs_are_those_of_a_stack_for_each_key_whoever_reads_what(
        events in prop::collection::vec((0_i64..12, 0_usize..2, 0_usize..3, 0_u8..5), 0..60),
        cuts in prop::collection::vec(0_usize..60, 0..4),
    ) {
        let folder = std::env::temp_dir().join(format!("trine-pairs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut files = Vec::new();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(events.len())).collect();
        cuts.sort_unstable();
        let mut begin = 0;
        for cut in cuts.into_iter().chain([events.len()]) {
            let text: String = events[begin..cut].iter().copied().map(line).collect();
            files.push(folder.join(format!("{}.jsonl", files.len())));
            fs::write(files.last().unwrap(), text).unwrap();
            begin = cut;
        }
        let settings = Settings { threads: 3, is_lenient: true, ..Settings::default() };
        let question = "* | pair by k | fields operation, k, started, ended, outcome";
        let answer = ask(question, &Input::files(files), &settings).unwrap().ndjson();
        let begins: Vec<&str> = answer.lines().map(|run| {
            let of = |key: &str| run.split(key).nth(1).and_then(|rest| rest.split('"').nth(1)).unwrap();
            if run.contains("\"started\":null") { of("\"ended\":") } else { of("\"started\":") }
        }).collect();
        prop_assert!(begins.is_sorted(), "{answer}");
        let mut runs: Vec<&str> = answer.lines().collect();
        runs.sort_unstable();
        prop_assert_eq!(runs, expected(&events));
    }
}
