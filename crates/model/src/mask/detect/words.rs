//! Eight bytes that are compared at once, in a word.

const LOW: u64 = 0x7f7f7f7f7f7f7f7f;
const HIGH: u64 = !LOW;

pub(super) const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The eight bytes at `at`.
#[inline(always)]
pub(super) fn at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// The high bit of each byte that lies between two characters of ASCII.
#[inline(always)]
pub(super) fn within(word: u64, first: u8, last: u8) -> u64 {
    let low = word & LOW;
    // No sum reaches the next byte: 127 + 127 < 256.
    let from_first = low + each(0x80 - first);
    let behind_last = low + each(0x7f - last);
    from_first & !behind_last & !word & HIGH
}

/// The high bit of each byte that is zero, and maybe of some behind the first: zero when no byte is.
///
/// Source: Hacker's Delight, section 6-1.
#[inline(always)]
pub(super) fn zeroes(word: u64) -> u64 {
    word.wrapping_sub(each(1)) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_told_from_their_neighbours() {
        for byte in 0..=255 {
            let word = u64::from_le_bytes([byte, 0, 255, byte, b'5', 0x80, 0x7f, byte]);
            let expected = if byte.is_ascii_digit() { 0x8000008080000080 } else { 0x0000008000000000 };
            assert_eq!(within(word, b'0', b'9'), expected, "{byte}");
        }
    }
}
