//! Files that grow, move, shrink and appear: every line once, in order. Time is turned by hand.
#![forbid(unsafe_code)]

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use trine_query::scan::{
    follow::{DISCOVERY, Follower, POLL, QUIET, Start},
    input::{Input, Options, TroubleKind, scan},
};

/// A folder, a follower of it, and the time.
struct Stage {
    folder: PathBuf,
    follower: Follower,
    now: Duration,
}

fn folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("trine-follow-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

impl Stage {
    /// Follows the folder as it is, from the end of what is there.
    fn new(files: &[(&str, &str)]) -> Stage {
        let folder = folder();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        let (follower, _, _) = Follower::new([folder.to_str().unwrap()], Start::End);
        Stage { folder, follower, now: Duration::ZERO }
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.folder.join(from), self.folder.join(to)).unwrap();
    }

    /// What a look gives, after so much time.
    fn look_after(&mut self, time: Duration) -> String {
        self.now += time;
        let mut text = Vec::new();
        let seen = self.follower.look(self.now, |news| text.extend_from_slice(news.bytes));
        assert!(seen.troubles.is_empty(), "{:?}", seen.troubles);
        assert_eq!(seen.bytes, text.len() as u64);
        String::from_utf8(text).unwrap()
    }

    #[track_caller]
    fn check(&mut self, expected: &str) {
        assert_eq!(self.look_after(POLL), expected);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn new_lines_come_when_they_are_whole() {
    let mut stage = Stage::new(&[("a.log", "old\n")]);
    stage.check("");
    stage.append("a.log", "one\ntw");
    stage.check("one\n");
    stage.append("a.log", "o");
    stage.check("");
    stage.append("a.log", "\nthree\n");
    stage.check("two\nthree\n");
}

#[test]
fn a_line_that_was_half_there_at_the_begin_comes_whole_and_the_past_ends_before_it() {
    let folder = folder();
    fs::write(folder.join("a.log.1"), "1\n").unwrap();
    fs::write(folder.join("a.log"), "2\nha").unwrap();
    let (mut follower, past, troubles) = Follower::new([folder.to_str().unwrap()], Start::End);
    assert!(troubles.is_empty());
    OpenOptions::new().append(true).open(folder.join("a.log")).unwrap().write_all(b"lf\n3\n").unwrap();
    // Rotated before the past is read: the handle is still the right file.
    fs::rename(folder.join("a.log"), folder.join("a.log.0")).unwrap();
    let outcome =
        scan(&past, &Options { threads: 1, ..Options::default() }, Vec::new, |text: &mut Vec<u8>, block| {
            text.extend_from_slice(block.bytes);
        });
    assert_eq!(outcome.states, [b"1\n2\n"]);
    let mut text = Vec::new();
    follower.look(Duration::ZERO, |news| text.extend_from_slice(news.bytes));
    assert_eq!(text, b"half\n3\n");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_begin_can_be_asked_for() {
    let folder = folder();
    fs::write(folder.join("a.log.1"), "1\n").unwrap();
    fs::write(folder.join("a.log"), "2\n3").unwrap();
    let (mut follower, past, _) = Follower::new([folder.to_str().unwrap()], Start::Begin);
    assert!(past.sources().is_empty());
    let mut text = Vec::new();
    follower.look(Duration::ZERO, |news| text.extend_from_slice(news.bytes));
    assert_eq!(text, b"2\n");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn rotation_by_renaming_loses_nothing_and_repeats_nothing() {
    let mut stage = Stage::new(&[("app.jsonl", "0\n")]);
    stage.append("app.jsonl", "1\n");
    stage.rename("app.jsonl", "app.2026-11-23T10-00-00-000.jsonl");
    stage.append("app.jsonl", "2\n");
    stage.check("1\n2\n");
    // The writer was not told yet.
    stage.append("app.2026-11-23T10-00-00-000.jsonl", "late\n");
    stage.append("app.jsonl", "3\n");
    stage.check("late\n3\n");
    // Compressed, it is another file with the same lines.
    stage.append("app.2026-11-23T10-00-00-000.jsonl.gz", "not looked at");
    fs::remove_file(stage.folder.join("app.2026-11-23T10-00-00-000.jsonl")).unwrap();
    assert_eq!(stage.look_after(DISCOVERY), "");
    stage.append("app.jsonl", "4\n");
    stage.check("4\n");
}

#[test]
fn files_that_came_and_went_between_two_looks_are_read_in_order() {
    let mut stage = Stage::new(&[("app.log", "")]);
    for (number, text) in ["1\n", "2\n", "3\n"].iter().enumerate() {
        stage.append("app.log", text);
        if number < 2 {
            if stage.folder.join("app.log.1").exists() {
                stage.rename("app.log.1", "app.log.2");
            }
            stage.rename("app.log", "app.log.1");
        }
    }
    stage.check("1\n2\n3\n");
    stage.check("");
}

#[test]
fn a_gap_between_renaming_and_creating_is_bridged() {
    let mut stage = Stage::new(&[("app.log", "")]);
    stage.append("app.log", "1\n");
    stage.rename("app.log", "app.log.1");
    stage.check("1\n");
    stage.append("app.log", "2\n");
    stage.check("2\n");
}

#[test]
fn a_truncated_file_is_read_from_its_begin() {
    let mut stage = Stage::new(&[("app.log", "a rather long old line\n")]);
    stage.append("app.log", "1\nhalf");
    stage.check("1\n");
    fs::write(stage.folder.join("app.log"), "2\n").unwrap();
    stage.check("half2\n");
    // Truncated and grown beyond our place before we looked.
    fs::write(stage.folder.join("app.log"), "3\na line that is longer than all before it\n").unwrap();
    stage.check("3\na line that is longer than all before it\n");
    File::create(stage.folder.join("app.log")).unwrap();
    stage.check("");
    stage.append("app.log", "4\n");
    stage.check("4\n");
}

#[test]
fn new_files_are_found_in_time() {
    let mut stage = Stage::new(&[("a.log", "")]);
    fs::create_dir(stage.folder.join("deep")).unwrap();
    stage.append("deep/b.jsonl", "1\n");
    stage.append("deep/notes.txt", "no\n");
    assert_eq!(stage.look_after(DISCOVERY), "1\n");
    stage.append("deep/b.jsonl", "2\n");
    stage.append("a.log", "3\n");
    stage.check("3\n2\n");
}

#[test]
fn a_file_need_not_exist_yet() {
    let folder = folder();
    let path = folder.join("a.log");
    let (mut follower, _, troubles) = Follower::new([path.to_str().unwrap()], Start::End);
    assert!(matches!(troubles[0].kind, TroubleKind::NotFound(_)));
    let mut text = Vec::new();
    follower.look(Duration::ZERO, |news| text.extend_from_slice(news.bytes));
    fs::write(&path, "1\n").unwrap();
    follower.look(DISCOVERY, |news| text.extend_from_slice(news.bytes));
    assert_eq!(text, b"1\n");
    assert_eq!(follower.paths().collect::<Vec<_>>(), [&path]);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_is_gone_gives_its_last_half_line_and_is_let_go() {
    let mut stage = Stage::new(&[("a.log", "")]);
    stage.append("a.log", "1\nhalf");
    stage.check("1\n");
    fs::remove_file(stage.folder.join("a.log")).unwrap();
    stage.check("");
    assert_eq!(stage.follower.paths().count(), 1);
    assert_eq!(stage.look_after(QUIET), "half");
    assert_eq!(stage.follower.paths().count(), 0);
}

#[test]
fn a_busy_file_does_not_keep_the_others_waiting() {
    let mut stage = Stage::new(&[("a.log", ""), ("b.log", "")]);
    let line = "x".repeat(1_023) + "\n";
    stage.append("a.log", &line.repeat(20 << 10));
    stage.append("b.log", "1\n");
    let mut seen = Vec::new();
    let look = stage.follower.look(POLL, |news| seen.push((news.path.to_owned(), news.bytes.len())));
    assert!(look.has_more);
    assert_eq!(seen.last().unwrap().1, 2, "b had its turn");
    let first: usize = seen.iter().map(|(_, bytes)| bytes).sum();
    let rest = stage.look_after(POLL).len();
    assert_eq!(first + rest, (20 << 20) + 2);
}

#[test]
fn of_the_past_each_log_is_had_by_itself_and_its_end_alone() {
    let folder = folder();
    for (name, text) in [("a.log.1", "1\n2\n"), ("a.log", "3\n4\n5"), ("b.log", "6\n7\n8\n")] {
        fs::write(folder.join(name), text).unwrap();
    }
    let (_, past, troubles) = Follower::new([folder.to_str().unwrap()], Start::End);
    assert!(troubles.is_empty());
    let text = |input: &Input| {
        let outcome =
            scan(input, &Options { threads: 1, ..Options::default() }, String::new, |text, block| {
                text.push_str(str::from_utf8(block.bytes).unwrap());
            });
        outcome.states.concat()
    };
    let logs = past.logs();
    // What is half there is among what comes.
    assert_eq!(logs.iter().map(text).collect::<Vec<_>>(), ["1\n2\n3\n4\n", "6\n7\n8\n"]);
    let last = |log: usize, bytes: u64| logs[log].last(bytes).map(|input| text(&input));
    assert_eq!(last(1, 2).as_deref(), Some("8\n"));
    assert_eq!(last(1, 3).as_deref(), Some("8\n"), "a line that began before is left out");
    assert_eq!(last(1, 4).as_deref(), Some("7\n8\n"));
    assert_eq!(last(1, 6), None, "that is all");
    assert_eq!(last(0, 2).as_deref(), Some("4\n"));
    fs::remove_dir_all(folder).unwrap();
}
