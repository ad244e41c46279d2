//! The shop of the demo, which really runs and is really killed.
#![forbid(unsafe_code)]

use std::{collections::HashSet, fs, process::Command};

/// What a command printed.
fn trine(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(arguments)
        .env("COLUMNS", "100")
        .env_remove("NO_COLOR")
        // What is meant for other programs does not reach the shop.
        .env("TRINE_LEVEL", "off")
        .env("TRINE_OUTPUT", "stdout")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_shop_is_killed_and_its_log_is_whole() {
    let folder = std::env::temp_dir().join(format!("trine-demo-test-{}", std::process::id()));
    let place = folder.to_str().unwrap();
    // Twice: what was kept of another run is no part of this one.
    trine(&["demo", "--seconds", "1", "--keep", place]);
    let printed = trine(&["demo", "--seconds", "1", "--keep", place]);
    let log = fs::read_to_string(folder.join("shop.jsonl")).unwrap();
    assert!(printed.starts_with("A shop worked for 1 s, on 24 threads, and was killed"), "{printed}");
    let digits: String = printed.lines().nth(1).unwrap().chars().take_while(|c| *c != 'e').collect();
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits.parse::<usize>().unwrap(), log.lines().count(), "{printed}");
    assert!(log.ends_with("}\n"), "no line is cut");
    assert_eq!(log.lines().collect::<HashSet<_>>().len(), log.lines().count(), "no line is there twice");
    assert_eq!(printed.matches("\n$ trine ").count(), 5, "{printed}");
    assert!(printed.contains("failed: "), "{printed}");
    assert!(!folder.join("black-box").exists(), "what was recovered is gone");
    // It was killed in the middle of requests; each thread has one at most.
    let ops = trine(&["ops", folder.join("shop.jsonl").to_str().unwrap(), "--output", "csv"]);
    let place = ops.lines().next().unwrap().split(',').position(|head| head == "in_flight").unwrap();
    let row = ops.lines().find(|line| line.starts_with("api_request,")).unwrap();
    let in_flight: u64 = row.split(',').nth(place).unwrap().parse().unwrap();
    assert!((1..=24).contains(&in_flight), "{ops}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn nothing_is_left_behind_and_nobody_complains() {
    let folder = std::env::temp_dir().join(format!("trine-demo-tidy-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    let output = command.args(["demo", "--seconds", "1"]).env("TMPDIR", &folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.lines().all(|line| line.starts_with("note: ")), "{told}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::remove_dir_all(folder).unwrap();
}
