//! A few words that are stored again and again, of which one whole version is there at every moment.
//!
//! Two places, used in turns: the next version goes to the place that the last one does not have, and its check is stored last. Whoever
//! reads takes the later version of those whose check is right. One store at a time; the reader is another process, and the
//! writer is dead, or is the reader itself.
//!
//! **Invariant:** nothing of a version is stored before the version ahead of it is whole. The `Release` store of a check keeps
//! what comes before it there, and not what comes behind it from being stored earlier: that is what the fence is for.

use crate::primitive::{AtomicU64, Ordering, fence};

/// Where in a place the check lies.
const CHECK_AT: usize = 0;

/// How the two places lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// Words of one place.
    pub words: usize,
    /// Where in a place the sequence lies, the first word that the check is over; behind it, the values.
    pub sequence_at: usize,
}

impl Turns {
    /// Stores a version. `sequence` is above zero, and one more than that of the last version.
    ///
    /// Values that do not fit the place are left out.
    pub fn store(&self, places: &[AtomicU64], sequence: u64, values: impl IntoIterator<Item = u64>) {
        let Some(one) =
            places.get((sequence % 2) as usize * self.words..).and_then(|at| at.get(..self.words))
        else {
            return;
        };
        fence(Ordering::Release);
        let mut check = Check::new();
        let words = one.iter().skip(self.sequence_at);
        for (word, value) in words.zip(std::iter::once(sequence).chain(values)) {
            word.store(value, Ordering::Relaxed);
            check.add(value);
        }
        one[CHECK_AT].store(check.finish(), Ordering::Release);
    }

    /// The later one of the versions that are whole: its sequence, and the values behind it.
    ///
    /// `used` says how many words a version has, the sequence among them, when it is given all words that a place has room for;
    /// `None` when they cannot be one.
    pub fn latest(
        &self,
        places: &[AtomicU64],
        used: impl Fn(&[u64]) -> Option<usize>,
    ) -> Option<(u64, Vec<u64>)> {
        let whole = places.chunks_exact(self.words).take(2).filter_map(|one| {
            let words: Vec<u64> = one.iter().map(|word| word.load(Ordering::Acquire)).collect();
            let said = words.get(self.sequence_at..)?;
            let version = said.get(..used(said)?)?;
            let (sequence, values) = version.split_first()?;
            let mut check = Check::new();
            version.iter().for_each(|word| check.add(*word));
            (check.finish() == words[CHECK_AT] && *sequence > 0).then(|| (*sequence, values.to_vec()))
        });
        whole.max_by_key(|(sequence, _)| *sequence)
    }
}

/// A sum over words that notices flipped bits and words that were not stored.
struct Check(u64);

impl Check {
    fn new() -> Check {
        Check(0x9e37_79b9_7f4a_7c15)
    }

    fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x6a09_e667_f3bc_c909).rotate_left(29);
    }

    fn finish(self) -> u64 {
        // Never zero, which is what fresh memory holds.
        (self.0 ^ self.0 >> 32) | 1
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const TURNS: Turns = Turns { words: 6, sequence_at: 2 };

    fn latest(words: &[AtomicU64]) -> Option<(u64, Vec<u64>)> {
        TURNS.latest(words, |words| Some(words.len() - 1))
    }

    fn memory() -> Vec<AtomicU64> {
        (0..2 * TURNS.words).map(|_| AtomicU64::new(0)).collect()
    }

    #[test]
    fn the_latest_whole_version_is_read() {
        let words = memory();
        assert_eq!(latest(&words), None);
        for sequence in 1..6 {
            TURNS.store(&words, sequence, [7 * sequence, 0]);
            assert_eq!(latest(&words), Some((sequence, vec![7 * sequence, 0])));
        }
        assert_eq!(
            latest(&words[..7]),
            Some((4, vec![28, 0])),
            "of the later one there is no more than a word"
        );
    }

    #[test]
    fn a_version_that_is_half_stored_or_damaged_leaves_the_one_before() {
        let words = memory();
        [1, 2].into_iter().for_each(|sequence| TURNS.store(&words, sequence, [sequence, 9]));
        // The second one is in the first place: its check, nothing, sequence, two values, nothing.
        for at in [0, 2, 3, 4] {
            for bit in 0..64 {
                let before = words[at].fetch_xor(1 << bit, Ordering::Relaxed);
                assert_eq!(latest(&words), Some((1, vec![1, 9])), "word {at}, bit {bit}");
                words[at].store(before, Ordering::Relaxed);
            }
        }
        assert_eq!(latest(&words), Some((2, vec![2, 9])));
    }

    #[test]
    fn values_beyond_the_place_are_left_out() {
        let words = memory();
        TURNS.store(&words, 1, 0..99);
        assert_eq!(TURNS.latest(&words, |words| Some(words.len())), Some((1, vec![0, 1, 2])));
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::{sync::Arc, thread};

    const TURNS: Turns = Turns { words: 4, sequence_at: 1 };

    /// A reader that looks at any moment, in the order in which places are read, finds one version whole: what has been stored of
    /// the next one never comes ahead of it.
    #[test]
    fn one_version_is_whole_at_every_moment() {
        loom::model(|| {
            let words: Arc<Vec<AtomicU64>> =
                Arc::new((0..2 * TURNS.words).map(|_| AtomicU64::new(0)).collect());
            let version = |sequence: u64| [10 * sequence, 20 * sequence];
            let writer = {
                let words = Arc::clone(&words);
                thread::spawn(move || (1..=2).for_each(|n| TURNS.store(&words, n, version(n))))
            };
            let is_begun = words[TURNS.sequence_at].load(Ordering::Acquire) == 2;
            let found = TURNS.latest(&words, |_| Some(3));
            assert!(found.is_some() || !is_begun, "the second was begun before the first was whole");
            if let Some((sequence, values)) = found {
                assert_eq!(values, version(sequence));
            }
            writer.join().unwrap();
            assert_eq!(TURNS.latest(&words, |_| Some(3)), Some((2, version(2).to_vec())));
        });
    }
}
