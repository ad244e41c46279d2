//! Passwords in URLs: `scheme://user:password@host`.

use std::ops::Range;

use super::{
    bytes::is_alnum,
    value::{is_masked, is_placeholder},
};

/// Longest user and password that are looked at, in bytes.
const USERINFO_MAX: usize = 512;

/// Longest user that is shown: the shortest token that has a form, an AWS key id, has one character more.
const USER_MAX: usize = 19;

/// The password of the URL whose `://` begins at `at`.
pub(super) fn find(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + 3;
    let rest = text.get(start..)?;
    let authority = rest
        .iter()
        .take(USERINFO_MAX)
        .position(|byte| {
            byte.is_ascii_whitespace()
                || matches!(*byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\')
        })
        .map_or(&rest[..rest.len().min(USERINFO_MAX)], |length| &rest[..length]);
    // The last `@` ends it: one inside the password should be escaped, and is often not.
    let end = authority.iter().rposition(|byte| *byte == b'@')?;
    let password = authority[..end].iter().position(|byte| *byte == b':')? + 1;
    // `scheme://[user:password@]host` is how such URLs are explained.
    let is_explained =
        matches!((authority[0], authority.get(end + 1)), (b'[', Some(b']')) | (b'(', Some(b')')));
    let secret = &authority[password..end];
    // A word that elsewhere says that there is none is as good a password as another: `postgres://app:secret@db`.
    let is_word = secret.iter().all(u8::is_ascii_alphabetic) && !secret.is_empty();
    if is_explained || (is_placeholder(secret) && !is_word) || is_masked(secret) {
        return None;
    }
    // A user may be a token. Only what is too short for one, and nothing else, is shown.
    let user = &authority[..password - 1];
    let is_name = user.len() <= USER_MAX
        && user.iter().all(|byte| is_alnum(*byte) || matches!(*byte, b'-' | b'.' | b'_' | b'%' | b'+'));
    Some(if is_name { start + password } else { start }..start + end)
}
