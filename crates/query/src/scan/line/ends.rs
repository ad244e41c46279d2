//! Name, time and level from the two ends of a line of Trine's shape (docs/format.md §1), without walking it.
//!
//! Lines of other writers have the same shape often enough (structlog with ISO times, Python's blanks behind `:` and `,`), so both
//! spellings are known. What is taken here is what a walk would find: the name is the first member, so nothing can stand before
//! it; the tail ends in `"}`, so in a line that is JSON it belongs to the outermost object, and its quotes are no text's, where
//! they would be escaped.

use super::{
    Line,
    raw::{Kind, Raw},
};
use crate::scan::time;

/// Name, time and level of a line of Trine's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends<'a> {
    /// `"event"`, a text.
    pub name: Raw<'a>,
    /// `"timestamp"`, of the form `YYYY-MM-DDThh:mm:ss.uuuuuuZ` (its digits may be no date).
    pub time: Raw<'a>,
    /// `"level"`, a text of lower-case letters.
    pub level: Raw<'a>,
}

/// How the ends are spelled.
#[derive(Clone, Copy, Debug)]
enum Spelling {
    /// As Trine does.
    Tight,
    /// As Python does, with blanks behind `:` and `,`.
    Spaced,
}

/// The front up to the quote that opens the name.
const TIGHT_HEAD: &[u8] = b"{\"event\":\"";
const SPACED_HEAD: &[u8] = b"{\"event\": \"";

/// Longest level: `critical`.
const LEVEL_BYTES_MAX: usize = size_of::<u64>();

impl<'a> Ends<'a> {
    #[inline]
    pub(super) fn of(bytes: &'a [u8]) -> Option<Ends<'a>> {
        let front = Front::of(Line::new(bytes))?;
        let (time, level) = front.tail(bytes)?;
        Some(Ends { name: front.name, time, level })
    }

    /// The value of one of the three keys.
    #[inline]
    pub fn get(self, key: &str) -> Option<Raw<'a>> {
        match key {
            "event" => Some(self.name),
            "timestamp" => Some(self.time),
            "level" => Some(self.level),
            _ => None,
        }
    }
}

/// The begin of a line of Trine's shape, up to the end of its name: `{"event":"user_login"`.
#[derive(Clone, Copy, Debug)]
pub struct Front<'a> {
    name: Raw<'a>,
    spelling: Spelling,
}

impl<'a> Front<'a> {
    /// The front of a line that has one.
    #[inline(always)]
    pub fn of(line: Line<'a>) -> Option<Front<'a>> {
        let bytes = line.bytes();
        // Each with bytes that are known when this is compiled: they are compared in two instructions.
        let (spelling, quote) = if bytes.starts_with(TIGHT_HEAD) {
            (Spelling::Tight, TIGHT_HEAD.len() - 1)
        } else if bytes.starts_with(SPACED_HEAD) {
            (Spelling::Spaced, SPACED_HEAD.len() - 1)
        } else {
            return None;
        };
        let (end, escaped) = super::skip::short_text(bytes, quote + 1)?;
        Some(Front { name: Raw::new(&bytes[quote..=end], Kind::Text, escaped), spelling })
    }

    /// The value of the first member, `"event"`: a text.
    #[inline(always)]
    pub const fn name(self) -> Raw<'a> {
        self.name
    }

    /// Time and level of this line, where it ends in them.
    #[inline(always)]
    pub(super) fn tail(self, bytes: &'a [u8]) -> Option<(Raw<'a>, Raw<'a>)> {
        match self.spelling {
            Spelling::Tight => tail(bytes, b",\"timestamp\":\"", b"\",\"level\":\""),
            Spelling::Spaced => tail(bytes, b", \"timestamp\": \"", b"\", \"level\": \""),
        }
    }
}

/// Time and level, where the line ends in them, with these before each.
#[inline(always)]
fn tail<'a, const TIME: usize, const LEVEL: usize>(
    bytes: &'a [u8],
    before_time: &[u8; TIME],
    before_level: &[u8; LEVEL],
) -> Option<(Raw<'a>, Raw<'a>)> {
    let level_end = bytes.strip_suffix(b"\"}")?.len();
    let level = level_end - lowercase_at_end(&bytes[..level_end])?;
    let (rest, at_level) = bytes[..level].split_last_chunk()?;
    let time_end = rest.len();
    let (rest, written) = rest.split_last_chunk::<{ time::FIXED_BYTES }>()?;
    let (rest, at_time) = rest.split_last_chunk()?;
    if at_level != before_level || at_time != before_time || !time::is_fixed(written) {
        return None;
    }
    let text = |from: usize, to: usize| Raw::new(&bytes[from..to], Kind::Text, false);
    Some((text(rest.len() + TIME - 1, time_end + 1), text(level - 1, level_end + 1)))
}

/// How many lower-case letters stand at the end, up to [`LEVEL_BYTES_MAX`]; `None` where there are more, or nothing else.
///
/// Eight bytes in one step and without a branch: levels have lengths that no processor foresees.
#[inline(always)]
fn lowercase_at_end(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(*bytes.last_chunk()?);
    let low = word & (LOW * 0x7f);
    // The highest bit of each byte tells: from `a` on, and behind `z`.
    let from_a = low + LOW * u64::from(0x80 - b'a');
    let behind_z = low + LOW * u64::from(0x7f - b'z');
    let others = (!from_a | behind_z | word) & (LOW * 0x80);
    if others != 0 {
        return Some(others.leading_zeros() as usize / 8);
    }
    let before = bytes.len().checked_sub(LEVEL_BYTES_MAX + 1)?;
    (!bytes[before].is_ascii_lowercase()).then_some(LEVEL_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<[&str; 3]>) {
        let ends = Ends::of(line.as_bytes());
        let found = ends
            .map(|ends| [ends.name, ends.time, ends.level].map(|raw| str::from_utf8(raw.inside()).unwrap()));
        assert_eq!(found, expected, "{line}");
    }

    const TIME: &str = "2025-10-24T10:00:00.123456Z";

    #[test]
    fn the_ends_of_our_own_lines_are_found_in_both_spellings() {
        check(
            &format!(r#"{{"event":"user_login","a":{{"b":[1]}},"timestamp":"{TIME}","level":"info"}}"#),
            Some(["user_login", TIME, "info"]),
        );
        check(
            &format!(r#"{{"event": "user_login", "timestamp": "{TIME}", "level": "critical"}}"#),
            Some(["user_login", TIME, "critical"]),
        );
    }

    #[test]
    fn a_name_with_escapes_is_a_name() {
        check(
            &format!(r#"{{"event":"a\"b","timestamp":"{TIME}","level":"info"}}"#),
            Some([r#"a\"b"#, TIME, "info"]),
        );
    }

    #[test]
    fn what_only_looks_like_them_is_left_to_the_walk() {
        for line in [
            String::new(),
            r#""}"#.into(),
            r#"{"event":""}"#.into(),
            // Another order, another spelling, other lengths, more behind it.
            format!(r#"{{"event":"a_b","level":"info","timestamp":"{TIME}"}}"#),
            format!(r#"{{"event":"a_b", "timestamp":"{TIME}","level":"info"}}"#),
            format!(r#"{{"event":"a_b","timestamp":"{TIME}","level":"INFO"}}"#),
            format!(r#"{{"event":"a_b","timestamp":"{TIME}","level":"information"}}"#),
            format!(r#"{{"event":"a_b","timestamp":"{TIME}","level":"info"}} "#),
            r#"{"event":"a_b","timestamp":"2025-10-24T10:00:00Z","level":"info"}"#.into(),
            r#"{"event":"a_b","timestamp":"2025-10-24T10:00:00.12345xZ","level":"info"}"#.into(),
            // A tail within a map, or within a text.
            format!(r#"{{"event":"a_b","x":{{"y":1,"timestamp":"{TIME}","level":"info"}}}}"#),
            format!(r#"{{"event":"a_b","x":"y\",\"timestamp\":\"{TIME}\",\"level\":\"info\"}}"#),
            // Another key in front.
            format!(r#"{{"events":"a_b","timestamp":"{TIME}","level":"info"}}"#),
        ] {
            check(&line, None);
        }
    }
}
