//! From when to when the lines of a file are, as far as it can be told without reading it all.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use memchr::{memchr, memrchr};

use super::{form, form::Form, rotation};
use crate::scan::{
    line::{FieldSet, Line, Path as FieldPath},
    time,
};

/// A range of time: from `since_ns` on, up to but without `until_ns`. Nanoseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first nanosecond.
    pub since_ns: i64,
    /// The one behind the last.
    pub until_ns: i64,
}

/// How far a file's first and last line may be from its oldest and newest: lines of several threads are nearly sorted
/// (docs/format.md §1), and several programs may write into one file.
pub const SLACK_NS: i64 = 60 * time::SECOND_NS;

/// Bytes at either end of a file among which a line with a time is looked for.
const END_BYTES: usize = 64 << 10;
/// Lines that are looked at there.
const END_LINES_MAX: usize = 16;
/// Where a time may stand, in the logs of others too.
const TIME_KEYS: [&str; 6] = ["timestamp", "time", "ts", "@timestamp", "@t", "timeUnixNano"];

/// The time of a line, under any of the keys that are usual for it.
pub fn time_of(line: &[u8]) -> Option<i64> {
    thread_local! {
        static KEYS: FieldSet = FieldSet::new(TIME_KEYS.map(FieldPath::key));
    }
    let line = Line::new(line);
    if let Some(ends) = line.ends() {
        return time::from_raw(ends.time);
    }
    let mut found = [None; TIME_KEYS.len()];
    // A broken line still has the fields before the break.
    let _ = KEYS.with(|keys| keys.find(line, &mut found));
    found.into_iter().flatten().find_map(time::from_raw)
}

/// True when no line of the file can be in the range. What cannot be told is not outside.
pub(super) fn is_outside(path: &Path, range: TimeRange) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if rotation::closed_ns(&name).is_some_and(|closed_ns| closed_ns.saturating_add(SLACK_NS) < range.since_ns)
    {
        return true;
    }
    let first_ns = head(path, END_BYTES).ok().and_then(|head| first_time(head.split(|byte| *byte == b'\n')));
    if first_ns.is_some_and(|first_ns| first_ns.saturating_sub(SLACK_NS) >= range.until_ns) {
        return true;
    }
    let last_ns = tail(path).ok().and_then(|tail| first_time(tail.rsplit(|byte| *byte == b'\n')));
    first_ns.is_some() && last_ns.is_some_and(|last_ns| last_ns.saturating_add(SLACK_NS) < range.since_ns)
}

fn first_time<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<i64> {
    lines.filter(|line| !line.trim_ascii().is_empty()).take(END_LINES_MAX).find_map(time_of)
}

/// The first whole lines of a file, decompressed: at most so many bytes.
pub(super) fn head(path: &Path, bytes: usize) -> io::Result<Vec<u8>> {
    let (form, reader) = form::peek(File::open(path)?, &|| true)?;
    let mut head = Vec::new();
    let result = form.unpack(reader)?.take(bytes as u64).read_to_end(&mut head);
    let end = memrchr(b'\n', &head).map(|end| end + 1);
    match (end, result) {
        (Some(end), _) => head.truncate(end),
        (None, Err(error)) => return Err(error),
        // One line, or the begin of one that is longer.
        (None, Ok(_)) if head.len() == bytes => head.clear(),
        (None, Ok(_)) => {}
    }
    Ok(head)
}

/// The last lines of a plain file; nothing of a compressed one, whose end is not to be had without the rest.
fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut begin = Vec::new();
    file.by_ref().take(form::MAGIC_BYTES as u64).read_to_end(&mut begin)?;
    if Form::of(&begin) != Form::Plain {
        return Ok(Vec::new());
    }
    let length = file.metadata()?.len();
    let from = length.saturating_sub(END_BYTES as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(END_BYTES as u64).read_to_end(&mut tail)?;
    if from > 0 {
        let begin = memchr(b'\n', &tail).map_or(tail.len(), |end| end + 1);
        tail.drain(..begin);
    }
    Ok(tail)
}
