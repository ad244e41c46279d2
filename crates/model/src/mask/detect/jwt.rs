//! JSON web tokens: parts of base64url joined by dots, the first of which is a JSON object.

use std::ops::Range;

use super::bytes::{is_base64url, is_behind_escape, run};

/// Shortest first part: `{"alg":"..."}` of a key and a value.
const HEADER_MIN: usize = 16;
/// Shortest last part of a token of three: a signature is longer, also a cut one that is worth hiding.
const SIGNATURE_MIN: usize = 16;
/// Most parts: an encrypted token (RFC 7516) has five.
const PARTS_MAX: usize = 5;

/// What every token begins with: `{"` in base64, and the half of a letter.
pub(super) const BEGINNING: &[u8] = b"eyJ";

/// The token that begins at `at`, where `eyJ` stands: `{"` in base64.
pub(super) fn find(text: &[u8], at: usize) -> Option<Range<usize>> {
    if at > 0 && is_base64url(text[at - 1]) && !is_behind_escape(text, at) {
        return None;
    }
    let mut end = at;
    let mut lengths = [0; PARTS_MAX];
    let mut parts = 0;
    while parts < PARTS_MAX {
        let from = if parts == 0 { end } else { end + 1 };
        let length = run(text, from, usize::MAX, is_base64url);
        if length == 0 && parts != 1 {
            break;
        }
        lengths[parts] = length;
        (parts, end) = (parts + 1, from + length);
        if text.get(end) != Some(&b'.') {
            break;
        }
    }
    let header = &text[at..at + lengths[0]];
    let holds_json = text.get(at + lengths[0] + 1..).is_some_and(|rest| rest.starts_with(BEGINNING));
    let is_token = lengths[0] >= HEADER_MIN
        && begins_object(header)
        // Three parts and more; or two of which both are JSON, which is a token without its signature.
        && ((parts >= 3 && (lengths[2] >= SIGNATURE_MIN || holds_json || parts == PARTS_MAX))
            || (parts == 2 && holds_json && lengths[1] >= HEADER_MIN));
    is_token.then_some(at..end)
}

/// True when the base64 begins with `{"` and a letter, which the name of the first member is.
fn begins_object(header: &[u8]) -> bool {
    let sextet = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let third = sextet(header[2]) << 6 | sextet(header[3]);
    header.starts_with(BEGINNING) && third.is_ascii_alphabetic()
}
