//! Levels as Trine writes them, told without a branch that depends on which it is: no processor foresees levels.

use trine_model::Level;

/// The first and the last four bytes of a word of four to eight, which are all of it.
const fn ends(word: &[u8]) -> u64 {
    match (word.first_chunk(), word.last_chunk()) {
        (Some(first), Some(last)) => {
            u32::from_le_bytes(*first) as u64 | (u32::from_le_bytes(*last) as u64) << 32
        }
        _ => 0,
    }
}

/// Where a level stands in [`WORDS`]: a multiplier that was searched for gives each its own place.
const fn place(ends: u64, length: usize) -> usize {
    ((ends ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c6f) >> 61) as usize
}

/// The levels by their places: their ends, their lengths.
const WORDS: [(u64, usize, Level); 8] = {
    let mut words = [(0, 0, Level::Info); 8];
    let mut number = 0;
    while number < Level::ALL.len() {
        let level = Level::ALL[number];
        let word = level.as_str().as_bytes();
        let place = place(ends(word), word.len());
        assert!(words[place].1 == 0, "two levels have one place");
        words[place] = (ends(word), word.len(), level);
        number += 1;
    }
    words
};

/// The level that is written so, letter for letter.
#[inline]
pub(crate) fn own_level(written: &[u8]) -> Option<Level> {
    let own = ends(written);
    let (ends, length, level) = WORDS[place(own, written.len())];
    ((ends == own) & (length == written.len()) & (length > 0)).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_levels_are_told_and_nothing_else() {
        for level in Level::ALL {
            let word = level.as_str();
            assert_eq!(own_level(word.as_bytes()), Some(level));
            for at in 0..word.len() {
                let mut other = word.as_bytes().to_vec();
                other[at] ^= 0x20;
                assert_eq!(own_level(&other), None);
                assert_eq!(own_level(&word.as_bytes()[..at]), None);
            }
        }
        for other in ["", "inf", "infoinfo", "warn", "criticaal", "information"] {
            assert_eq!(own_level(other.as_bytes()), None, "{other}");
        }
    }
}
