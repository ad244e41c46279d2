//! What happens while something happens: files that grow, readers that go away.
#![forbid(unsafe_code)]

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// Longest that a line may take: many times what it does, on a machine that does much else.
const WAIT: Duration = Duration::from_secs(60);

fn trine() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A program that runs, the lines that it prints, and a folder; all gone with it.
struct Running {
    child: Child,
    lines: Receiver<String>,
    folder: PathBuf,
}

impl Running {
    fn start(name: &str, log: &str, arguments: &[&str]) -> Running {
        let folder = std::env::temp_dir().join(format!("trine-live-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("live.jsonl"), log).unwrap();
        let mut child = trine().current_dir(&folder).args(arguments).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Running { child, lines, folder }
    }

    fn next(&self) -> String {
        self.lines.recv_timeout(WAIT).expect("a line in time")
    }

    fn append(&self, text: &str) {
        let mut file = OpenOptions::new().append(true).open(self.folder.join("live.jsonl")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn line(name: &str, level: &str) -> String {
    format!("{{\"event\":\"{name}\",\"timestamp\":\"2025-10-24T10:00:00.000000Z\",\"level\":\"{level}\"}}\n")
}

#[test]
fn tail_shows_what_comes_and_matches_across_a_rotation() {
    let first = line("a_first_failed", "error");
    let running = Running::start("tail", &first, &["tail", "live.jsonl", "level:error", "--raw", "-n", "1"]);
    // What was there is shown once the file is followed.
    assert_eq!(running.next() + "\n", first);
    running.append(&(line("b_second_done", "info") + &line("c_third_failed", "error")));
    assert_eq!(running.next() + "\n", line("c_third_failed", "error"));
    fs::rename(running.folder.join("live.jsonl"), running.folder.join("live.jsonl.1")).unwrap();
    let mut file = File::create(running.folder.join("live.jsonl")).unwrap();
    file.write_all(line("d_fourth_failed", "error").as_bytes()).unwrap();
    assert_eq!(running.next() + "\n", line("d_fourth_failed", "error"));
}

#[test]
fn a_followed_question_for_so_many_events_ends_with_the_last_of_them() {
    let question = "level:error | dedup event | limit 2";
    let mut running =
        Running::start("first", &line("a_b_failed", "error"), &["query", "live.jsonl", question, "--follow"]);
    // It prints nothing of what was there, and so does not say when it has begun.
    let comes = |name: &str| {
        (0..600).find_map(|_| {
            running.append(&line(name, "error"));
            running.lines.recv_timeout(Duration::from_millis(100)).ok()
        })
    };
    assert_eq!(comes("c_d_failed").unwrap() + "\n", line("c_d_failed", "error"));
    running.append(&(line("c_d_failed", "error") + &line("e_f_done", "info")));
    assert_eq!(comes("g_h_failed").unwrap() + "\n", line("g_h_failed", "error"));
    assert!(running.child.wait().unwrap().success());
}

#[test]
fn tail_tells_rates_each_second() {
    let running = Running::start("rates", "", &["tail", "live.jsonl", "--rates"]);
    running.next();
    running.append(&line("a_b_done", "info").repeat(50));
    let told = (0..10).map(|_| running.next()).find(|line| line.contains("a_b_done"));
    assert!(told.is_some(), "a second with events");
}

#[test]
fn tail_shows_what_is_piped_in_as_it_comes_and_ends_with_it() {
    for arguments in [&["tail", "--raw"][..], &["tail", "-", "level:error", "--raw"]] {
        let mut child = trine().args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let failed = line("a_b_failed", "error");
        // Half a line waits for its other half.
        stdin.write_all((failed.clone() + &failed[..20]).as_bytes()).unwrap();
        let mut shown = String::new();
        stdout.read_line(&mut shown).unwrap();
        stdin.write_all(failed[20..].trim_end().as_bytes()).unwrap();
        drop(stdin);
        stdout.read_to_string(&mut shown).unwrap();
        assert_eq!(shown, failed.repeat(2));
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn query_prints_events_while_it_reads_and_ends_when_nobody_does() {
    let mut child = trine().args(["query", "level:error"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let failed = line("a_b_failed", "error");
    stdin.write_all((line("c_d_done", "info") + &failed).as_bytes()).unwrap();
    // Before the input has ended.
    let mut shown = String::new();
    stdout.read_line(&mut shown).unwrap();
    assert_eq!(shown, failed);
    drop(stdout);
    // A pipe takes what nobody reads yet, so that more than one may be needed until that is noticed.
    while stdin.write_all(failed.repeat(1_000).as_bytes()).is_ok() {}
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(child.wait().unwrap().success(), "{stderr}");
    assert_eq!(stderr, "");
}

/// `| head`, of a log that says nothing more.
#[test]
#[cfg(unix)]
fn what_follows_a_quiet_log_ends_when_nobody_reads_it() {
    let question = ["query", "live.jsonl", "count()", "--follow"];
    for arguments in [&["tail", "live.jsonl"][..], &["tail", "-"], &question] {
        let folder = std::env::temp_dir().join(format!("trine-quiet-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("live.jsonl"), line("a_b_failed", "error")).unwrap();
        let mut child = trine().current_dir(&folder).args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // Open to the end: whoever writes there has nothing more to say either.
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(line("a_b_failed", "error").as_bytes()).unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut shown = String::new();
        stdout.read_line(&mut shown).unwrap();
        drop(stdout);
        let (sender, ended) = channel();
        let id = child.id();
        thread::spawn(move || sender.send(child.wait()));
        let status = ended.recv_timeout(WAIT).unwrap_or_else(|_| panic!("{arguments:?} goes on as {id}"));
        assert!(status.unwrap().success(), "{arguments:?}");
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for arguments in [&["demo", "-n", "2000"][..], &["ops", "live.jsonl"], &["generate", "-n", "100000"]] {
        let folder = std::env::temp_dir().join(format!("trine-pipe-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("live.jsonl"), line("a_b_failed", "error")).unwrap();
        let mut child = trine().current_dir(&folder).args(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(child.wait().unwrap().success(), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("error"), "{arguments:?}: {stderr}");
        fs::remove_dir_all(folder).unwrap();
    }
}
