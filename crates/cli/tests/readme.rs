//! What the documents show of the command is what it prints.
#![forbid(unsafe_code)]

use std::process::Command;

/// The lines of a document between two others, without empty ones.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no `{begin}`"));
    let (shown, _) = rest.split_once(end).unwrap_or_else(|| panic!("no `{end}` behind `{begin}`"));
    shown.lines().filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let readme = include_str!("../../../README.md");
    let output = Command::new(env!("CARGO_BIN_EXE_trine"))
        .arg("demo")
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let shown = between(readme, "cust", "How fast a program emits");
    let shown =
        shown.into_iter().skip_while(|line| !line.starts_with("$ trine")).filter(|line| *line != "```");
    let mut lines = printed.lines();
    let mut compared = 0;
    for line in shown {
        assert!(
            lines.any(|printed| printed == line),
            "the demo does not print, or not in this order: {line}"
        );
        compared += 1;
    }
    assert!(compared > 15, "only {compared} lines");
}

#[test]
fn the_document_shows_the_tree_of_its_case() {
    let document = between(include_str!("../../../docs/ops.md"), "```text\norder_id ORD-1", "```");
    let case = between(include_str!("cases/flow_is_a_tree.case"), "--- stdout\norder_id ORD-1", "--- run");
    assert_eq!(document, case);
}
