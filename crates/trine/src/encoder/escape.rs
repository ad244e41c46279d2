//! Text as a JSON string.

use trine_ring::Appender;

/// Appends `text` in quotes, with everything escaped that JSON wants escaped.
///
/// Text is UTF-8 as a rule; what is not (from a damaged ring) becomes U+FFFD, so that the line stays valid.
#[inline]
pub(super) fn quoted(out: &mut Appender<'_>, text: &[u8]) {
    if !out.quoted(text) {
        out.array(*b"\"");
        escape(out, text);
        out.array(*b"\"");
    }
}

/// As [`quoted`], without the quotes.
#[inline(never)]
pub(super) fn escape(out: &mut Appender<'_>, text: &[u8]) {
    if text.is_ascii() || std::str::from_utf8(text).is_ok() {
        escape_utf8(out, text);
    } else {
        escape_utf8(out, String::from_utf8_lossy(text).as_bytes());
    }
}

fn escape_utf8(out: &mut Appender<'_>, text: &[u8]) {
    let mut at = 0;
    loop {
        let special = first_special(text, at);
        out.bytes(&text[at..special]);
        let Some(&byte) = text.get(special) else { return };
        match SHORT[usize::from(byte)] {
            0 => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.array(*b"\\u00");
                out.array([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            letter => out.array([b'\\', letter]),
        }
        at = special + 1;
    }
}

/// What stands behind the backslash where JSON has a short form; else zero.
const SHORT: [u8; 256] = {
    let mut short = [0; 256];
    short[b'"' as usize] = b'"';
    short[b'\\' as usize] = b'\\';
    short[b'\n' as usize] = b'n';
    short[b'\r' as usize] = b'r';
    short[b'\t' as usize] = b't';
    short[0x08] = b'b';
    short[0x0c] = b'f';
    short
};

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

/// Where, from `at` on, the first byte is that must be escaped; the length where there is none.
#[inline]
fn first_special(text: &[u8], mut at: usize) -> usize {
    let word = |at: usize| {
        text.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u64::from_le_bytes(*chunk))
    };
    let Some(last) = text.len().checked_sub(8) else {
        let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
        return text[at..].iter().position(is_special).map_or(text.len(), |found| at + found);
    };
    while at <= last {
        let found = specials(word(at));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    // What is left of the last word. Zeros come behind it, which look like what must be escaped.
    let rest = word(last) >> (8 * (at - last)).min(63);
    (at + specials(rest).trailing_zeros() as usize / 8).min(text.len())
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
                    for from in 0..=at {
                        assert_eq!(first_special(&text, from), at);
                    }
                    assert_eq!(first_special(&text, at + 1), len);
                }
            }
            for plain in [b'~', 0xff] {
                assert!((0..=len).all(|from| first_special(&vec![plain; len], from) == len));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_become_a_valid_string(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut out = Vec::new();
            quoted(&mut Appender::new(&mut out), &bytes);
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
