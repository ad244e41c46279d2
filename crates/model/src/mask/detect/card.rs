//! Payment cards: an issuer's prefix, a length that goes with it, the check digit of Luhn, and nothing that speaks against it.
//!
//! Of random numbers of 16 digits, 2 % pass prefix and check digit. So the neighbourhood decides as well: a number that is part of
//! something longer, or that stands under a name like `order_id`, is none. What is lost is a card that somebody logs as `id`.

use std::ops::Range;

use super::bytes::{is_alnum, may_begin_number, may_end_number, run, words_before};

/// Digits of the longest card.
const DIGITS_MAX: usize = 19;

/// How cards are written when not in one: digits per group. The first that fits and passes is taken.
const GROUPINGS: [&[usize]; 5] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 5], &[4, 4, 4, 4, 3]];

/// Last words of names under which numbers are no cards.
const NO_CARD: [&str; 47] = [
    "at",
    "batch",
    "build",
    "bytes",
    "count",
    "cursor",
    "ean",
    "epoch",
    "event",
    "gtin",
    "hash",
    "id",
    "ids",
    "imei",
    "invoice",
    "isbn",
    "job",
    "micros",
    "millis",
    "ms",
    "nanos",
    "nonce",
    "ns",
    "offset",
    "order",
    "phone",
    "pid",
    "position",
    "random",
    "ref",
    "reference",
    "request",
    "seed",
    "seq",
    "sequence",
    "serial",
    "size",
    "sku",
    "span",
    "task",
    "ticket",
    "time",
    "timestamp",
    "trace",
    "tracking",
    "ts",
    "us",
];

/// The card that begins at `at`, where a digit stands. What stands before `from` is masked, and does not count.
pub(super) fn find(text: &[u8], at: usize, from: usize) -> Option<Range<usize>> {
    if !may_begin_number(text, at) {
        return None;
    }
    let first = run(text, at, DIGITS_MAX + 1, |byte| byte.is_ascii_digit());
    if first >= 13 {
        return contiguous(text, at, at + first, from);
    }
    grouped(text, at, from)
}

fn contiguous(text: &[u8], start: usize, end: usize, from: usize) -> Option<Range<usize>> {
    let digits = &text[start..end];
    let is_card = may_end_number(text, end)
        && digits.len() <= DIGITS_MAX
        && issuer_is_known(digits, false)
        && luhn(digits)
        && !is_named_otherwise(text, start, from);
    is_card.then_some(start..end)
}

fn grouped(text: &[u8], start: usize, from: usize) -> Option<Range<usize>> {
    let separator = *text.get(start + 4).filter(|byte| matches!(byte, b' ' | b'-'))?;
    if is_in_table(text, start, from, separator) {
        return None;
    }
    GROUPINGS.iter().find_map(|grouping| {
        let (mut digits, mut length, mut end) = ([0; DIGITS_MAX], 0, start);
        for (index, size) in grouping.iter().enumerate() {
            if index > 0 {
                (text.get(end) == Some(&separator)).then_some(())?;
                end += 1;
            }
            let group = text.get(end..end + size).filter(|group| group.iter().all(u8::is_ascii_digit))?;
            digits[length..length + size].copy_from_slice(group);
            (length, end) = (length + size, end + size);
        }
        let digits = &digits[..length];
        let is_card = may_end_number(text, end)
            && !is_in_row(text, end, separator)
            && issuer_is_known(digits, true)
            && luhn(digits);
        is_card.then_some(start..end)
    })
}

/// True when another group of four digits or more stands before: a column of numbers.
fn is_in_table(text: &[u8], start: usize, from: usize, separator: u8) -> bool {
    start >= from + 5
        && text[start - 1] == separator
        && text[start - 5..start - 1].iter().all(u8::is_ascii_digit)
}

/// True when two more groups of four digits follow: a column of numbers. (One may be the year in which the card expires.)
fn is_in_row(text: &[u8], end: usize, separator: u8) -> bool {
    let group = |at: usize| {
        text.get(at) == Some(&separator) && run(text, at + 1, 4, |byte| byte.is_ascii_digit()) == 4
    };
    group(end) && group(end + 5)
}

fn is_named_otherwise(text: &[u8], start: usize, from: usize) -> bool {
    words_before(text, start, from)
        .next()
        .is_some_and(|word| NO_CARD.iter().any(|no| no.as_bytes().eq_ignore_ascii_case(word)))
}

/// True for prefixes and lengths that issuers use. Those that hardly anybody has count only when the number is written in groups,
/// as cards are.
fn issuer_is_known(digits: &[u8], is_grouped: bool) -> bool {
    let prefix =
        |n: usize| digits[..n].iter().fold(0, |value: u32, digit| value * 10 + u32::from(digit - b'0'));
    let (two, four) = (prefix(2), prefix(4));
    let is_usual = match digits.len() {
        16 => {
            // Visa, Mastercard (both ranges), Discover, JCB.
            matches!(two, 40..=49 | 51..=55 | 65)
                || matches!(four, 2221..=2720 | 6011 | 6440..=6499 | 3528..=3589)
        }
        15 => matches!(two, 34 | 37), // American Express
        14 => matches!(two, 36 | 38) || matches!(four, 3000..=3059), // Diners Club
        _ => false,
    };
    // Visa of 13 and 19 digits, UnionPay, Maestro.
    is_usual || (is_grouped && matches!(two, 40..=49 | 50 | 56..=69))
}

/// The check digit (ISO/IEC 7812-1, annex B). A number of one digit repeated passes it by chance and is none.
fn luhn(digits: &[u8]) -> bool {
    let value = |(index, digit): (usize, &u8)| {
        let value = u32::from(digit - b'0') << (index % 2);
        if value > 9 { value - 9 } else { value }
    };
    let sum: u32 = digits.iter().rev().enumerate().map(value).sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}

/// Where the number ends that begins at `at` and is somehow a card, because its key says so; `None` when there are too few digits.
pub(super) fn extent(text: &[u8], at: usize) -> Option<usize> {
    /// Fewer are no card: four are what a mask has left of one.
    const DIGITS_MIN: usize = 8;
    /// Longest number that is followed: the longest card, each digit with a blank.
    const BYTES_MAX: usize = 2 * DIGITS_MAX;

    let length = run(text, at, BYTES_MAX, |byte| byte.is_ascii_digit() || byte == b' ' || byte == b'-');
    let number = &text[at..at + length];
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
    let last = number.iter().rposition(u8::is_ascii_digit)?;
    let end = at + last + 1;
    (digits >= DIGITS_MIN).then(|| end + run(text, end, usize::MAX, is_alnum))
}
