//! Bank accounts: a country, its length, and the check digits.

use std::ops::Range;

use super::bytes::{is_alnum, may_begin_number, may_end_number, run};

/// Characters of an account per country (SWIFT, IBAN registry, release 99).
const LENGTHS: [(&[u8; 2], u8); 89] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// The account that begins at `at`, written in one or in groups of four.
pub(super) fn find(text: &[u8], at: usize) -> Option<Range<usize>> {
    let [first, second, check @ ..] = text.get(at..)?.first_chunk::<4>()?;
    if !(first.is_ascii_uppercase() && second.is_ascii_uppercase() && check.iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let country = [*first, *second];
    let (_, length) = LENGTHS.iter().find(|(known, _)| **known == country)?;
    if !may_begin_number(text, at) {
        return None;
    }
    let mut characters = [0; 34];
    let end = collect(text, at, &mut characters[..usize::from(*length)])?;
    let is_iban = may_end_number(text, end) && remainder(&characters[..usize::from(*length)]) == 1;
    is_iban.then_some(at..end)
}

/// Fills in the characters, over single blanks or dashes between groups of four, and gives the place behind the last.
fn collect(text: &[u8], start: usize, characters: &mut [u8]) -> Option<usize> {
    let separator = text.get(start + 4).copied().filter(|byte| matches!(byte, b' ' | b'-'));
    let mut at = start;
    for (index, character) in characters.iter_mut().enumerate() {
        if let Some(separator) = separator
            && index > 0
            && index % 4 == 0
        {
            text.get(at).filter(|byte| **byte == separator)?;
            at += 1;
        }
        *character = *text.get(at).filter(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())?;
        at += 1;
    }
    Some(at)
}

/// The account as a number, its first four characters last and its letters as 10 to 35, modulo 97: 1 when it is right.
///
/// Source: ISO 7064, MOD 97-10.
fn remainder(characters: &[u8]) -> u32 {
    let (head, tail) = characters.split_at(4);
    tail.iter().chain(head).fold(0, |rest, character| match character {
        b'0'..=b'9' => (rest * 10 + u32::from(character - b'0')) % 97,
        _ => (rest * 100 + u32::from(character - b'A') + 10) % 97,
    })
}

/// Where the account ends that begins at `at` because its key says so; `None` when it is too short for one.
pub(super) fn extent(text: &[u8], at: usize) -> Option<usize> {
    /// Characters of the shortest account; what a mask leaves of one has fewer.
    const CHARS_MIN: usize = 12;
    /// Longest that is followed: the longest account, in groups.
    const BYTES_MAX: usize = 42;

    let is_part = |byte| is_alnum(byte) || byte == b' ' || byte == b'-';
    let account = &text[at..at + run(text, at, BYTES_MAX, is_part)];
    // Groups go on as long as they have a digit; a word behind them does not belong to them.
    let (mut end, mut characters, mut digits) = (0, 0, 0);
    for group in account.split_inclusive(|byte| !is_alnum(*byte)) {
        let count = group.iter().filter(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            break;
        }
        digits += count;
        characters += group.iter().filter(|byte| is_alnum(**byte)).count();
        end += group.len();
    }
    let last = account[..end].iter().rposition(|byte| is_alnum(*byte))?;
    let end = at + last + 1;
    (characters >= CHARS_MIN && digits >= CHARS_MIN / 2).then(|| end + run(text, end, usize::MAX, is_alnum))
}
