//! Text as a JSON string.

/// Appends `text` with everything escaped that JSON wants escaped, without the quotes.
///
/// Text is UTF-8 as a rule; what is not (from a damaged ring) becomes U+FFFD, so that the line stays valid.
#[inline]
pub(crate) fn escape(out: &mut Vec<u8>, text: &[u8]) {
    match first_special(text) {
        None => out.extend_from_slice(text),
        Some(at) => escape_from(out, text, at),
    }
}

/// As [`escape`], for text that may not be UTF-8.
pub(crate) fn escape_lossy(out: &mut Vec<u8>, text: &[u8]) {
    escape(out, String::from_utf8_lossy(text).as_bytes());
}

#[cold]
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

/// Where the first byte is that must be escaped.
#[inline]
fn first_special(text: &[u8]) -> Option<usize> {
    let mut chunks = text.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        let word = u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]]);
        let found = specials(word);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    chunks.remainder().iter().position(special).map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(&mut out, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn short_forms_are_used_where_json_has_them() {
        assert_eq!(escaped("a\"b\\c\nd\re\tf\u{8}g\u{c}h\0i\u{1f}"), r#"a\"b\\c\nd\re\tf\bg\fh\u0000i\u001f"#);
        assert_eq!(escaped("emoji 🔑 and DEL \u{7f} stay"), "emoji 🔑 and DEL \u{7f} stay");
    }

    #[test]
    fn a_special_is_found_at_every_place() {
        for len in 0..40 {
            for at in 0..len {
                for special in [b'"', b'\\', 0, 0x1f] {
                    let mut text = vec![b'x'; len];
                    text[at] = special;
                    assert_eq!(first_special(&text), Some(at));
                }
            }
            assert_eq!(first_special(&vec![0xff; len]), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            let json = format!("\"{}\"", escaped(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
