//! Private keys in PEM: what stands between the lines that name them.

use std::ops::Range;

use super::bytes::{is_alnum, run, steps};

/// What every block begins with (RFC 7468).
pub(super) const BEGIN: &[u8] = b"-----BEGIN ";
/// Longest label: `OPENSSH PRIVATE KEY` has 19 characters, `PGP PRIVATE KEY BLOCK` 21.
const LABEL_MAX: usize = 40;
/// Base64 that must follow the label, for it to be a key and not the mention of one.
const BODY_MIN: usize = 16;
/// Longest body: an RSA key of 16384 bits has 12,600 characters.
const BODY_MAX: usize = 16 * 1024;
/// What the last line of a block begins with.
const END: &[u8] = b"-----END ";
/// What the body of an encrypted key may begin with (RFC 1421).
const PROC_TYPE: &[u8] = b"Proc-Type:";
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
    let body = label_at + label.len() + 5;
    let is_private = label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK");
    if !is_private || !text[label_at + label.len()..].starts_with(b"-----") {
        return None;
    }
    let first = body + between(text, body);
    let is_key = run(text, first, BODY_MIN, is_base64) == BODY_MIN || text[first..].starts_with(PROC_TYPE);
    is_key.then(|| body..end(text, first))
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

/// Where the body ends: before the last line; or, where that was cut off, before what cannot belong to it.
fn end(text: &[u8], first: usize) -> usize {
    let rest = &text[first..text.len().min(first + BODY_MAX)];
    // Another block ends the search, so that many cut ones are not searched to the end of the text each.
    let dashes = rest.windows(BEGIN.len()).position(|window| window.starts_with(END) || window == BEGIN);
    steps::add(dashes.unwrap_or(rest.len()));
    match dashes {
        Some(length) if rest[length..].starts_with(END) => first + length,
        _ => {
            // `Proc-Type: 4,ENCRYPTED` and its kin have more than base64.
            let more: &[u8] = if text[first..].starts_with(PROC_TYPE) { b"\\:,-" } else { b"\\" };
            let is_body = |byte: u8| is_base64(byte) || byte.is_ascii_whitespace() || more.contains(&byte);
            let body = &text[first..first + run(text, first, usize::MAX, is_body)];
            first + body.iter().rposition(|byte| is_base64(*byte)).map_or(0, |last| last + 1)
        }
    }
}

fn is_base64(byte: u8) -> bool {
    is_alnum(byte) || matches!(byte, b'+' | b'/' | b'=')
}
