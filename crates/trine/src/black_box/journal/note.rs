//! How much of what waits an output has taken, and where the next bytes go.

use std::sync::atomic::AtomicU64;

use trine_ring::Turns;

use crate::sink::FilePlace;

/// Check, sequence, position, flags, device, inode, length; and one to spare.
const TURNS: Turns = Turns { words: 8, sequence_at: 1 };
/// Words of a note, the sequence among them.
const USED: usize = 6;
/// Words of both places.
pub(super) const WORDS: usize = 2 * TURNS.words;

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
        let sequence = Note::read(words).map_or(1, |(sequence, _)| sequence + 1);
        let place = self.place.unwrap_or_default();
        let flags =
            (u64::from(self.place.is_some()) * HAS_PLACE) | (u64::from(self.is_mid_line) * IS_MID_LINE);
        TURNS.store(words, sequence, [self.position, flags, place.device, place.inode, place.length]);
    }

    /// The later one of those that are whole.
    pub(super) fn latest(words: &[AtomicU64]) -> Option<Note> {
        Note::read(words).map(|(_, note)| note)
    }

    fn read(words: &[AtomicU64]) -> Option<(u64, Note)> {
        let (sequence, values) = TURNS.latest(words, |_| Some(USED))?;
        let [position, flags, device, inode, length] = values[..] else { return None };
        let note = Note {
            position,
            place: (flags & HAS_PLACE != 0).then_some(FilePlace { device, inode, length }),
            is_mid_line: flags & IS_MID_LINE != 0,
        };
        Some((sequence, note))
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
        words[TURNS.words + 2].fetch_xor(1, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(Note::latest(&words), Some(notes[1]));
    }
}
