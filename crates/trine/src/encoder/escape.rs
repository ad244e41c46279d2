//! Text as a JSON string.

use trine_ring::Appender;

/// Appends `text` in quotes, with everything escaped that JSON wants escaped.
///
/// Text is UTF-8 as a rule; what is not (from a damaged ring) becomes U+FFFD, so that the line stays valid.
#[inline(always)]
pub(super) fn quoted(out: &mut Appender<'_>, text: &[u8]) {
    if !out.quoted(text) {
        out.with_vec(|out| quoted_anyhow(out, text));
    }
}

#[inline(never)]
fn quoted_anyhow(out: &mut Vec<u8>, text: &[u8]) {
    let out = &mut Appender::new(out);
    out.array(*b"\"");
    escape(out, text);
    out.array(*b"\"");
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
        at = out.unescaped(text, at);
        let Some(&byte) = text.get(at) else { return };
        match SHORT[usize::from(byte)] {
            0 => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.array(*b"\\u00");
                out.array([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            letter => out.array([b'\\', letter]),
        }
        at += 1;
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
