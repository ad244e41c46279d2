//! Whether a short text can hold a secret at all: most values are a word, a number or an id, and a few comparisons say so.

use super::words;

/// Texts of fewer bytes are looked at as one word or two.
pub(super) const SHORT: usize = 16;

/// True when a text of fewer than [`SHORT`] bytes may hold a secret: by an assignment, a scheme, or as a number that is all it is.
#[inline]
pub(super) fn is_worth_a_look(text: &[u8], is_address_worth: bool) -> bool {
    /// Shortest card, less what may stand around it; accounts are longer.
    const NUMBER_MIN: usize = 13;

    let (first, last) = match text.len() {
        // `pwd=x`, `a://:b@c`: nothing shorter is anything.
        0..5 => return false,
        5..8 => (half(&text[..4]), half(&text[text.len() - 4..])),
        _ => (words::at(text, 0), words::at(text, text.len() - 8)),
    };
    let places = |word: u64, byte: u8| words::zeroes(word ^ words::each(byte));
    let both = |byte: u8| places(first, byte) | places(last, byte);
    // `:` and `>` differ in one bit.
    let signs = both(b'=') | places(first & !words::each(4), b':') | places(last & !words::each(4), b':');
    let dashes = (places(first, b'-'), places(last, b'-'));
    let flags = (dashes.0 & dashes.0 >> 8) | (dashes.1 & dashes.1 >> 8);
    signs | flags != 0
        // `Basic dTpwYXNz`
        || text[0] | 0x20 == b'b'
        || (is_address_worth && both(b'@') != 0)
        || (text.len() >= NUMBER_MIN && words::within(last, b'0', b'9').count_ones() >= 7)
}

fn half(bytes: &[u8]) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(bytes);
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
