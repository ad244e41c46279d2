//! What closed files are called, and which files in a directory are ours.
//!
//! `logs/app.jsonl` is always the file being written. A closed one carries the time it was closed, in UTC:
//! `logs/app.2026-11-23T10-00-00-000.jsonl`, and `.gz` or `.zst` behind that when it is compressed.
//!
//! The milliseconds are always there, and two files closed in the same millisecond (or after the clock stepped back)
//! take the next free one. So names have one width, are never taken twice, and **sort in the order of their lines**,
//! in any locale; a number behind the name only when there is a clash would not (`….2.jsonl` sorts before `….jsonl`,
//! `….10` before `….2`). With an extension the current file sorts last: `cat app.*jsonl` gives every line in order.

use super::compress::Compression;
use crate::civil::Civil;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The last millisecond of the year 9999: later times are named like this one, so that names keep their width.
pub(super) const STAMP_MS_MAX: u64 = 253_402_300_799_999;

/// Length of `2026-11-23T10-00-00-000`.
const STAMP_BYTES: usize = 23;

/// Ends the name of a compressed file that is not complete yet.
const TEMPORARY: &str = ".tmp";

/// How one log's files are named: made from the path of its current file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Naming {
    directory: PathBuf,
    /// What stands before the time: `app.`.
    before: OsString,
    /// What stands after the time: `.jsonl`, or nothing.
    after: OsString,
}

/// One file that belongs to us, as its name tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Closed {
    /// When it was closed. Milliseconds since 1970-01-01 UTC; no two closings of one log share it.
    pub(super) closed_ms: u64,
    pub(super) form: Form,
    pub(super) path: PathBuf,
}

/// What a closed file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// Lines.
    Plain,
    /// Compressed lines, complete.
    Compressed,
    /// Compressed lines, perhaps not complete: someone is at it, or was when the process died.
    Temporary,
}

impl Naming {
    pub(super) fn of(current: &Path) -> Naming {
        let mut before = current.file_stem().unwrap_or_default().to_owned();
        before.push(".");
        let mut after = OsString::new();
        if let Some(extension) = current.extension() {
            after.push(".");
            after.push(extension);
        }
        Naming { directory: directory_of(current), before, after }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the current file goes when it is closed at this time.
    pub(super) fn closed(&self, closed_ms: u64) -> PathBuf {
        let mut name = self.before.clone();
        name.push(stamp(closed_ms));
        name.push(&self.after);
        self.directory.join(name)
    }

    /// What `name`, found in our directory, is to us; `None` when it is not ours.
    pub(super) fn recognise(&self, name: &OsStr) -> Option<Closed> {
        let rest = name.as_encoded_bytes().strip_prefix(self.before.as_encoded_bytes())?;
        let (digits, rest) = rest.split_at_checked(STAMP_BYTES)?;
        let closed_ms = parse_stamp(digits)?;
        let ending = str::from_utf8(rest.strip_prefix(self.after.as_encoded_bytes())?).ok()?;
        let form = form_of(ending)?;
        Some(Closed { closed_ms, form, path: self.directory.join(name) })
    }
}

/// The directory a path lies in; `.` for a bare file name.
pub(super) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The compressed form of a closed file, and where it grows until it is complete.
pub(super) fn compressed(plain: &Path, compression: Compression) -> (PathBuf, PathBuf) {
    let mut complete = plain.as_os_str().to_owned();
    complete.push(compression.ending());
    let mut growing = complete.clone();
    growing.push(TEMPORARY);
    (complete.into(), growing.into())
}

fn form_of(ending: &str) -> Option<Form> {
    let packed = ending.strip_suffix(TEMPORARY);
    let known = |ending| [Compression::Gzip, Compression::Zstd].iter().any(|kind| kind.ending() == ending);
    match (ending, packed) {
        ("", _) => Some(Form::Plain),
        (_, Some(packed)) if known(packed) => Some(Form::Temporary),
        _ if known(ending) => Some(Form::Compressed),
        _ => None,
    }
}

fn stamp(ms: u64) -> String {
    let ms = ms.min(STAMP_MS_MAX);
    let mut seconds = Civil::from_unix((ms / 1_000) as i64).to_text();
    seconds[13] = b'-';
    seconds[16] = b'-';
    format!("{}-{:03}", String::from_utf8_lossy(&seconds), ms % 1_000)
}

/// The inverse of [`stamp`]; `None` for what it never writes: other separators, February 30th, 1969.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
fn parse_stamp(text: &[u8]) -> Option<u64> {
    let number = |from: usize, to: usize| {
        let digits = &text[from..to];
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then(|| digits.iter().fold(0, |n, d| n * 10 + u64::from(d - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // Years begin in March, so that the leap day is the last of its year; cycles of 400 years in the year 0.
    let year = year.checked_sub(u64::from(month <= 2))?;
    let (cycle, year) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = cycle * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year;
    let days = days.checked_sub(719_468)?;
    let ms = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + number(20, STAMP_BYTES)?;
    // What is out of range, and every wrong separator, comes back differently.
    (stamp(ms).as_bytes() == text).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_O_CLOCK_MS: u64 = 1_795_428_000_000;

    #[track_caller]
    fn check(current: &str, name: &str, expected: Option<(u64, Form)>) {
        let found = Naming::of(Path::new(current)).recognise(OsStr::new(name));
        assert_eq!(found.map(|closed| (closed.closed_ms, closed.form)), expected, "{name} beside {current}");
    }

    #[test]
    fn a_closed_file_carries_its_closing_time_before_the_extension() {
        let closed = |current| Naming::of(Path::new(current)).closed(TEN_O_CLOCK_MS + 7);
        assert_eq!(closed("logs/app.jsonl"), Path::new("logs/app.2026-11-23T10-00-00-007.jsonl"));
        assert_eq!(closed("/var/log/shop.eu.log"), Path::new("/var/log/shop.eu.2026-11-23T10-00-00-007.log"));
        assert_eq!(closed("app"), Path::new("./app.2026-11-23T10-00-00-007"));
        assert_eq!(closed(".app"), Path::new("./.app.2026-11-23T10-00-00-007"));
    }

    #[test]
    fn our_files_are_recognised_in_every_form() {
        let ten = |form| Some((TEN_O_CLOCK_MS, form));
        check("logs/app.jsonl", "app.2026-11-23T10-00-00-000.jsonl", ten(Form::Plain));
        check("logs/app.jsonl", "app.2026-11-23T10-00-00-000.jsonl.gz", ten(Form::Compressed));
        check("logs/app.jsonl", "app.2026-11-23T10-00-00-000.jsonl.zst", ten(Form::Compressed));
        check("logs/app.jsonl", "app.2026-11-23T10-00-00-000.jsonl.zst.tmp", ten(Form::Temporary));
        check("app", "app.2026-11-23T10-00-00-000", ten(Form::Plain));
    }

    #[test]
    fn foreign_files_are_not_ours() {
        for name in [
            "app.jsonl",
            "app.jsonl.1",
            "app.2026-11-23.jsonl",
            "app.2026-11-23T10-00-00.jsonl",
            "app.2026-02-30T10-00-00-000.jsonl",
            "app.2026-11-23T10-00-00-000.log",
            "app.2026-11-23T10-00-00-000.jsonl.bz2",
            "app.2026-11-23T10-00-00-000.jsonl.tmp",
            "app.2026-11-23T10-00-00-000.jsonl.gz.bak",
            "app.2026-11-23T10-00-00-+00.jsonl",
            "my-app.2026-11-23T10-00-00-000.jsonl",
            "app.",
            "",
        ] {
            check("logs/app.jsonl", name, None);
        }
    }

    #[test]
    fn every_day_of_a_cycle_and_of_the_year_9999_comes_back_and_sorts_after_the_one_before() {
        let last_day = STAMP_MS_MAX / 86_400_000;
        let mut before = String::new();
        for day in (0..146_097).chain(last_day - 364..=last_day) {
            let ms = day * 86_400_000 + day % 86_400_000;
            let text = stamp(ms);
            assert_eq!((text.len(), parse_stamp(text.as_bytes())), (STAMP_BYTES, Some(ms)), "{text}");
            assert!(before < text, "{before} then {text}");
            before = text;
        }
        assert_eq!(stamp(u64::MAX), "9999-12-31T23-59-59-999");
        assert_eq!(parse_stamp(b"9999-12-31T23-59-59-999"), Some(STAMP_MS_MAX));
    }

    #[test]
    fn leap_days_exist_only_in_leap_years() {
        for (year, is_leap) in [(1972, true), (2000, true), (2023, false), (2100, false), (2400, true)] {
            let leap_day = format!("{year}-02-29T00-00-00-000");
            assert_eq!(parse_stamp(leap_day.as_bytes()).is_some(), is_leap, "{leap_day}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read_as_one() {
        for text in [
            "1969-12-31T23-59-59-999",
            "0000-00-00T00-00-00-000",
            "2026-13-01T00-00-00-000",
            "2026-00-01T00-00-00-000",
            "2026-01-00T00-00-00-000",
            "2026-04-31T00-00-00-000",
            "2026-01-01T24-00-00-000",
            "2026-01-01T00-60-00-000",
            "2026-01-01T00-00-60-000",
            "2026-01-01T00:00:00.000",
            "2026-01-01 00-00-00-000",
        ] {
            assert_eq!(parse_stamp(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn names_sort_like_their_times() {
        let naming = Naming::of(Path::new("app.jsonl"));
        let names: Vec<_> = (0..3_000).map(|n| naming.closed(TEN_O_CLOCK_MS + n * 977)).collect();
        assert!(names.is_sorted_by(|a, b| a < b));
        assert!(names.last().unwrap() < &PathBuf::from("./app.jsonl"), "the current file sorts last");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_text_works_too() {
        use std::os::unix::ffi::OsStrExt;
        let naming = Naming::of(Path::new(OsStr::from_bytes(b"logs/\xff.log")));
        let closed = naming.closed(TEN_O_CLOCK_MS);
        assert_eq!(naming.recognise(closed.file_name().unwrap()).unwrap().path, closed);
    }
}
