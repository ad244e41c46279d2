//! What the documents show of the command is what it prints.
#![forbid(unsafe_code)]

use std::process::Command;

/// The lines of a document between two others, without empty ones.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no `{begin}`"));
    let (shown, _) = rest.split_once(end).unwrap_or_else(|| panic!("no `{end}` behind `{begin}`"));
    shown.lines().filter(|line| !line.is_empty()).collect()
}

/// The command lines and the names in a text, ids and numbers left out: no two runs of the shop have the same.
fn names(line: &str) -> Vec<String> {
    let is_command = line.starts_with("$ trine");
    let words = line.split_whitespace().filter(|word| is_command || word.contains('_'));
    words
        .filter(|word| {
            !word.contains(|c: char| c.is_ascii_digit()) && !word.contains('=') && !word.contains('…')
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let readme = include_str!("../../../README.md");
    let output = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(["demo", "--seconds", "1"])
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let shown = between(readme, "cust", "How fast a program emits");
    let shown =
        shown.into_iter().skip_while(|line| !line.starts_with("A shop worked")).filter(|line| *line != "```");
    let mut compared = 0;
    for name in shown.flat_map(names) {
        assert!(printed.contains(&name), "the demo does not print: {name}");
        compared += 1;
    }
    assert!(compared > 25, "only {compared} names");
}

#[test]
fn the_document_shows_the_tree_of_its_case() {
    let document = between(include_str!("../../../docs/ops.md"), "```text\norder_id ORD-1", "```");
    let case = between(include_str!("cases/flow_is_a_tree.case"), "--- stdout\norder_id ORD-1", "--- run");
    assert_eq!(document, case);
}
