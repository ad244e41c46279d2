//! Credentials of the header `Authorization`, wherever they stand: `Bearer ...`, `Basic ...`.

use std::ops::Range;

use super::{
    bytes::{begins_word, has_at, is_alnum, run},
    value::is_random,
};

/// Longest credentials that are judged; those that go on are masked whole.
const JUDGED_MAX: usize = 256;
/// Shortest token of `Bearer` that is known by its look alone.
const TOKEN_MIN: usize = 16;
/// Shortest credentials of `Basic` that are worth decoding: `a:b` and some.
const BASIC_MIN: usize = 8;
/// Most `=` at the end of base64.
const PADDING_MAX: usize = 2;
/// Most blanks between scheme and credentials.
const BLANKS_MAX: usize = 4;

/// What the schemes begin with.
pub(super) const BEGINNINGS: [&[u8]; 2] = [b"bear", b"basi"];

/// True when a scheme may begin at `at`.
pub(super) fn begins(text: &[u8], at: usize) -> bool {
    BEGINNINGS.iter().any(|beginning| has_at(text, at, beginning))
}

/// The credentials behind the scheme at `at`.
pub(super) fn find(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !begins_word(text, at) {
        return None;
    }
    if has_at(text, at, b"bearer") {
        bearer(text, at + 6)
    } else {
        basic(text, has_at(text, at, b"basic").then_some(at + 5)?)
    }
}

fn bearer(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = behind_blanks(text, at)?;
    let is_part = |byte| is_alnum(byte) || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    let judged = &text[start..start + run(text, start, JUDGED_MAX, is_part)];
    let length =
        if judged.len() == JUDGED_MAX { run(text, start, usize::MAX, is_part) } else { judged.len() };
    let padding = run(text, start + length, PADDING_MAX, |byte| byte == b'=');
    // `bearer duration_ms=12`: not what the word speaks of, but the next of several.
    let is_assigned = match text[start + length + padding..] {
        [next, ..] if is_alnum(next) || next == b'*' => true,
        [b'"' | b'\'' | b'`', next, ..] | [b'\\', b'"', next, ..] => is_alnum(next) || next == b'*',
        _ => false,
    };
    if padding > 0 && is_assigned {
        return None;
    }
    let token = &judged[..judged.iter().rposition(|byte| is_alnum(*byte))? + 1];
    if token.len() < TOKEN_MIN || !is_random(token, false) {
        return None;
    }
    let end = if padding > 0 || length > judged.len() { length + padding } else { token.len() };
    Some(start..start + end)
}

fn basic(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = behind_blanks(text, at)?;
    let is_part = |byte| is_alnum(byte) || matches!(byte, b'+' | b'/');
    let judged = &text[start..start + run(text, start, JUDGED_MAX, is_part)];
    if judged.len() < BASIC_MIN || !holds_user_and_password(judged) {
        return None;
    }
    let end = start + run(text, start, usize::MAX, is_part);
    Some(start..end + run(text, end, PADDING_MAX, |byte| byte == b'='))
}

/// Where the credentials begin: behind one blank or a few.
fn behind_blanks(text: &[u8], at: usize) -> Option<usize> {
    let blanks = run(text, at, BLANKS_MAX, |byte| byte == b' ' || byte == b'\t');
    (blanks > 0).then_some(at + blanks)
}

/// True for the base64 of a text with a colon.
fn holds_user_and_password(base64: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(JUDGED_MAX);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in base64.iter().take_while(|byte| **byte != b'=') {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        (bits, count) = (bits << 6 | u32::from(sextet), count + 6);
        if count >= 8 {
            count -= 8;
            decoded.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // A cut text may end inside a character.
    let text = match std::str::from_utf8(&decoded) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&decoded[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.contains(':') && !text.chars().any(char::is_control)
}
