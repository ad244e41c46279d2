//! What stands between two quotes: its escapes, its UTF-8.

/// A text, borrowed where it is written as it is, else put into `buffer`.
pub(super) fn read<'b>(inside: &'b [u8], escaped: bool, buffer: &'b mut String) -> &'b str {
    if !escaped && let Ok(text) = str::from_utf8(inside) {
        return text;
    }
    buffer.clear();
    for piece in (Pieces { rest: inside }) {
        match piece {
            Piece::Plain(bytes) => bytes.utf8_chunks().for_each(|chunk| {
                buffer.push_str(chunk.valid());
                if !chunk.invalid().is_empty() {
                    buffer.push(char::REPLACEMENT_CHARACTER);
                }
            }),
            Piece::Escaped(char) => buffer.push(char),
        }
    }
    buffer
}

/// True when the text is `wanted`.
#[inline(always)]
pub(super) fn equal(inside: &[u8], escaped: bool, wanted: &[u8]) -> bool {
    if escaped { equal_escaped(inside, wanted) } else { inside == wanted }
}

#[cold]
fn equal_escaped(inside: &[u8], mut wanted: &[u8]) -> bool {
    for piece in (Pieces { rest: inside }) {
        let rest = match piece {
            Piece::Plain(bytes) => wanted.strip_prefix(bytes),
            Piece::Escaped(char) => wanted.strip_prefix(char.encode_utf8(&mut [0; 4]).as_bytes()),
        };
        match rest {
            Some(rest) => wanted = rest,
            None => return false,
        }
    }
    wanted.is_empty()
}

/// Where the first `\` stands that escapes nothing.
pub(super) fn bad_escape(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', inside.get(at..)?) {
        at += found;
        let length = match inside.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if hex(&inside[at + 2..]).is_some() => 6,
            _ => return Some(at),
        };
        at += length;
    }
    None
}

/// A text in pieces.
struct Pieces<'a> {
    rest: &'a [u8],
}

enum Piece<'a> {
    Plain(&'a [u8]),
    Escaped(char),
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        if self.rest[0] == b'\\'
            && let Some((char, length)) = escape(self.rest)
        {
            self.rest = &self.rest[length..];
            return Some(Piece::Escaped(char));
        }
        // A `\` that escapes nothing stands for itself.
        let length = memchr::memchr(b'\\', &self.rest[1..]).map_or(self.rest.len(), |found| found + 1);
        let (plain, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(Piece::Plain(plain))
    }
}

/// The character that the escape in front means, and how many bytes it takes.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let char = match text.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text),
        _ => return None,
    };
    Some((char, 2))
}

fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let high = hex(&text[2..])?;
    if let Some(char) = char::from_u32(high) {
        return Some((char, 6));
    }
    let low = text.get(6..8).filter(|begin| begin == b"\\u").and_then(|_| hex(&text[8..]));
    match (high, low) {
        (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
            let char = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            Some((char.unwrap_or(char::REPLACEMENT_CHARACTER), 12))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, 6)),
    }
}

/// The number that four hexadecimal digits in front make.
fn hex(text: &[u8]) -> Option<u32> {
    let digits = text.first_chunk::<4>()?;
    digits.iter().try_fold(0, |number, &digit| Some(number * 16 + char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inside: &[u8], expected: &str, is_good: bool) {
        let escaped = inside.contains(&b'\\');
        let mut buffer = "old".to_owned();
        assert_eq!(read(inside, escaped, &mut buffer), expected);
        assert_eq!(bad_escape(inside).is_none(), is_good, "{expected}");
        if str::from_utf8(inside).is_ok() {
            assert!(equal(inside, escaped, expected.as_bytes()));
            assert!(!equal(inside, escaped, format!("{expected}!").as_bytes()));
        }
    }

    #[test]
    fn every_escape_is_resolved() {
        check(br#"a\"\\\/\b\f\n\r\tz"#, "a\"\\/\u{8}\u{c}\n\r\tz", true);
        check(br"\u0041\u00e9\u20AC\u0000", "Aé€\0", true);
        check("é plain".as_bytes(), "é plain", true);
        check(b"", "", true);
    }

    #[test]
    fn surrogates_pair_up_and_lone_ones_are_replaced() {
        check(br"\ud83d\ude00", "😀", true);
        check(br"\uD83D\uDE00!", "😀!", true);
        check(br"\ud83d", "\u{fffd}", true);
        check(br"\ude00x", "\u{fffd}x", true);
        check(br"\ud83d\ud83d\ude00", "\u{fffd}😀", true);
        check(br"\ud83d\u0041", "\u{fffd}A", true);
        check(br"\ud83d\n", "\u{fffd}\n", true);
    }

    #[test]
    fn a_backslash_that_escapes_nothing_stays() {
        check(br"a\xb", r"a\xb", false);
        check(br"\u12", r"\u12", false);
        check(br"\u+123", r"\u+123", false);
        check(br"\u12g4\n", "\\u12g4\n", false);
        check(br"\ud83d\u12", "\u{fffd}\\u12", false);
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        check(b"a\xffb", "a\u{fffd}b", true);
        check(b"\xed\xa0\x80\\n", "\u{fffd}\u{fffd}\u{fffd}\n", true);
    }
}
