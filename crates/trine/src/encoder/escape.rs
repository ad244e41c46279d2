//! Text as a JSON string.

use trine_ring::Appender;

/// Appends `text` with everything escaped that JSON wants escaped, without the quotes.
///
/// Text is UTF-8 as a rule; what is not (from a damaged ring) becomes U+FFFD, so that the line stays valid. ASCII, which
/// most is, is recognised in the same pass.
#[inline]
pub(crate) fn escape(out: &mut Appender<'_>, text: &[u8]) {
    match scan(text) {
        Scan::Plain => out.bytes(text),
        Scan::Special(at) => out.with_vec(|out| escape_text(out, text, at)),
        Scan::NotAscii => out.with_vec(|out| escape_text(out, text, text.len())),
    }
}

/// As [`escape`], where there is something to escape (the first at `at`), or something that may not be UTF-8.
#[cold]
fn escape_text(out: &mut Vec<u8>, text: &[u8], at: usize) {
    match std::str::from_utf8(text) {
        Ok(_) => escape_from(out, text, at),
        Err(_) => {
            let text = String::from_utf8_lossy(text);
            let at = first_special(text.as_bytes()).unwrap_or(text.len());
            escape_from(out, text.as_bytes(), at);
        }
    }
}

fn escape_from(out: &mut Vec<u8>, mut text: &[u8], mut at: usize) {
    loop {
        let (clean, rest) = text.split_at(at);
        out.extend_from_slice(clean);
        let Some((&byte, rest)) = rest.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
        text = rest;
        at = first_special(text).unwrap_or(text.len());
    }
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// One bit per byte of `word` that must be escaped: control characters, `"`, `\`. Bits behind the first may be wrong.
///
/// Source: "Determine if a word has a byte less than n", Sean Eron Anderson, Bit Twiddling Hacks.
#[inline]
fn specials(word: u64) -> u64 {
    let below = |word: u64, n: u64| word.wrapping_sub(LOW * n) & !word;
    (below(word, 0x20) | below(word ^ (LOW * 0x22), 1) | below(word ^ (LOW * 0x5c), 1)) & HIGH
}

/// What a pass over text found.
#[derive(Debug, PartialEq, Eq)]
enum Scan {
    /// ASCII with nothing to escape.
    Plain,
    /// The first byte that must be escaped.
    Special(usize),
    /// Nothing to escape, but not ASCII.
    NotAscii,
}

#[inline]
fn scan(text: &[u8]) -> Scan {
    let word = |at: usize| {
        text.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u64::from_le_bytes(*chunk))
    };
    if text.len() < 8 {
        return scan_short(text);
    }
    let (mut at, last, mut seen) = (0, text.len() - 8, 0);
    loop {
        let found = specials(word(at));
        if found != 0 {
            return Scan::Special(at + found.trailing_zeros() as usize / 8);
        }
        seen |= word(at);
        if at == last {
            return if seen & HIGH == 0 { Scan::Plain } else { Scan::NotAscii };
        }
        // The last word overlaps the one before, whose bytes are known to be harmless.
        at = (at + 8).min(last);
    }
}

#[inline]
fn scan_short(text: &[u8]) -> Scan {
    let mut seen = 0;
    for (at, byte) in text.iter().enumerate() {
        if *byte < 0x20 || *byte == b'"' || *byte == b'\\' {
            return Scan::Special(at);
        }
        seen |= byte;
    }
    if seen < 0x80 { Scan::Plain } else { Scan::NotAscii }
}

fn first_special(text: &[u8]) -> Option<usize> {
    match scan(text) {
        Scan::Special(at) => Some(at),
        Scan::Plain | Scan::NotAscii => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(&mut Appender::new(&mut out), text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn short_forms_are_used_where_json_has_them() {
        assert_eq!(
            escaped("a\"b\\c\nd\re\tf\u{8}g\u{c}h\0i\u{1f}"),
            r#"a\"b\\c\nd\re\tf\bg\fh\u0000i\u001f"#
        );
        assert_eq!(escaped("emoji 🔑 and DEL \u{7f} stay"), "emoji 🔑 and DEL \u{7f} stay");
    }

    #[test]
    fn a_special_is_found_at_every_place() {
        for len in 0..40 {
            for at in 0..len {
                for special in [b'"', b'\\', 0, 0x1f] {
                    let mut text = vec![b'x'; len];
                    text[at] = special;
                    assert_eq!(scan(&text), Scan::Special(at));
                }
            }
            assert_eq!(scan(&vec![b'~'; len]), Scan::Plain);
            assert_eq!(scan(&vec![0xff; len]) == Scan::NotAscii, len > 0);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_become_a_valid_string(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut out = b"\"".to_vec();
            escape(&mut Appender::new(&mut out), &bytes);
            out.push(b'"');
            let read: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(read, String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn any_text_reads_back(text in "[\\x00-\\x7f\\PC]*") {
            let json = format!("\"{}\"", escaped(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
