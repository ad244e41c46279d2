//! Private keys in PEM: what stands between the lines that name them.

use std::ops::Range;

use super::bytes::{is_alnum, run, steps};

/// What every block begins with (RFC 7468).
pub(super) const BEGIN: &[u8] = b"-----BEGIN ";
/// Dashes at both ends of its first line.
pub(super) const DASHES: usize = 5;
/// Longest label: `OPENSSH PRIVATE KEY` has 19 characters, `PGP PRIVATE KEY BLOCK` 21.
const LABEL_MAX: usize = 40;
/// Longest first line.
pub(super) const HEADER_MAX: usize = BEGIN.len() + LABEL_MAX + DASHES;
/// Base64 that must follow the label, for it to be a key and not the mention of one.
const BODY_MIN: usize = 16;
/// Longest body: an RSA key of 16384 bits has 12,600 characters.
const BODY_MAX: usize = 16 * 1024;
/// What the last line of a block begins with.
const END: &[u8] = b"-----END ";
/// Lines that may stand before the base64: of an encrypted key (RFC 1421), of a key of OpenPGP (RFC 9580, section 6.2.2).
const HEADERS: [&[u8]; 4] = [b"Proc-Type:", b"DEK-Info:", b"Version:", b"Comment:"];
/// Most of them.
const HEADERS_MAX: usize = 8;
/// Shortest line of base64 that another follows: keys are written in lines of 64 or 76.
const LINE_MIN: usize = 48;
/// Longest line of a header.
const LINE_MAX: usize = 256;
/// Bytes between label and body: line ends, also escaped ones.
const BETWEEN_MAX: usize = 16;

/// The body of the private key whose first line begins at `at`.
pub(super) fn find(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !text[at..].starts_with(BEGIN) {
        return None;
    }
    let label_at = at + BEGIN.len();
    let label = &text[label_at
        ..label_at + run(text, label_at, LABEL_MAX, |byte| byte.is_ascii_uppercase() || byte == b' ')];
    let body = label_at + label.len() + DASHES;
    let is_private = label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK");
    if !is_private || !text[label_at + label.len()..].starts_with(b"-----") {
        return None;
    }
    let first = behind_headers(text, body + between(text, body));
    let is_key = run(text, first, BODY_MIN, is_base64) == BODY_MIN;
    is_key.then(|| body..last_line(text, first).unwrap_or_else(|| cut(text, first)))
}

/// Where the base64 begins.
fn behind_headers(text: &[u8], first: usize) -> usize {
    let mut at = first;
    for _ in 0..HEADERS_MAX {
        if !HEADERS.iter().any(|header| text[at..].starts_with(header)) {
            break;
        }
        let line = at + run(text, at, LINE_MAX, |byte| byte != b'\n' && byte != b'\\');
        at = line + between(text, line);
    }
    at
}

/// The length of line ends and blanks at `at`; inside JSON they are written `\n`.
fn between(text: &[u8], at: usize) -> usize {
    let mut length = 0;
    while length < BETWEEN_MAX {
        match text[at + length..] {
            [b'\\', b'n' | b'r', ..] => length += 2,
            [b' ' | b'\r' | b'\n' | b'\t', ..] => length += 1,
            _ => break,
        }
    }
    length
}

/// Where the last line begins.
fn last_line(text: &[u8], first: usize) -> Option<usize> {
    let rest = &text[first..text.len().min(first + BODY_MAX)];
    // Another block ends the search, so that many cut ones are not searched to the end of the text each.
    let dashes = rest.windows(BEGIN.len()).position(|window| window.starts_with(END) || window == BEGIN);
    steps::add(dashes.unwrap_or(rest.len()));
    dashes.filter(|length| rest[*length..].starts_with(END)).map(|length| first + length)
}

/// Where a body ends whose last line was cut off: with the last line that can belong to it.
fn cut(text: &[u8], first: usize) -> usize {
    let mut end = first;
    let mut at = first;
    loop {
        let letters = run(text, at, usize::MAX, is_base64);
        let line = at + letters + run(text, at + letters, 2, |byte| byte == b'=');
        // What goes on with another character is no line of a key, but a word, or a token of its own.
        let goes_on = text.get(line).is_some_and(|next| b"-_.:".contains(next));
        if end > first && (letters == 0 || goes_on) {
            return end;
        }
        end = line;
        let blanks = between(text, line);
        if blanks == 0 || letters < LINE_MIN {
            return end;
        }
        at = line + blanks;
    }
}

fn is_base64(byte: u8) -> bool {
    is_alnum(byte) || matches!(byte, b'+' | b'/')
}
