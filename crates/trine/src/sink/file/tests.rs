//! The sink as a whole: on a disk in memory with a clock turned by hand, and a few times on the real disk.

mod compression;
mod property;
mod real;
mod rotation;
mod trouble;

use super::filesystem::memory::{Fault, Memory, Operation};
use super::*;

/// 2026-11-23T10:00:00Z.
const TEN_O_CLOCK_MS: u64 = 1_795_428_000_000;
const HOUR_MS: u64 = 3_600_000;

/// A sink on `logs/app.jsonl` in memory, at ten o'clock.
fn sink_in_memory() -> (Memory, FileSink) {
    let memory = Memory::new(TEN_O_CLOCK_MS, &["/logs"]);
    let sink = sink_on(&memory);
    (memory, sink)
}

/// Another run of the program on the same disk.
fn sink_on(memory: &Memory) -> FileSink {
    FileSink::on(Arc::new(memory.clone()), memory.clock(), "/logs/app.jsonl".into())
}

fn write(sink: &FileSink, lines: &str) {
    sink.write(lines.as_bytes()).expect("the disk takes it");
}

/// Compares the directory, names without `/logs/app.`, sorted, with their text.
#[track_caller]
fn check(memory: &Memory, expected: &[(&str, &str)]) {
    let names = memory.names();
    let found: Vec<_> =
        names.iter().map(|(path, _)| (path.trim_start_matches("/logs/app."), memory.text(path))).collect();
    let found: Vec<_> = found.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(found, expected);
}
