//! Finding the end of a value without reading it.

pub(super) mod wide;

use self::wide::{Mask, WIDTH, dense, equal, first, from, load, splat_or, within};
use super::{
    broken::{Broken, Problem},
    raw::{Kind, Raw},
};

/// How deep lists and maps may lie in each other. Trine writes 64 (docs/format.md §1), serde_json reads 128 by default; what is
/// deeper is an attack or a mistake, and whoever walks into it may recurse this often.
pub const DEPTH_MAX: usize = 1_024;

/// Where the text whose opening quote is before `at` has its closing quote, and whether there is a `\` before that.
#[inline(always)]
pub(super) fn text(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        let found = quote_or_backslash(bytes, at)?;
        if bytes[found] == b'"' {
            return Some((found, escaped));
        }
        escaped = true;
        at = found + 2;
    }
}

/// As [`text`], for texts that are seldom longer than 32 bytes: the first ones in one step, as no processor foresees in which of two steps the
/// end comes.
#[inline(always)]
pub(super) fn short_text(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let mask = |chunk: &[u8; WIDTH]| equal(load(chunk), b'"') | equal(load(chunk), b'\\');
    if let Some((low, rest)) = bytes.get(at..)?.split_first_chunk()
        && let Some(high) = rest.first_chunk()
    {
        let both = dense(mask(low)) | dense(mask(high)) << WIDTH;
        let found = at + both.trailing_zeros() as usize;
        if both != 0 && bytes[found] == b'"' {
            return Some((found, false));
        }
    }
    text(bytes, at)
}

/// As [`text`], when only the end matters: a `"` is looked for, and then whether it is escaped. Half the work, for the many texts that
/// nobody asked for.
#[inline(always)]
pub(super) fn text_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin;
    loop {
        let found = quote(bytes, at)?;
        if bytes[found - 1] != b'\\' || !is_escaped(&bytes[begin..found]) {
            return Some(found);
        }
        at = found + 1;
    }
}

/// Whether what stands behind this text is escaped by it: it ends in an odd number of `\`.
#[cold]
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The first `"` from `at` on.
#[inline(always)]
fn quote(bytes: &[u8], at: usize) -> Option<usize> {
    find(bytes, at, |chunk| equal(load(chunk), b'"'), |byte| byte == b'"', |rest| memchr::memchr(b'"', rest))
}

/// Just behind the value that begins at `at`; `None` where there is none, or it does not end.
#[inline(always)]
pub(super) fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'"' => text_end(bytes, at + 1).map(|end| end + 1),
        b'{' | b'[' => nested(bytes, at).ok(),
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I' => Some(scalar_end(bytes, at)),
        _ => None,
    }
}

/// The first `"` or `\` from `at` on.
#[inline(always)]
fn quote_or_backslash(bytes: &[u8], at: usize) -> Option<usize> {
    find(
        bytes,
        at,
        |chunk| equal(load(chunk), b'"') | equal(load(chunk), b'\\'),
        |byte| matches!(byte, b'"' | b'\\'),
        |rest| memchr::memchr2(b'"', b'\\', rest),
    )
}

/// The value that begins at `at`, where there is neither white space nor the end.
#[inline(always)]
pub(super) fn value(bytes: &[u8], at: usize) -> Result<Raw<'_>, Broken> {
    let Some(&begin) = bytes.get(at) else { return Err(Problem::Cut.at(at)) };
    match begin {
        b'"' => match text(bytes, at + 1) {
            Some((end, escaped)) => Ok(Raw::new(&bytes[at..=end], Kind::Text, escaped)),
            None => Err(Problem::Cut.at(bytes.len())),
        },
        b'-' | b'0'..=b'9' => Ok(scalar(bytes, at, Kind::Number)),
        b'{' => nested(bytes, at).map(|end| Raw::new(&bytes[at..end], Kind::Map, false)),
        b'[' => nested(bytes, at).map(|end| Raw::new(&bytes[at..end], Kind::List, false)),
        b't' | b'f' => Ok(scalar(bytes, at, Kind::Bool)),
        b'n' => Ok(scalar(bytes, at, Kind::Null)),
        // What Python's json writes for floats that are not finite.
        b'N' | b'I' => Ok(scalar(bytes, at, Kind::Number)),
        _ => Err(Problem::NoValue.at(at)),
    }
}

#[inline(always)]
fn scalar(bytes: &[u8], at: usize, kind: Kind) -> Raw<'_> {
    Raw::new(&bytes[at..scalar_end(bytes, at)], kind, false)
}

/// Just behind the number or word that begins at `at`. Some bytes in one step: no processor foresees how long a number is.
#[inline(always)]
pub(super) fn scalar_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at..].first_chunk().map(|chunk| scalar_ends(load(chunk))) {
        Some(ends) if ends != 0 => at + first(ends),
        _ => long_scalar_end(bytes, at),
    }
}

/// The bytes that cannot be part of a number or a word.
#[inline(always)]
fn scalar_ends(chunk: wide::Chunk) -> Mask {
    // From `+` to `9` there are besides `-` and `.` two that are none.
    let letters = within(splat_or(chunk, 0x20), b'a', b'z');
    let others = within(chunk, b'+', b'9') & !(equal(chunk, b',') | equal(chunk, b'/'));
    !(letters | others) & wide::ALL
}

#[inline(never)]
fn long_scalar_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes[at..].iter().position(|byte| SCALAR_ENDS[*byte as usize]);
    length.map_or(bytes.len(), |length| at + length)
}

/// Whether a byte cannot be part of a number or a word.
static SCALAR_ENDS: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = !(byte as u8).is_ascii_alphanumeric() && !matches!(byte as u8, b'-' | b'+' | b'.');
        byte += 1;
    }
    table
};

/// Just behind the list or map that begins at `at`. Brackets are counted, not matched: `[}` is found by whoever goes inside.
pub(super) fn nested(bytes: &[u8], at: usize) -> Result<usize, Broken> {
    match nested_plain(bytes, at) {
        Some(end) => Ok(end),
        None => nested_escaped(bytes, at),
    }
}

/// As [`nested`], of what has no `\`, and so no quote but those around texts: 64 bytes in one step. `None` of anything else.
#[inline]
fn nested_plain(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    // All bits set while within a text.
    let mut within = 0_u64;
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let marks = match rest.first_chunk() {
            Some(chunk) => Marks::of(chunk),
            None => {
                let mut chunk = [0; Marks::BYTES];
                chunk[..rest.len()].copy_from_slice(rest);
                Marks::of(&chunk)
            }
        };
        if marks.has_escapes {
            return None;
        }
        let texts = within_texts(marks.quotes) ^ within;
        within = ((texts as i64) >> 63) as u64;
        let mut brackets = marks.brackets & !texts;
        while brackets != 0 {
            let place = brackets.trailing_zeros() as usize;
            // `{` and `[` have this bit, `}` and `]` do not.
            if rest[place] & 2 != 0 {
                depth += 1;
                if depth > DEPTH_MAX {
                    return None;
                }
            } else {
                depth -= 1;
                if depth == 0 {
                    return Some(at + place + 1);
                }
            }
            brackets &= brackets - 1;
        }
        at += Marks::BYTES;
    }
}

/// What stands in 64 bytes, a bit for each.
struct Marks {
    quotes: u64,
    brackets: u64,
    has_escapes: bool,
}

impl Marks {
    const BYTES: usize = u64::BITS as usize;

    #[inline(always)]
    fn of(chunk: &[u8; Marks::BYTES]) -> Marks {
        let mut marks = Marks { quotes: 0, brackets: 0, has_escapes: false };
        let mut escapes = 0;
        let (steps, _) = chunk.as_chunks::<WIDTH>();
        for (number, step) in steps.iter().enumerate() {
            let step = load(step);
            let folded = splat_or(step, 0x20);
            let brackets = equal(folded, b'{') | equal(folded, b'}');
            marks.quotes |= dense(equal(step, b'"')) << (number * WIDTH);
            marks.brackets |= dense(brackets) << (number * WIDTH);
            escapes |= equal(step, b'\\');
        }
        marks.has_escapes = escapes != 0;
        marks
    }
}

/// The bytes from each opening quote up to its closing one, when the first is an opening one: of each bit, whether the bits up to it are an
/// odd number.
#[inline(always)]
fn within_texts(quotes: u64) -> u64 {
    let mut bits = quotes;
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// As [`nested`], of anything.
fn nested_escaped(bytes: &[u8], mut at: usize) -> Result<usize, Broken> {
    let mut depth = 0_usize;
    while let Some(found) = quote_or_bracket(bytes, at) {
        at = found + 1;
        match bytes[found] {
            b'"' => match text(bytes, at) {
                Some((end, _)) => at = end + 1,
                None => break,
            },
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(Problem::TooDeep.at(found));
                }
            }
            _ => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
        }
    }
    Err(Problem::Cut.at(bytes.len()))
}

/// Whether a `{` or a `[` stands in it.
#[inline(always)]
pub(super) fn has_opening(bytes: &[u8]) -> bool {
    const STRIDE: usize = 4 * WIDTH;
    // The two differ in this bit only.
    let openings = |chunk: &[u8; WIDTH]| equal(splat_or(load(chunk), 0x20), b'{');
    let in_stride =
        |stride: &[u8; STRIDE]| stride.as_chunks().0.iter().fold(0, |all, chunk| all | openings(chunk)) != 0;
    let (strides, rest) = bytes.as_chunks();
    if strides.iter().any(in_stride) {
        return true;
    }
    // The last stride of all, and of less than one the last chunk, reaches back into what was looked at before.
    match (bytes.last_chunk(), bytes.last_chunk()) {
        _ if rest.is_empty() => false,
        (Some(stride), _) => in_stride(stride),
        (None, Some(chunk)) => {
            bytes.as_chunks().0.iter().fold(openings(chunk), |all, chunk| all | openings(chunk)) != 0
        }
        (None, None) => bytes.iter().any(|byte| matches!(byte, b'{' | b'[')),
    }
}

/// The first `"`, `{`, `}`, `[` or `]` from `at` on.
#[inline(always)]
fn quote_or_bracket(bytes: &[u8], at: usize) -> Option<usize> {
    let is_one = |byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']');
    let mask = |chunk: &[u8; WIDTH]| {
        let chunk = load(chunk);
        // `[` and `{`, `]` and `}` differ in this bit only.
        let folded = splat_or(chunk, 0x20);
        equal(chunk, b'"') | equal(folded, b'{') | equal(folded, b'}')
    };
    find(bytes, at, mask, is_one, |rest| rest.iter().position(|byte| is_one(*byte)))
}

/// The first byte from `at` on of which the mask has a bit. `is_one` says the same of one byte, `far` finds the first in many.
#[inline(always)]
fn find(
    bytes: &[u8],
    mut at: usize,
    mask: impl Fn(&[u8; WIDTH]) -> Mask,
    is_one: impl Fn(u8) -> bool,
    far: impl Fn(&[u8]) -> Option<usize>,
) -> Option<usize> {
    let far_at = at + SHORT_BYTES;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WIDTH>()) {
        let mask = mask(chunk);
        if mask != 0 {
            return Some(at + first(mask));
        }
        at += WIDTH;
        if at >= far_at {
            return far(bytes.get(at..)?).map(|found| at + found);
        }
    }
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    // The last chunk of all reaches back before `at`: what is there is masked out.
    let Some(chunk) = bytes.last_chunk::<WIDTH>() else {
        return rest.iter().position(|byte| is_one(*byte)).map(|found| at + found);
    };
    let begin = bytes.len() - WIDTH;
    let mask = from(mask(chunk), at - begin);
    (mask != 0).then(|| begin + first(mask))
}

/// From this length on, a search goes on with `memchr`, whose call costs more than some steps.
const SHORT_BYTES: usize = 64;

/// The first byte from `at` on that is not white space; the length if there is none.
#[inline(always)]
pub(super) fn blank(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_looked_for_in_steps_is_found_as_byte_by_byte(
            bytes in prop::collection::vec(
                prop_oneof![20 => b'a'..b'e', 1 => prop::sample::select(b"{}[]\",/:.-+9zAZ@`\\\x00\xff".as_slice())],
                0..200,
            ),
        ) {
            prop_assert_eq!(has_opening(&bytes), bytes.iter().any(|byte| b"{[".contains(byte)));
            for at in 0..bytes.len() {
                let length = bytes[at..].iter().position(|byte| SCALAR_ENDS[usize::from(*byte)]);
                prop_assert_eq!(scalar_end(&bytes, at), length.map_or(bytes.len(), |length| at + length));
                prop_assert_eq!(short_text(&bytes, at), text(&bytes, at));
            }
        }
    }
}
