//! From files of every form to their lines: whoever packs them, however they are cut, with one worker or several.
#![forbid(unsafe_code)]

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use trine_query::scan::input::{Input, Options, Outcome, Progress, TimeRange, TroubleKind, scan};

/// A folder of its own for each test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("trine-query-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn join(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Frames of so many bytes each, with the checksums that the `zstd` program writes.
fn zstd(bytes: &[u8], frame_bytes: usize) -> Vec<u8> {
    let frame = |chunk: &[u8]| {
        let mut encoder = zstd::Encoder::new(Vec::new(), -5).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(chunk).unwrap();
        encoder.finish().unwrap()
    };
    bytes.chunks(frame_bytes).flat_map(frame).collect()
}

type Blocks = Vec<(trine_query::scan::input::Order, Option<u64>, Vec<u8>)>;

fn gather(input: &Input, options: &Options<'_>) -> (Vec<u8>, Outcome<Blocks>) {
    let outcome = scan(input, options, Vec::new, |blocks: &mut Blocks, block| {
        blocks.push((block.order, block.offset, block.bytes.to_vec()));
    });
    let mut blocks: Vec<_> = outcome.states.iter().flatten().collect();
    blocks.sort();
    let text = blocks.iter().flat_map(|(_, _, bytes)| bytes.iter().copied()).collect();
    (text, outcome)
}

fn kinds(outcome: &Outcome<Blocks>) -> Vec<TroubleKind> {
    outcome.report.troubles.iter().map(|trouble| trouble.kind.clone()).collect()
}

fn noise(bytes: usize) -> Vec<u8> {
    // Lines of hexadecimal digits that do not compress, of 0 to 126 digits.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut text = Vec::with_capacity(bytes + 130);
    while text.len() < bytes {
        for _ in 0..state >> 61 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            write!(text, "{state:x}").unwrap();
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push(b'\n');
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_in_any_form_comes_out_as_it_went_in(
        text in "[a\n]{0,200}", threads in 1_usize..4, block_bytes in 1_usize..50, frame in 1_usize..100,
    ) {
        let folder = Folder::new();
        let expected = text.as_bytes();
        let options = Options { threads, block_bytes, ..Options::default() };
        for (name, bytes) in [
            ("a.jsonl", expected.to_vec()),
            ("a.jsonl.gz", gzip(expected)),
            ("b.jsonl.gz", [gzip(&expected[..expected.len() / 2]), gzip(&expected[expected.len() / 2..])].concat()),
            ("a.jsonl.zst", zstd(expected, frame)),
        ] {
            let path = folder.write(name, &bytes);
            let (found, outcome) = gather(&Input::files([path]), &options);
            prop_assert_eq!(&found, expected, "{}", name);
            prop_assert_eq!(kinds(&outcome), []);
            prop_assert_eq!(outcome.report.bytes, bytes.len() as u64);
            for (_, offset, bytes) in outcome.states.iter().flatten() {
                prop_assert!(!bytes.is_empty() && (bytes.ends_with(b"\n") || expected.ends_with(bytes)));
                if let Some(offset) = offset {
                    prop_assert_eq!(&expected[*offset as usize..][..bytes.len()], &bytes[..]);
                }
            }
        }
        let (found, _) = gather(&Input::reader("pipe", std::io::Cursor::new(expected.to_vec())), &options);
        prop_assert_eq!(&found, expected);
    }
}

#[test]
fn runs_of_zstd_frames_are_decoded_apart_and_joined() {
    let text = noise(6 << 20);
    let folder = Folder::new();
    let mut file = zstd(&text, 300_001);
    // A skippable frame, as the seekable format and pzstd have, is no line.
    file.extend_from_slice(&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    let path = folder.write("a.zst", file);
    for threads in [1, 3] {
        let (found, outcome) =
            gather(&Input::files([path.clone()]), &Options { threads, ..Options::default() });
        assert!(found == text);
        assert_eq!(kinds(&outcome), []);
        let seams = outcome.states.iter().flatten().filter(|(_, _, bytes)| bytes.len() < 200).count();
        assert!(seams >= 5, "several runs: {seams} seams");
    }
}

#[test]
fn a_line_across_many_runs_of_frames_is_one_line() {
    let line: Vec<u8> = noise(3 << 20).into_iter().filter(|byte| *byte != b'\n').collect();
    let text = [b"first\n", &line[..], b"\nlast"].concat();
    let folder = Folder::new();
    let path = folder.write("a.zst", zstd(&text, 600_000));
    let options = Options { threads: 2, ..Options::default() };
    let (found, outcome) = gather(&Input::files([path.clone()]), &options);
    assert!(found == text);
    assert_eq!(kinds(&outcome), []);
    let (found, outcome) = gather(&Input::files([path]), &Options { line_bytes_max: 1 << 20, ..options });
    assert_eq!(String::from_utf8_lossy(&found), "first\nlast");
    assert_eq!(kinds(&outcome), [TroubleKind::LongLines(1)]);
}

#[test]
fn lines_longer_than_the_bound_are_left_out_and_counted() {
    let long = "x".repeat(100_000);
    let text = format!("one\n{long}\ntwo\n{long}\n{long}");
    let folder = Folder::new();
    let options = Options { block_bytes: 1_000, line_bytes_max: 5_000, ..Options::default() };
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let path = folder.write("a.log", bytes);
        let (found, outcome) = gather(&Input::files([path]), &options);
        assert_eq!(String::from_utf8(found).unwrap(), "one\ntwo\n");
        assert_eq!(kinds(&outcome), [TroubleKind::LongLines(3)]);
    }
}

#[test]
fn damaged_files_give_what_is_before_the_damage() {
    let text = noise(3 << 20);
    let folder = Folder::new();
    let mut bad_frame = zstd(&text, 400_000);
    let middle = bad_frame.len() / 2;
    bad_frame[middle..middle + 1_000].fill(0xa5);
    let whole = [gzip(&text), zstd(&text, text.len()), zstd(&text, 400_000)];
    for cut in whole.iter().map(|whole| &whole[..whole.len() * 3 / 5]).chain([&bad_frame[..]]) {
        let path = folder.write("a", cut);
        let (found, outcome) = gather(&Input::files([path]), &Options::default());
        assert_eq!(kinds(&outcome), [TroubleKind::Damaged]);
        assert!(outcome.report.troubles[0].cause.is_some());
        let common = found.iter().zip(&text).take_while(|(found, text)| found == text).count();
        assert!(common > text.len() / 4, "{common}");
        assert!(found.len() < text.len());
    }
}

#[test]
fn rotated_sets_are_read_oldest_first_and_each_file_once() {
    let folder = Folder::new();
    folder.write("b/app.jsonl", "6\n");
    folder.write("b/app.2026-11-23T10-00-00-000.jsonl.zst", zstd(b"4\n", 9));
    folder.write("b/app.2026-11-23T11-00-00-000.jsonl", "5\n");
    // Being compressed just now: the plain one counts.
    folder.write("b/app.2026-11-23T11-00-00-000.jsonl.zst", zstd(b"5\n", 9));
    folder.write("b/app.2026-11-23T11-00-00-000.jsonl.zst.tmp", b"half");
    folder.write("a.log", "3\n");
    folder.write("a.log.1", "2\n");
    folder.write("a.log.2.gz", gzip(b"1\n"));
    folder.write("b/notes.txt", "no\n");
    folder.write("b/.hidden.log", "no\n");
    for arguments in [
        vec![folder.path().to_owned()],
        vec![folder.path().to_owned(), folder.join("a.log"), folder.join("b/../a.log")],
        vec![
            folder.join("a.log"),
            folder.join("a.log.1"),
            folder.join("a.log.2.gz"),
            folder.join("b/app*l"),
            folder.join("b/*.zst"),
        ],
        vec![folder.join("a*"), folder.join("b")],
    ] {
        let (input, troubles) = Input::find(&arguments);
        assert!(troubles.is_empty(), "{troubles:?}");
        let (found, _) = gather(&input, &Options::default());
        assert_eq!(String::from_utf8(found).unwrap(), "1\n2\n3\n4\n5\n6\n", "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_found_is_said_and_suggested() {
    let folder = Folder::new();
    folder.write("payments.log", "1\n");
    folder.write("empty/notes.txt", "1\n");
    let (input, troubles) = Input::find([
        folder.join("payment.log"),
        folder.join("*.jsonl"),
        folder.join("empty"),
        folder.join("["),
    ]);
    assert!(input.sources().is_empty());
    let kinds: Vec<_> = troubles.iter().map(|trouble| trouble.kind.clone()).collect();
    assert_eq!(kinds[0], TroubleKind::NotFound(Some(folder.join("payments.log"))));
    assert_eq!(kinds[1..3], [TroubleKind::NoMatch, TroubleKind::NoLogs]);
    assert!(matches!(kinds[3], TroubleKind::BadGlob(_)));
    assert!(troubles[0].to_string().contains("does not exist; did you mean"));
}

#[test]
fn files_that_are_gone_or_strange_are_reported_and_the_rest_is_read() {
    let folder = Folder::new();
    let gone = folder.write("gone.log", "1\n");
    let wide = folder.write("wide.log", [0xff, 0xfe, b'{', 0]);
    let marked = folder.write("marked.log", "\u{feff}2\n");
    fs::remove_file(&gone).unwrap();
    let (found, outcome) =
        gather(&Input::files([gone, wide, Path::new(folder.path()).to_owned(), marked]), &Options::default());
    assert_eq!(found, b"2\n");
    assert_eq!(kinds(&outcome), [TroubleKind::Unreadable, TroubleKind::Utf16, TroubleKind::Unreadable]);
}

#[test]
fn files_outside_the_range_of_time_are_not_read() {
    let folder = Folder::new();
    let line =
        |time: &str| format!("not json\n{{\"event\":\"a_b\",\"timestamp\":\"{time}\",\"level\":\"info\"}}\n");
    folder.write("a.log", line("2025-10-24T10:00:00.000000Z") + &line("2025-10-24T11:00:00.000000Z"));
    folder.write("b.log", "{\"ts\":1761303600}\n{\"ts\":1761307200}\n");
    folder.write("c.log.gz", gzip(line("2025-10-24T13:00:00.000000Z").as_bytes()));
    folder.write("d.2025-10-24T09-00-00-000.jsonl", "no time at all\n");
    folder.write("e.log", "no time at all\n");
    let (input, _) = Input::find([folder.path()]);
    assert_eq!(input.sources().len(), 5);
    let read = |since: &str, until: &str| {
        let [since_ns, until_ns] =
            [since, until].map(|text| trine_query::scan::time::from_text(text.as_bytes()).unwrap());
        let options = Options { range: Some(TimeRange { since_ns, until_ns }), ..Options::default() };
        let (_, outcome) = gather(&input, &options);
        let mut sources: Vec<u32> = outcome.states.iter().flatten().map(|(order, ..)| order.source).collect();
        sources.sort_unstable();
        sources.dedup();
        assert_eq!(sources.len() + outcome.report.sources_skipped, 5);
        assert_eq!(
            outcome.report.bytes,
            input.bytes().min(outcome.report.bytes),
            "skipped files count as done"
        );
        sources
    };
    assert_eq!(read("2025-10-24T00:00:00Z", "2025-10-25T00:00:00Z"), [0, 1, 2, 3, 4]);
    assert_eq!(read("2025-10-24T10:30:00Z", "2025-10-24T10:40:00Z"), [0, 4]);
    assert_eq!(read("2025-10-24T11:30:00Z", "2025-10-24T11:40:00Z"), [1, 4]);
    assert_eq!(read("2025-10-24T12:30:00Z", "2025-10-24T14:00:00Z"), [2, 4]);
    // A minute of slack, since lines are nearly sorted.
    assert_eq!(read("2025-10-24T11:00:30Z", "2025-10-24T11:00:40Z"), [0, 1, 4]);
}

#[test]
fn a_scan_can_be_stopped_and_watched() {
    let folder = Folder::new();
    let path = folder.write("a.log", noise(1 << 20));
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let options =
        Options { block_bytes: 1_000, stop: Some(&stop), progress: Some(&progress), ..Options::default() };
    let input = Input::files([path]);
    let outcome = scan(
        &input,
        &options,
        || 0,
        |blocks, _| {
            *blocks += 1;
            stop.store(true, Ordering::Relaxed);
        },
    );
    assert!(outcome.report.is_partial);
    let blocks: i32 = outcome.states.iter().sum();
    assert!((1..=options.threads as i32).contains(&blocks));
    assert_eq!(progress.total_bytes(), input.bytes());
    assert_eq!(progress.done_bytes(), outcome.report.bytes);
    assert!(progress.done_bytes() < progress.total_bytes());
}

#[test]
fn a_scan_that_waits_for_a_pipe_can_be_stopped() {
    /// Is interrupted, as a read is by a signal, before or after its first line.
    struct Interrupted(&'static [u8]);
    impl Read for Interrupted {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::ErrorKind::Interrupted.into()),
                read => Ok(read),
            }
        }
    }
    for text in [&b""[..], b"{}", b"one line\n"] {
        let stop = AtomicBool::new(text.is_empty());
        let options = Options { threads: 2, stop: Some(&stop), ..Options::default() };
        let input = Input::reader("pipe", Interrupted(text));
        let outcome = std::thread::scope(|scope| {
            let scan =
                scope.spawn(|| scan(&input, &options, || 0, |lines, block| *lines += block.lines().count()));
            stop.store(true, Ordering::Relaxed);
            scan.join().unwrap()
        });
        assert!(outcome.report.is_partial);
        assert!(outcome.report.troubles.is_empty(), "{:?}", outcome.report.troubles);
    }
}

#[test]
fn many_streams_and_files_are_shared_out_among_workers() {
    let folder = Folder::new();
    let mut expected = Vec::new();
    for number in 0..40 {
        let text = noise(20_000 + number);
        let bytes = match number % 3 {
            0 => gzip(&text),
            1 => zstd(&text, text.len()),
            _ => text.clone(),
        };
        folder.write(&format!("{number:02}.log"), bytes);
        expected.extend(text);
    }
    let (input, _) = Input::find([folder.path()]);
    let (found, outcome) = gather(&input, &Options { threads: 4, block_bytes: 3_000, ..Options::default() });
    assert_eq!(outcome.states.len(), 4);
    assert!(found == expected);
}

#[test]
fn a_reader_is_read_once() {
    struct Slow(&'static [u8]);
    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }
    let input = Input::reader("pipe", Slow(b"one\ntwo"));
    assert_eq!(gather(&input, &Options::default()).0, b"one\ntwo");
    assert_eq!(gather(&input, &Options::default()).0, b"");
}

#[test]
fn the_head_of_a_source_is_whole_lines() {
    let folder = Folder::new();
    folder.write("a.log", "one\ntwo\nthree");
    folder.write("b.log.gz", gzip(b"one\ntwo\n"));
    let (input, _) = Input::find([folder.path()]);
    assert_eq!(input.sources()[0].head(9), b"one\ntwo\n");
    assert_eq!(input.sources()[0].head(2), b"");
    assert_eq!(input.sources()[1].head(100), b"one\ntwo\n");
    assert_eq!(input.sources()[1].name(), folder.join("b.log.gz"));
}
