//! Whether a short text can hold a secret at all: most values are a word, a number or an id, and a few comparisons say so.

use super::{header, words};

/// `pwd=x`, `a://:b@c`: nothing shorter is anything.
pub(super) const TEXT_MIN: usize = 5;
/// Texts of fewer bytes are looked at as one word or two.
pub(super) const SHORT: usize = 16;

/// True when a text of [`TEXT_MIN`] bytes or more, and fewer than [`SHORT`], may hold a secret: by an assignment, a scheme, or as a number that is all it is.
#[inline]
pub(super) fn is_worth_a_look(text: &[u8], is_address_worth: bool) -> bool {
    /// Shortest card, less what may stand around it, and nearly the shortest credentials, `Basic dTpwYXNz`; accounts are longer.
    const NUMBER_MIN: usize = 13;

    if text.len() < TEXT_MIN {
        return false;
    }
    // Four times four bytes, of which some are the same: no branch for each length.
    let behind = text.len() / 8 * 4;
    let first = half(text, 0) | half(text, behind) << 32;
    let last = half(text, text.len() - 4 - behind) | half(text, text.len() - 4) << 32;
    // Of many texts the last character is a colon, behind which nothing stands. The high byte is that character, and so is that of the
    // lower half where both are the same.
    let behind_nothing = 0xff << 56 | if behind == 0 { 0xff << 24 } else { 0 };
    // `:` and `>` differ in one bit.
    let signs = |word: u64| {
        let colons = words::zeroes(word & words::each(!4) ^ words::each(b':'));
        colons | words::zeroes(word ^ words::each(b'='))
    };
    let signs = signs(first) | (signs(last) & !behind_nothing);
    let addresses = |word: u64| words::zeroes(word ^ words::each(b'@'));
    let addresses = if is_address_worth { addresses(first) | addresses(last) } else { 0 };
    let dashes = |word: u64| words::zeroes(word ^ words::each(b'-'));
    let (first_dashes, last_dashes) = (dashes(first), dashes(last));
    let flags = (first_dashes & first_dashes >> 8) | (last_dashes & last_dashes >> 8);
    let is_long = || {
        let digits = words::within(last, b'0', b'9').count_ones();
        digits >= 7 || header::begins(text, 0) || header::begins(text, 1)
    };
    signs | addresses | flags != 0 || (text.len() >= NUMBER_MIN && is_long())
}

#[inline(always)]
fn half(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u64::from(u32::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_without_a_sign_are_not_looked_at() {
        for text in [
            "",
            "GET",
            "ORD-123",
            "credit_card",
            "192.168.1.100",
            "2026-11-25",
            "550e8400-e29b",
            "token:",
            "password:",
            "is_secret=",
        ] {
            let is_long_enough = text.len() >= TEXT_MIN;
            assert!(!(is_long_enough && is_worth_a_look(text.as_bytes(), true)), "{text}");
        }
        for text in [
            "pwd=x",
            "a://b:c@d",
            "378282246310005",
            "--pwd hunter2",
            "x@example.org",
            "ab--c",
            "{\"otp\":1}",
            "<otp>1</otp>",
            "basic dTpwYXNz",
        ] {
            assert!(is_worth_a_look(text.as_bytes(), true), "{text}");
        }
    }
}
