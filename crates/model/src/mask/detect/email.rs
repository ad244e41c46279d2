//! E-mail addresses. Off by default: they are personal data, but no secrets, and many programs log them on purpose.

use std::ops::Range;

use super::bytes::{is_alnum, run};

/// Longest part before the `@` (RFC 5321, section 4.5.3.1.1).
const LOCAL_MAX: usize = 64;
/// Longest domain (RFC 1035, section 2.3.4).
const DOMAIN_MAX: usize = 253;

/// What stands before the `@` at `at`, from `from` on, when it is an address.
pub(super) fn find(text: &[u8], at: usize, from: usize) -> Option<Range<usize>> {
    // Of what RFC 5322 allows, what people have; `=`, `/` and `'` rather stand before an address than in it.
    let is_local = |byte: &&u8| is_alnum(**byte) || b".!#$%+^_~-".contains(byte);
    let local = text[from..at].iter().rev().take(LOCAL_MAX).take_while(is_local).count();
    let start = at - local;
    // What a mask left of something is not masked again.
    if text[..start].ends_with(b"*") {
        return None;
    }
    let start = start + run(text, start, local, |byte| !is_alnum(byte));
    if start == at {
        return None;
    }
    let domain = run(text, at + 1, DOMAIN_MAX, |byte| is_alnum(byte) || byte == b'-' || byte == b'.');
    // What was a token is no end of a domain: `a@b.sk-***`.
    if text.get(at + 1 + domain) == Some(&b'*') {
        return None;
    }
    let domain = &text[at + 1..at + 1 + domain];
    let length = domain.iter().rposition(|byte| is_alnum(*byte))? + 1;
    let domain = &domain[..length];
    let last = domain.rsplit(|byte| *byte == b'.').next()?;
    let is_domain = domain.contains(&b'.')
        && domain.split(|byte| *byte == b'.').all(|label| !label.is_empty())
        && last.len() >= 2
        && (last.iter().all(u8::is_ascii_alphabetic) || last.starts_with(b"xn--"));
    is_domain.then_some(start..at)
}
