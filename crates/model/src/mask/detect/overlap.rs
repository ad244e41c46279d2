//! A secret that begins inside another and goes on behind it: `token=Bearer x1y2...`, `pin_code=4111 1111 1111 1111`.
//!
//! A value that is not quoted ends at a blank. Where a secret of several words stands, its first word is masked with the value, and
//! what is left of it has no mark any more by which it would be found. So the value ends where that secret does.

use std::ops::Range;

use super::{card, header, iban, pem};

/// Where a finding ends: at its end, or at that of a secret whose beginning it holds, and so on. `done`: where what is masked already
/// ends.
pub(super) fn end(text: &[u8], range: &Range<usize>, done: usize) -> usize {
    let mut end = range.end;
    while let Some(other) = begun(text, range.start..end, done).filter(|other| other.end > end) {
        end = other.end;
    }
    end
}

/// A secret that begins at the end of a finding, and is not over there.
fn begun(text: &[u8], Range { start, end }: Range<usize>, done: usize) -> Option<Range<usize>> {
    let is_between_words = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'-' | b'\\');
    text.get(end).filter(|byte| is_between_words(byte))?;
    let earlier = |length: usize| end.checked_sub(length).filter(|at| *at >= start);
    let number = earlier(4).and_then(|at| match text[at] {
        b'0'..=b'9' => card::find(text, at, done),
        b'A'..=b'Z' => iban::find(text, at),
        _ => None,
    });
    let credentials = || {
        ["bearer", "basic"]
            .iter()
            .find_map(|scheme| earlier(scheme.len()).and_then(|at| header::find(text, at)))
    };
    let key = || {
        let first = start.max(end.saturating_sub(pem::HEADER_MAX));
        (first..end).find_map(|at| pem::find(text, at))
    };
    number.or_else(credentials).or_else(key)
}
