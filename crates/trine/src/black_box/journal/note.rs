//! How much of what waits an output has taken, and where the next bytes go.

use std::sync::atomic::{AtomicU64, Ordering};

use super::slot::Check;
use crate::sink::FilePlace;

/// Check, sequence, position, flags, device, inode, length; and one to spare.
const ONE_WORDS: usize = 8;
/// Words of both places in which notes are stored in turns.
pub(super) const WORDS: usize = 2 * ONE_WORDS;

const HAS_PLACE: u64 = 1;
const IS_MID_LINE: u64 = 2;

/// What an output has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::black_box) struct Note {
    /// Of the output's stream: everything before it has been taken.
    pub(in crate::black_box) position: u64,
    /// Where the byte at `position` goes, when it is a file.
    pub(in crate::black_box) place: Option<FilePlace>,
    /// The byte at `position` is not the first of its line.
    pub(in crate::black_box) is_mid_line: bool,
}

impl Note {
    /// Stores it in the place that the last one does not have.
    pub(super) fn store(self, words: &[AtomicU64]) {
        let sequence = Note::read_both(words).map(|(sequence, _)| sequence).max().unwrap_or(0) + 1;
        let one = &words[(sequence % 2) as usize * ONE_WORDS..][..ONE_WORDS];
        let place = self.place.unwrap_or_default();
        let flags =
            (u64::from(self.place.is_some()) * HAS_PLACE) | (u64::from(self.is_mid_line) * IS_MID_LINE);
        let values = [sequence, self.position, flags, place.device, place.inode, place.length];
        let mut check = Check::new();
        for (word, value) in one[1..].iter().zip(values) {
            word.store(value, Ordering::Relaxed);
            check.add(value);
        }
        one[0].store(check.finish(), Ordering::Release);
    }

    /// The later one of those that are whole.
    pub(super) fn latest(words: &[AtomicU64]) -> Option<Note> {
        Note::read_both(words).max_by_key(|(sequence, _)| *sequence).map(|(_, note)| note)
    }

    fn read_both(words: &[AtomicU64]) -> impl Iterator<Item = (u64, Note)> {
        words.chunks_exact(ONE_WORDS).take(2).filter_map(|one| {
            let values: Vec<u64> = one.iter().map(|word| word.load(Ordering::Acquire)).collect();
            let mut check = Check::new();
            values[1..7].iter().for_each(|value| check.add(*value));
            let place = FilePlace { device: values[4], inode: values[5], length: values[6] };
            let note = Note {
                position: values[2],
                place: (values[3] & HAS_PLACE != 0).then_some(place),
                is_mid_line: values[3] & IS_MID_LINE != 0,
            };
            (check.finish() == values[0] && values[1] > 0).then_some((values[1], note))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_note_is_read_and_the_one_before_when_it_is_damaged() {
        let words: Vec<AtomicU64> = (0..WORDS).map(|_| AtomicU64::new(0)).collect();
        assert_eq!(Note::latest(&words), None);
        let place = Some(FilePlace { device: 1, inode: 2, length: 3 });
        let notes = [9, 18, 27].map(|position| Note { position, place, is_mid_line: position == 18 });
        for note in notes {
            note.store(&words);
            assert_eq!(Note::latest(&words), Some(note));
        }
        words[ONE_WORDS + 2].fetch_xor(1, Ordering::Relaxed);
        assert_eq!(Note::latest(&words), Some(notes[1]));
    }
}
