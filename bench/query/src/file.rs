//! Whole scans: a file, plain and compressed, with one worker and two.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process,
};

use trine_query::{
    answer::Cell,
    engine::{Settings, ask},
    scan::{
        input::{Input, Options, scan},
        line::Line,
    },
};

use crate::Contestant;

/// Bytes of a frame of the file that has several.
const FRAME_BYTES: usize = 4 << 20;

/// The questions by which engines are measured (docs/query.md has the language).
const QUESTIONS: [(&str, &str); 8] = [
    ("Q1 count by event", "count() by event"),
    ("Q2 sum of one event by currency", "event:payment_process_success | sum(amount) by currency"),
    ("Q3 quantiles by event", "p50(duration_ms), p95(duration_ms), p99(duration_ms) by event"),
    ("Q4 all events of one request", "request_id:\"req_6524e51ffe73cb44\""),
    ("Q5 error rate by domain, minute", "ratio(role:fail) by domain, 1m"),
    ("Q6 started without an end", "pair by request_id | where outcome:open | count() by operation"),
    ("Q7 a substring", "\"connection reset by peer\""),
    ("Q8 count by hour", "count() by 1h"),
];

/// The same lines in several files, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(text: &[u8]) -> Folder {
        let folder = env::temp_dir().join(format!("trine-bench-query-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for temporary files");
        let write =
            |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("room for temporary files");
        write("plain", text);
        let frames = |bytes: usize| {
            text.chunks(bytes).flat_map(|part| zstd::encode_all(part, 3).expect("memory")).collect::<Vec<_>>()
        };
        write("one-frame", &frames(text.len()));
        write("frames", &frames(FRAME_BYTES));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).expect("memory");
        write("gzip", &gzip.finish().expect("memory"));
        Folder(folder)
    }

    pub(crate) fn contestants(&self) -> Vec<Contestant> {
        let mut all = Vec::new();
        let mut add = |name, file: &str, threads| {
            let path = self.0.join(file);
            all.push(Contestant {
                question: "names of a file",
                name,
                run: Box::new(move || names(&path, threads)),
            });
        };
        add("plain, 1 worker", "plain", 1);
        add("plain, 2 workers", "plain", 2);
        add("zstd frames, 1 worker", "frames", 1);
        add("zstd frames, 2 workers", "frames", 2);
        add("zstd one frame, 1 worker", "one-frame", 1);
        add("zstd one frame, 2 workers", "one-frame", 2);
        add("gzip, 1 worker", "gzip", 1);
        add("gzip, 2 workers", "gzip", 2);
        all.extend(QUESTIONS.into_iter().flat_map(|(name, question)| {
            let path = self.0.join("plain");
            ["1 worker", "2 workers"].into_iter().zip([1, 2]).map(move |(workers, threads)| {
                let path = path.clone();
                Contestant {
                    question: name,
                    name: workers,
                    run: Box::new(move || asked(&path, question, threads)),
                }
            })
        }));
        all
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A number of the answer that no other answer has.
fn asked(path: &Path, question: &str, threads: usize) -> u64 {
    let input = Input::files([path.to_owned()]);
    let settings = Settings { threads, is_lenient: true, ..Settings::default() };
    let answer = ask(question, &input, &settings).expect("the question is one");
    // A sum does not depend on the order of rows that are equal, nor a rounded one on that of threads.
    let numbers = answer.rows.iter().flatten().filter_map(Cell::number).map(|number| number.round() as i64);
    numbers.fold(answer.rows.len() as u64, |sum, number| sum.wrapping_add_signed(number))
}

fn names(path: &Path, threads: usize) -> u64 {
    let input = Input::files([path.to_owned()]);
    let options = Options { threads, ..Options::default() };
    let outcome = scan(
        &input,
        &options,
        || 0,
        |sum, block| {
            *sum += block
                .lines()
                .map(|line| Line::new(line).name_in_front().map_or(0, <[u8]>::len) as u64)
                .sum::<u64>();
        },
    );
    assert!(outcome.report.troubles.is_empty(), "{:?}", outcome.report.troubles);
    outcome.states.iter().sum()
}
