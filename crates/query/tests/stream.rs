//! Events and rows that are given while they are found: in the order of the input, none twice, and no more read than is wanted.
#![forbid(unsafe_code)]

use std::{
    fs,
    io::{Cursor, Write},
    path::PathBuf,
};

use trine_query::{
    engine::{Lines, Settings, Told, ask, tell},
    generate,
    scan::input::Input,
};

/// A folder that is gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("trine-stream-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.0.join(name), bytes).unwrap();
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn log(seed: u64, events: u64) -> Vec<u8> {
    let mut log = Vec::new();
    generate::write(generate::Settings { seed, events, ..generate::Settings::default() }, &mut log).unwrap();
    log
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A frame for every so many bytes, cut anywhere.
fn zstd_frames(bytes: &[u8], size: usize) -> Vec<u8> {
    bytes.chunks(size).flat_map(|chunk| zstd::bulk::compress(chunk, 1).unwrap()).collect()
}

/// All lines that are given, how many that were by their count, and how many bytes were read.
fn told(question: &str, input: &Input, lines: Lines) -> (String, u64, u64) {
    let settings = Settings { threads: 3, is_lenient: true, ..Settings::default() };
    let mut all = Vec::new();
    let told = tell(question, input, &settings, lines, &mut |lines| {
        assert!(lines.ends_with(b"\n"));
        all.extend_from_slice(lines);
        true
    });
    match told.unwrap() {
        Told::Lines { count, notes } => {
            assert!(!notes.is_partial);
            (String::from_utf8(all).unwrap(), count, notes.bytes)
        }
        Told::Whole(_) => panic!("`{question}` is answered as a whole"),
    }
}

#[test]
fn lines_come_in_the_order_of_the_input_from_whatever_it_is_made_of() {
    let folder = Folder::new("order");
    let logs = [log(1, 3_000), log(2, 3_000), log(3, 9_000), log(4, 3_000), log(5, 3_000)];
    let files = [
        folder.file("a.jsonl", &logs[0]),
        folder.file("b.jsonl.gz", &gzip(&logs[1])),
        folder.file("c.jsonl.zst", &zstd_frames(&logs[2], 200_000)),
        folder.file("d.jsonl.gz", &gzip(&logs[3])),
        folder.file("e.jsonl", &logs[4]),
    ];
    let all = String::from_utf8(logs.concat()).unwrap();
    let failed: String =
        all.split_inclusive('\n').filter(|line| line.contains("\"level\":\"error\"")).collect();
    for _ in 0..3 {
        let (lines, count, _) = told("level:error", &Input::files(files.clone()), Lines::Events);
        assert!(lines == failed, "{} bytes, expected {}", lines.len(), failed.len());
        assert_eq!(count, failed.lines().count() as u64);
        let (lines, ..) = told("*", &Input::files(files.clone()), Lines::Events);
        let unbatched = all.lines().filter(|line| !line.starts_with("{\"event\":\"events_batch\""));
        let whole = lines.lines().filter(|line| !line.starts_with("{\"event\":\"item_processed\""));
        assert!(whole.eq(unbatched), "all lines but for batches, in their order");
    }
}

#[test]
fn a_stream_gives_the_same_lines() {
    let log = log(6, 20_000);
    let input = || Input::reader("log", Cursor::new(log.clone()));
    let expected = ask("level:error", &input(), &Settings { threads: 1, ..Settings::default() }).unwrap();
    assert_eq!(told("level:error", &input(), Lines::Events).0, expected.ndjson());
}

#[test]
fn rows_are_given_where_rows_are_asked_for() {
    let folder = Folder::new("rows");
    let input = || Input::files([folder.file("a.jsonl", &log(7, 5_000))]);
    let question = "event:payment_process_* | fields event, order_id, amount * 2 as twice";
    let expected = ask(question, &input(), &Settings::default()).unwrap().ndjson();
    assert_eq!(told(question, &input(), Lines::Rows).0, expected);
    let whole = tell(question, &input(), &Settings::default(), Lines::Events, &mut |_| panic!("a line"));
    assert!(matches!(whole.unwrap(), Told::Whole(answer) if answer.ndjson() == expected));
}

#[test]
fn what_must_see_all_is_answered_as_a_whole() {
    let folder = Folder::new("whole");
    let file = folder.file("a.jsonl", &log(8, 2_000));
    let settings = Settings::default();
    for question in
        ["count()", "* | sort amount | limit 2", "* | dedup user_id", "level:error | limit 5 | count()"]
    {
        let input = Input::files([file.clone()]);
        let answer = ask(question, &input, &settings).unwrap();
        let told = tell(question, &input, &settings, Lines::Rows, &mut |_| panic!("a line")).unwrap();
        assert!(matches!(told, Told::Whole(told) if told.rows == answer.rows), "{question}");
    }
}

#[test]
fn a_limit_ends_the_reading_and_gives_the_first() {
    let folder = Folder::new("limit");
    let log = log(9, 90_000);
    let file = folder.file("a.jsonl", &log);
    let text = String::from_utf8(log.clone()).unwrap();
    let first: String =
        text.split_inclusive('\n').filter(|line| line.contains("\"level\":\"error\"")).take(3).collect();
    let (lines, count, bytes) = told("level:error | limit 3", &Input::files([file.clone()]), Lines::Events);
    assert_eq!((lines.as_str(), count), (first.as_str(), 3));
    assert!(bytes < log.len() as u64 / 2, "{bytes} of {}", log.len());
    // As an answer, and with something behind the limit.
    let settings = Settings { threads: 2, ..Settings::default() };
    let answer = ask("level:error | limit 3", &Input::files([file.clone()]), &settings).unwrap();
    assert_eq!(answer.ndjson(), first);
    assert!(answer.notes.bytes < log.len() as u64 / 2 && !answer.notes.is_partial);
    let answer = ask("level:error | limit 3 | count()", &Input::files([file.clone()]), &settings).unwrap();
    assert_eq!(answer.ndjson(), "{\"count\":3}\n");
    let (lines, count, _) = told("* | limit 0", &Input::files([file]), Lines::Events);
    assert_eq!((lines.as_str(), count), ("", 0));
}

#[test]
fn whoever_wants_no_more_is_given_no_more() {
    let folder = Folder::new("enough");
    let log = log(10, 90_000);
    let input = Input::files([folder.file("a.jsonl", &log)]);
    let mut times = 0;
    let told = tell("*", &input, &Settings { threads: 2, ..Settings::default() }, Lines::Events, &mut |_| {
        times += 1;
        false
    });
    assert!(matches!(told.unwrap(), Told::Lines { notes, .. } if notes.bytes < log.len() as u64 / 2));
    assert_eq!(times, 1);
}

#[test]
fn a_typo_is_an_error_unless_the_reading_ended_early() {
    let folder = Folder::new("typo");
    let file = folder.file("a.jsonl", &log(11, 30_000));
    let ask = |question: &str| ask(question, &Input::files([file.clone()]), &Settings::default());
    assert!(ask("* | fields amuont | limit 100000").is_err(), "more than there are: all was read");
    assert_eq!(ask("* | fields amuont | limit 2").unwrap().rows.len(), 2);
}

#[test]
fn memory_of_what_is_kept_has_a_bound() {
    let folder = Folder::new("memory");
    let input = Input::files([folder.file("a.jsonl", &log(12, 60_000))]);
    let settings = Settings { memory_bytes: 4 << 20, ..Settings::default() };
    let error = ask("* | limit 1000000", &input, &settings).unwrap_err();
    assert!(error.to_string().contains("4 MiB of memory"), "{error}");
    // Lines that are given are not kept, but for those of the block that a thread is at.
    let settings = Settings { threads: 1, ..settings };
    let told = tell("* | limit 1000000", &input, &settings, Lines::Events, &mut |_| true);
    assert!(matches!(told.unwrap(), Told::Lines { count, .. } if count > 60_000));
}
