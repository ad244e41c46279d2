//! What the detectors ask of single bytes and of what stands around them.

/// What a byte is, in a table: what is asked of every byte of a key or a value is asked with one look.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        kinds[byte] = if letter.is_ascii_alphanumeric() {
            ALNUM
        } else if matches!(letter, b'_' | b'-') {
            DASH
        } else if letter == b'.' {
            DOT
        } else {
            0
        };
        byte += 1;
    }
    kinds
};
const ALNUM: u8 = 1;
const DASH: u8 = 2;
const DOT: u8 = 4;

/// True for letters and digits of ASCII. Bytes of other scripts are none: tokens end before them.
#[inline(always)]
pub(super) fn is_alnum(byte: u8) -> bool {
    KINDS[usize::from(byte)] & ALNUM != 0
}

/// True for the characters of base64 as it is written in URLs and tokens.
#[inline(always)]
pub(super) fn is_base64url(byte: u8) -> bool {
    KINDS[usize::from(byte)] & (ALNUM | DASH) != 0
}

/// True for the characters of a key.
#[inline(always)]
pub(super) fn is_key(byte: u8) -> bool {
    KINDS[usize::from(byte)] & (ALNUM | DASH | DOT) != 0
}

/// True when no word goes on across the place before `at`.
pub(super) fn begins_word(text: &[u8], at: usize) -> bool {
    at == 0 || !(is_alnum(text[at - 1]) || text[at - 1] == b'_') || is_behind_escape(text, at)
}

/// True behind the end of a line or a tab that is written as in JSON: the letter before belongs to it.
pub(super) fn is_behind_escape(text: &[u8], at: usize) -> bool {
    at >= 2 && text[at - 2] == b'\\' && matches!(text[at - 1], b'n' | b'r' | b't')
}

/// How many bytes from `at` on fulfil `is`, at most `max`.
#[inline(always)]
pub(super) fn run(text: &[u8], at: usize, max: usize, is: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let rest = &rest[..rest.len().min(max)];
    let length = rest.iter().position(|byte| !is(*byte)).unwrap_or(rest.len());
    steps::add(length);
    length
}

/// How many bytes were looked at; counted in tests of this crate, which hold it against the length of the text.
pub(super) mod steps {
    #[cfg(test)]
    thread_local! {
        static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[cfg(test)]
    pub(in super::super) fn add(steps: usize) {
        STEPS.with(|all| all.set(all.get() + steps + 1));
    }

    #[cfg(not(test))]
    #[inline(always)]
    pub(in super::super) fn add(_: usize) {}

    /// Those since the last call.
    #[cfg(test)]
    pub(in super::super) fn take() -> usize {
        STEPS.with(std::cell::Cell::take)
    }
}

/// True when `text` has `part` at `at`, whatever the case.
pub(super) fn has_at(text: &[u8], at: usize, part: &[u8]) -> bool {
    text.get(at..)
        .and_then(|rest| rest.get(..part.len()))
        .is_some_and(|there| there.eq_ignore_ascii_case(part))
}

/// True when a number, an id or an account may begin at `at`: not behind what makes it a part of something longer.
///
/// Numbers behind `-`, `_`, `.`, `/`, `#`, `+`, `*` are parts of ids, versions, paths, order numbers, masks.
pub(super) fn may_begin_number(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| text[before]) else { return true };
    before.is_ascii_whitespace()
        || !before.is_ascii()
        || matches!(
            before,
            b'"' | b'\'' | b'`' | b'=' | b':' | b'(' | b'[' | b'{' | b',' | b';' | b'|' | b'<' | b'>'
        )
        || is_behind_escape(text, at)
}

/// True when a number, an id or an account may end at `end`: not before what makes it a part of something longer.
pub(super) fn may_end_number(text: &[u8], end: usize) -> bool {
    match text.get(end..).unwrap_or_default() {
        // A mask may stand for what would have been a part of it.
        [b'-' | b'.' | b'/', next, ..] => !is_alnum(*next) && *next != b'*',
        [next, ..] => !is_alnum(*next) && !matches!(*next, b'_' | b'@' | b'%' | b'*' | b'+'),
        [] => true,
    }
}

/// The words of the identifier that stands before `at`, behind at most a few separators; from its end. `order_id=` gives `id`, `order`.
/// What stands before `from` is masked, and does not count.
pub(super) fn words_before(text: &[u8], at: usize, from: usize) -> impl Iterator<Item = &[u8]> {
    /// What may stand between a name and its value: `"order_id": "`.
    const BETWEEN_MAX: usize = 6;
    /// Longest name that is looked at.
    const NAME_MAX: usize = 32;

    let between = text[from..at]
        .iter()
        .rev()
        .take(BETWEEN_MAX)
        .take_while(|byte| matches!(*byte, b' ' | b'=' | b':' | b'"' | b'\'' | b'(' | b'[' | b'#' | b'\\'))
        .count();
    let end = at - between;
    let length = text[from..end]
        .iter()
        .rev()
        .take(NAME_MAX)
        .take_while(|byte| is_alnum(**byte) || matches!(*byte, b'_' | b'-' | b'.'))
        .count();
    let name = if between == 0 { &[][..] } else { &text[end - length..end] };
    let mut rest = name;
    std::iter::from_fn(move || {
        let last = rest.iter().rposition(|byte| is_alnum(*byte))?;
        let start = (0..=last).rev().find(|at| starts_word(rest, *at)).unwrap_or(0);
        let word = &rest[start..=last];
        rest = &rest[..start];
        Some(word)
    })
}

/// True when a word of an identifier begins at `at`: behind a separator, or at a capital behind a small letter.
fn starts_word(name: &[u8], at: usize) -> bool {
    at == 0 || !is_alnum(name[at - 1]) || (name[at].is_ascii_uppercase() && name[at - 1].is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_a_value_come_from_the_end() {
        let words = |text: &str| -> Vec<String> {
            words_before(text.as_bytes(), text.len(), 0)
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect()
        };
        assert_eq!(words("order_id="), ["id", "order"]);
        assert_eq!(words("{\"userId\": \""), ["Id", "user"]);
        assert_eq!(words("paid with "), ["with"]);
        assert_eq!(words("order #"), ["order"]);
        assert_eq!(words("="), [""; 0]);
        assert_eq!(words("run-on"), [""; 0]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn numbers_do_not_end_inside_something_longer() {
        for (text, may) in [
            ("1", true),
            ("1 ", true),
            ("1.", true),
            ("1,2", true),
            ("1.5", false),
            ("1-a", false),
            ("1_", false),
        ] {
            assert_eq!(may_end_number(text.as_bytes(), 1), may, "{text}");
        }
    }
}
