//! Ordinary log strings, in which nothing may be found.
//!
//! `corpus/ordinary.txt` has 10,000 lines as programs write them, each another: access logs, SQL, stack traces of six languages, JSON,
//! settings, Kubernetes, commits, ids and hashes, numbers in the shape of cards, parsers that speak of tokens, and prose that speaks
//! of passwords, secrets and cookies without having any. A line that is found to be masked in vain belongs there.

use trine_model::mask::{Detectors, Finding};

const LINES: usize = 10_000;
/// Lines that are read as one text, as those of a dump are.
const LINES_OF_A_TEXT: usize = 8;

fn lines() -> Vec<&'static str> {
    include_str!("corpus/ordinary.txt").lines().collect()
}

/// Masks nothing of any of the texts; or says of which, and what.
#[track_caller]
fn assert_clean(texts: impl Iterator<Item = String>) {
    let detectors = Detectors::default();
    let marked = |text: &str, found: &Finding| {
        format!(
            "{}: `{}` of {text}",
            found.kind,
            String::from_utf8_lossy(&text.as_bytes()[found.range.clone()])
        )
    };
    let found: Vec<String> = texts
        .flat_map(|text| {
            detectors.find(text.as_bytes()).map(|found| marked(&text, &found)).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{} found in vain:\n{}", found.len(), found[..found.len().min(20)].join("\n"));
}

#[test]
fn nothing_is_found_in_ordinary_lines() {
    let mut distinct = lines();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), LINES);
    assert_clean(lines().into_iter().map(str::to_owned));
}

#[test]
fn nothing_is_found_in_ordinary_lines_inside_json() {
    let escaped = |line: &str| line.replace('\\', "\\\\").replace('"', "\\\"");
    assert_clean(lines().into_iter().map(|line| format!("{{\"message\":\"{}\",\"n\":1}}", escaped(line))));
}

#[test]
fn nothing_is_found_in_texts_of_several_ordinary_lines() {
    assert_clean(lines().windows(LINES_OF_A_TEXT).map(|lines| lines.join("\n")));
}

#[test]
fn a_secret_among_ordinary_lines_is_found() {
    let secrets = [
        "password=hunter2".to_owned(),
        "4111 1111 1111 1111".to_owned(),
        ["ghp", "_"].concat() + &"a1".repeat(18),
    ];
    for (line, secret) in lines().into_iter().zip(secrets.iter().cycle()) {
        let text = format!("{line}\n{secret}\n{line}");
        assert_eq!(Detectors::default().find(text.as_bytes()).count(), 1, "{text}");
    }
}
