//! Whether a short text can hold a secret at all: most values are a word, a number or an id, and a few comparisons say so.

use super::{
    scan::Shapes,
    words::{self, equals, within},
};

/// Texts of fewer bytes are looked at as one word or two.
pub(super) const SHORT: usize = 16;

/// True when a text of fewer than [`SHORT`] bytes may hold a secret: by an assignment, a scheme, or as a number that is all it is.
#[inline]
pub(super) fn is_worth_a_look(text: &[u8], shapes: Shapes) -> bool {
    /// Shortest card, less what may stand around it; accounts are longer.
    const NUMBER_MIN: usize = 13;

    let (first, last) = match text.len() {
        // `pwd=x`, `a://:b@c`: nothing shorter is anything.
        0..5 => return false,
        5..8 => (half(&text[..4]), half(&text[text.len() - 4..])),
        _ => (words::at(text, 0), words::at(text, text.len() - 8)),
    };
    let has = |byte| (equals(first, byte) | equals(last, byte)) != 0;
    let is_flag = |word| {
        let dashes = equals(word, b'-');
        dashes & dashes >> 8 != 0
    };
    has(b'=')
        || has(b':')
        || (has(b'>') && has(b'<'))
        || is_flag(first)
        || is_flag(last)
        // `Basic dTpwYXNz`
        || matches!(text[0], b'B' | b'b')
        || (shapes.at_sign && has(b'@'))
        || (text.len() >= NUMBER_MIN && within(last, b'0', b'9').count_ones() >= 7)
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
        let all = Shapes { card: true, at_sign: true };
        for text in ["", "GET", "ORD-123", "credit_card", "192.168.1.100", "2026-11-25", "550e8400-e29b"] {
            assert!(!is_worth_a_look(text.as_bytes(), all), "{text}");
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
            assert!(is_worth_a_look(text.as_bytes(), all), "{text}");
        }
    }
}
