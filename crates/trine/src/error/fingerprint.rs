//! The fingerprint of an error: sixteen hex digits, the same for every error of one kind.
//!
//! The algorithm is a contract, with test vectors: `docs/errors.md`. It reads each text once; nothing is looked at twice but a
//! bounded piece (an address).

/// Longest address of a network: an IPv6 address with an IPv4 address in it.
const ADDRESS_BYTES_MAX: usize = 45;
/// Letters that a word of nothing but `a` to `f` needs to pass for a hexadecimal number. No common English word has so many.
const HEX_LETTERS_MIN: usize = 8;
/// What stands for everything that varies.
const VARIES: char = '#';

/// The fingerprint of an error: of its type, its code and its texts, the error's own first, then those of its causes.
pub(crate) fn of<'a>(
    error_type: &str,
    code: Option<&str>,
    texts: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut whole = format!("{error_type}\n{}", code.unwrap_or_default());
    for text in texts {
        whole.push('\n');
        normalise(text, &mut whole);
    }
    format!("{:016x}", fnv1a(whole.as_bytes()))
}

/// FNV-1a with 64 bits.
///
/// Source: Fowler, Noll, Vo; draft-eastlake-fnv.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Appends `text` with everything that varies replaced: quoted values, numbers, ids, addresses; and blanks made one.
fn normalise(text: &str, out: &mut String) {
    Normaliser { text, at: 0, start: out.len(), out, quotes_over: [false; QUOTES.len()] }.run();
}

/// A quote opens, and the same or its partner closes.
const QUOTES: [(char, char); 5] = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('«', '»')];

struct Normaliser<'t, 'o> {
    text: &'t str,
    at: usize,
    /// Where this text begins in `out`.
    start: usize,
    out: &'o mut String,
    /// No closing quote of that kind is left; what was looked for in vain is not looked for again.
    quotes_over: [bool; QUOTES.len()],
}

impl Normaliser<'_, '_> {
    fn run(&mut self) {
        while let Some(c) = self.text[self.at..].chars().next() {
            if let Some(len) = self.quoted(c).or_else(|| self.address(c)) {
                self.vary(len);
            } else if is_word(c) {
                self.word();
            } else if c.is_whitespace() || c.is_control() {
                if self.out.len() > self.start && !self.out.ends_with(' ') {
                    self.out.push(' ');
                }
                self.at += c.len_utf8();
            } else {
                self.out.push(c);
                self.at += c.len_utf8();
            }
        }
        if self.out.len() > self.start && self.out.ends_with(' ') {
            self.out.pop();
        }
    }

    /// Length of a quoted value that begins here, quotes included. An apostrophe is no quote.
    fn quoted(&mut self, c: char) -> Option<usize> {
        let kind = QUOTES.iter().position(|(open, _)| *open == c)?;
        if self.quotes_over[kind] || self.text[..self.at].ends_with(is_word) {
            return None;
        }
        let (open, close) = QUOTES[kind];
        let from = self.at + open.len_utf8();
        let mut escaped = false;
        for (offset, inner) in self.text[from..].char_indices() {
            let behind = from + offset + inner.len_utf8();
            if inner == close && !escaped && !self.text[behind..].starts_with(is_word) {
                return Some(behind - self.at);
            }
            escaped = inner == '\\' && !escaped;
        }
        self.quotes_over[kind] = true;
        None
    }

    /// Length of an address that begins here: groups of at most four hex digits with at least two colons among them.
    fn address(&self, c: char) -> Option<usize> {
        if !(c.is_ascii_hexdigit() || c == ':') || self.text[..self.at].ends_with(is_word) {
            return None;
        }
        let rest = &self.text.as_bytes()[self.at..];
        let is_part = |b: &&u8| b.is_ascii_hexdigit() || **b == b':' || **b == b'.';
        let mut len = rest.iter().take(ADDRESS_BYTES_MAX + 1).take_while(is_part).count();
        // What ends a clause is not of the address.
        while len > 0 && (rest[len - 1] == b'.' || rest[len - 1] == b':') {
            len -= 1;
        }
        let address = &rest[..len];
        let is_word_behind = self.text[self.at + len..].starts_with(is_word);
        let colons = address.iter().filter(|b| **b == b':').count();
        let mut groups = address.split(|b| *b == b':' || *b == b'.');
        let is_address = len <= ADDRESS_BYTES_MAX
            && colons >= 2
            && !is_word_behind
            && groups.all(|group| group.len() <= 4)
            && address.iter().any(u8::is_ascii_hexdigit);
        is_address.then_some(len)
    }

    /// A word and what hangs on it by hyphens. With a digit in it, or as a hexadecimal number, it varies.
    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let mut len = 0;
        while let Some(c) = rest[len..].chars().next() {
            let is_hyphen = c == '-' && rest[len + 1..].starts_with(is_word);
            if !is_word(c) && !is_hyphen {
                break;
            }
            len += c.len_utf8();
        }
        let word = &rest[..len];
        let is_hex = |c: char| matches!(c, 'a'..='f' | 'A'..='F' | '-');
        let is_hex = len >= HEX_LETTERS_MIN && word.chars().all(is_hex);
        if is_hex || word.contains(char::is_numeric) {
            self.vary(len);
        } else {
            self.out.push_str(word);
            self.at += len;
        }
    }

    /// Replaces `len` bytes. Numbers joined by a sign are one: `12:5`, `1.5`, `127.0.0.1:80`, `1,234`; a sign before is of the
    /// number.
    fn vary(&mut self, len: usize) {
        self.at += len;
        let out = &self.out[self.start..];
        let joined = out.len() >= 2
            && out.as_bytes()[out.len() - 2] == VARIES as u8
            && matches!(out.as_bytes()[out.len() - 1], b'.' | b':' | b',' | b'/' | b'+' | b'-');
        if joined {
            self.out.pop();
            return;
        }
        let before = out.strip_suffix(['+', '-']);
        if before.is_some_and(|before| !before.ends_with(|c| is_word(c) || c == VARIES)) {
            self.out.pop();
        }
        self.out.push(VARIES);
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(text: &str) -> String {
        let mut out = String::new();
        normalise(text, &mut out);
        out
    }

    #[test]
    fn the_vectors_of_the_document_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
        let document = std::fs::read_to_string(path).unwrap();
        let rows: Vec<Vec<&str>> = document
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
            .filter(|cells: &Vec<&str>| cells.len() == 5)
            .collect();
        assert!(rows.len() >= 6, "{rows:?}");
        for row in rows {
            let [error_type, code, texts, normalised, expected] = row[..] else { panic!("{row:?}") };
            let texts: Vec<&str> = texts.split("⏎").collect();
            let found: Vec<String> = texts.iter().map(|text| normal(text)).collect();
            assert_eq!(found.join("⏎"), normalised, "{texts:?}");
            assert_eq!(of(error_type, (!code.is_empty()).then_some(code), texts), expected, "{row:?}");
        }
    }

    #[track_caller]
    fn assert_same(texts: &[&str], expected: &str) {
        for text in texts {
            assert_eq!(normal(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_ids_and_addresses_vary() {
        assert_same(&["took 5 ms", "took 1,234.5 ms", "took -3e+10 ms", "took +7 ms"], "took # ms");
        assert_same(&["order ORD-123 is gone", "order 7 is gone", "order f00_1 is gone"], "order # is gone");
        assert_same(
            &[
                "user 67e55044-10b1-426f-9247-bb680e5fe0c8",
                "user deadbeefcafe",
                "user DEADBEEF-cafe",
                "user 0x7ffd",
            ],
            "user #",
        );
        assert_same(
            &[
                "no route to 10.0.0.1:8080.",
                "no route to fe80::ab:1.",
                "no route to ::1.",
                "no route to aa:bb:cc.",
            ],
            "no route to #.",
        );
        assert_same(&["a.rs:12:5: bad", "a.rs:3: bad", "a.rs:123:45: bad"], "a.rs:#: bad");
    }

    #[test]
    fn quoted_values_vary_and_apostrophes_do_not() {
        assert_same(&["no table \"users\"", "no table 'a b'", "no table `x`", "no table “é”"], "no table #");
        assert_same(&["no table \"a\\\"b\""], "no table #");
        assert_same(&["can't open the users' file"], "can't open the users' file");
        assert_same(&["it's 'x' again"], "it's # again");
        assert_same(&["\"open"], "\"open");
    }

    #[test]
    fn words_stay_and_blanks_are_one() {
        assert_same(&["the  well-known\n\thost ", " the well-known host"], "the well-known host");
        assert_same(&["a decade of faded facades"], "a decade of faded facades");
        assert_same(&["Übergröße: straße"], "Übergröße: straße");
        assert_same(&["", "  "], "");
    }

    #[test]
    fn type_code_and_causes_tell_errors_apart() {
        let all = [
            of("A", None, ["x"]),
            of("B", None, ["x"]),
            of("A", Some("E1"), ["x"]),
            of("A", Some("E2"), ["x"]),
            of("A", None, ["x", "y"]),
            of("A", None, ["x y"]),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn hostile_texts_are_read_once() {
        // Read again from each of its pieces, a text of this length would take minutes.
        const BYTES: usize = 256 << 10;
        for piece in ["'a ", "\"'`“«", "a:", "a-", "1.", "::", "'", "a'"] {
            let text = piece.repeat(BYTES / piece.len());
            assert!(normal(&text).len() <= text.len());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_normalised_and_has_no_digit_left(text in "\\PC{0,60}") {
            let once = normal(&text);
            prop_assert!(!once.contains(|c: char| c.is_ascii_digit()), "{once:?}");
            prop_assert_eq!(of("E", None, [&*text]).len(), 16);
        }

        #[test]
        fn other_numbers_ids_and_values_leave_the_fingerprint(
            numbers in [any::<(i64, u32, u128)>(), any::<(i64, u32, u128)>()],
            hex in ["[0-9a-f]{32}", "[0-9a-f]{32}"],
            quoted in ["[ -!#-\\[\\]-~]{0,20}", "[ -!#-\\[\\]-~]{0,20}"],
            floats in [0.0..1e9, 0.0..1e9],
        ) {
            let text = |n: usize| {
                let (a, b, c) = numbers[n];
                let uuid = format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", c as u32, c as u16, 0x7000, 0x8000, c >> 80);
                format!("order {a} of {uuid} at m.rs:{b}:{b} gave \"{}\" in {}ms, trace {}", quoted[n], floats[n], hex[n])
            };
            prop_assert_eq!(of("E", None, [&*text(0)]), of("E", None, [&*text(1)]), "{}\n{}", normal(&text(0)), normal(&text(1)));
        }
    }
}
