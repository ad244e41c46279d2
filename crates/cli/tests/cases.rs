//! Runs the cases in `cases/`: each a file that anybody could write, with logs, command lines, and what comes of them.
//!
//! ```text
//! --- input shop.jsonl
//! {"event":"a_b_started","request_id":"r1","timestamp":"2025-10-24T10:00:00.000000Z","level":"info"}
//! --- run ops shop.jsonl
//! --- stdout
//! ...
//! ```
//!
//! `--- input FILE` is a log, in a folder of the case's own; `--- run ARGS` a command line, with quotes as in a shell; `--- stdin` what is
//! given to it; `--- stdout`, `--- stderr` and `--- exit N` what is expected of it: nothing, nothing and 0 where they are not there. What
//! stands before the first `---` says what the case is about. A case may have several runs, in order.
//!
//! `TRINE_CASES=overwrite cargo test -p trine-cli --test cases` writes what came into the files, to be read before it is kept.
#![forbid(unsafe_code)]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Columns of the terminal that the commands believe to write to.
const COLUMNS: &str = "100";

/// A part of a case: what stands behind `---`, and the lines below.
struct Section {
    head: String,
    body: String,
}

fn sections(text: &str) -> (String, Vec<Section>) {
    let (mut about, mut sections) = (String::new(), Vec::<Section>::new());
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("--- "), sections.last_mut()) {
            (Some(head), _) => {
                sections.push(Section { head: head.trim_end().to_owned(), body: String::new() });
            }
            (None, Some(section)) => section.body.push_str(line),
            (None, None) => about.push_str(line),
        }
    }
    (about, sections)
}

/// A command line, cut into words; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What a run should give, or gave.
#[derive(Debug, PartialEq)]
struct Outcome {
    stdout: String,
    stderr: String,
    exit: i32,
}

fn run(folder: &Path, line: &str, stdin: &str) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(words(line))
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", COLUMNS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended before.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Outcome {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        exit: output.status.code().unwrap_or(-1),
    }
}

/// Runs one case; what it would say if it were true, and what was not.
fn check(path: &Path) -> (String, Vec<String>) {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let folder = std::env::temp_dir().join(format!("trine-case-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (mut text, sections) = sections(&fs::read_to_string(path).unwrap());
    let mut wrong = Vec::new();
    let mut rest = sections.into_iter().peekable();
    while let Some(section) = rest.next() {
        text.push_str(&format!("--- {}\n{}", section.head, section.body));
        if let Some(file) = section.head.strip_prefix("input ") {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &section.body).unwrap();
            continue;
        }
        let line =
            section.head.strip_prefix("run ").unwrap_or_else(|| panic!("{name}: `--- {}`", section.head));
        let mut stdin = String::new();
        let mut expected = Outcome { stdout: String::new(), stderr: String::new(), exit: 0 };
        while let Some(part) =
            rest.next_if(|part| !part.head.starts_with("run ") && !part.head.starts_with("input "))
        {
            match part.head.as_str() {
                "stdin" => {
                    text.push_str(&format!("--- stdin\n{}", part.body));
                    stdin = part.body;
                }
                "stdout" => expected.stdout = part.body,
                "stderr" => expected.stderr = part.body,
                head => {
                    expected.exit = head
                        .strip_prefix("exit ")
                        .and_then(|code| code.parse().ok())
                        .unwrap_or_else(|| panic!("{name}: `--- {head}`"));
                }
            }
        }
        let found = run(&folder, line, &stdin);
        if found != expected {
            wrong.push(format!(
                "{name}: trine {line}\n--- expected\n{}--- found\n{}",
                shown(&expected),
                shown(&found)
            ));
        }
        text.push_str(&shown(&found));
    }
    fs::remove_dir_all(folder).unwrap();
    (text, wrong)
}

/// As it stands in a case.
fn shown(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (head, body) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        if !body.is_empty() {
            text.push_str(&format!("--- {head}\n{body}"));
        }
    }
    if outcome.exit != 0 {
        text.push_str(&format!("--- exit {}\n", outcome.exit));
    }
    text
}

#[test]
fn every_case_is_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    paths.sort();
    assert!(!paths.is_empty());
    let overwrites = std::env::var_os("TRINE_CASES").is_some_and(|value| value == "overwrite");
    let mut wrong = Vec::new();
    for path in paths {
        let (text, differences) = check(&path);
        if overwrites {
            fs::write(&path, text).unwrap();
        } else {
            wrong.extend(differences);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_are_held_together_by_quotes() {
    assert_eq!(
        words(r#"query a.jsonl 'event:"x y" AND b' ''"#),
        ["query", "a.jsonl", r#"event:"x y" AND b"#, ""]
    );
}

#[test]
fn a_case_that_is_not_true_is_found() {
    let path = std::env::temp_dir().join(format!("trine-wrong-{}.case", std::process::id()));
    fs::write(&path, "Wrong.\n--- run generate -n 0\n--- stdout\nsomething\n").unwrap();
    let (text, wrong) = check(&path);
    fs::remove_file(path).unwrap();
    assert_eq!(wrong.len(), 1);
    assert_eq!(text, "Wrong.\n--- run generate -n 0\n");
}
