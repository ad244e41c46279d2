//! docs/query.md is true: every example in it is run, and every function and stage has one.
//!
//! `TRINE_CASES=overwrite cargo test -p trine-cli --test query_doc` writes what comes into the page, to be read before it is kept.
#![forbid(unsafe_code)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use trine_query::lang::FUNCTIONS;

/// Stages that have a word.
const STAGES: [&str; 15] = [
    "where",
    "extend",
    "fields",
    "sort",
    "limit",
    "dedup",
    "explode",
    "collapse_nums",
    "facets",
    "field_names",
    "field_values",
    "pair by",
    "differ",
    "context",
    "compare",
];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/query.md")
}

/// What a command of the page gives, out and errors.
fn run(folder: &Path, command: &str) -> String {
    let question = command.split('\'').nth(1).unwrap_or_default();
    let (before, after) = command.split_once(&format!("'{question}'")).unwrap_or((command, ""));
    let words = before.split_whitespace().skip(1).chain([question]).chain(after.split_whitespace());
    let output = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "120")
        .output()
        .expect("the program runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    text.concat()
}

/// The logs of the page: what stands behind "```json FILE".
fn logs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("```json ").skip(1).filter_map(|block| {
        let (file, rest) = block.split_once('\n')?;
        Some((file, rest.split_once("```")?.0))
    })
}

#[test]
fn every_example_of_the_page_is_true() {
    let text = fs::read_to_string(page()).expect("the page is there");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("query_doc");
    fs::create_dir_all(&folder).expect("a folder");
    for (file, log) in logs(&text) {
        fs::write(folder.join(file), log).expect("a log");
    }
    let mut lines = text.lines();
    let (mut out, mut commands) = (String::new(), Vec::new());
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line == "```console" {
            // What a command gave before is replaced by what it gives.
            for line in lines.by_ref().take_while(|line| *line != "```") {
                if let Some(command) = line.strip_prefix("$ ") {
                    out.push_str(&format!("{line}\n{}", run(&folder, command)));
                    commands.push(command.to_owned());
                }
            }
            out.push_str("```\n");
        }
    }
    for function in FUNCTIONS {
        let call = format!("{}(", function.name);
        assert!(commands.iter().any(|command| command.contains(&call)), "no example calls {call}…)");
    }
    for stage in STAGES {
        assert!(
            commands.iter().any(|command| command.contains(&format!("| {stage}"))),
            "no example of {stage}"
        );
    }
    if env::var("TRINE_CASES").is_ok_and(|wish| wish == "overwrite") {
        fs::write(page(), out).expect("the page can be written");
    } else {
        assert_eq!(out, text);
    }
}
