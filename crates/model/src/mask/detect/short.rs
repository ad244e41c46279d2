//! Whether a short text can hold a secret at all: most values are a word, a number or an id, and a few comparisons say so.

use super::{header, words};

/// Texts of fewer bytes are looked at as one word or two.
pub(super) const SHORT: usize = 16;

/// True when a text of fewer than [`SHORT`] bytes may hold a secret: by an assignment, a scheme, or as a number that is all it is.
#[inline]
pub(super) fn is_worth_a_look(text: &[u8], is_address_worth: bool) -> bool {
    /// `pwd=x`, `a://:b@c`: nothing shorter is anything.
    const TEXT_MIN: usize = 5;
    /// Shortest card, less what may stand around it, and nearly the shortest credentials, `Basic dTpwYXNz`; accounts are longer.
    const NUMBER_MIN: usize = 13;

    if text.len() < TEXT_MIN {
        return false;
    }
    // Four times four bytes, of which some are the same: no branch for each length.
    let behind = text.len() / 8 * 4;
    let first = half(text, 0) | half(text, behind) << 32;
    let last = half(text, text.len() - 4 - behind) | half(text, text.len() - 4) << 32;
    let both = |byte: u8, mask: u8| {
        let places = |word: u64| words::zeroes(word & words::each(mask) ^ words::each(byte));
        places(first) | places(last)
    };
    // `:` and `>` differ in one bit.
    let signs = both(b':', !4) | both(b'=', !0);
    let addresses = if is_address_worth { both(b'@', !0) } else { 0 };
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
        for text in ["", "GET", "ORD-123", "credit_card", "192.168.1.100", "2026-11-25", "550e8400-e29b"] {
            assert!(!is_worth_a_look(text.as_bytes(), true), "{text}");
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
