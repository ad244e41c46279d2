//! How far the rings were read, and what waits for each output since: stored in turns in two places, each with a check.

use std::{path::Path, sync::atomic::AtomicU64};

use trine_ring::{Region, Turns};

use super::super::outbox::{Outbox, file_name};
use crate::{clock::Anchor, collector::OUTPUTS_MAX, pipeline::RINGS_MAX};

/// Check, zero, sequence, counts, anchor, zero; then outputs, then tails.
const FIXED_WORDS: usize = 8;
const OUTPUT_WORDS: usize = 4;
const TURNS: Turns =
    Turns { words: FIXED_WORDS + (OUTPUTS_MAX + 1) * OUTPUT_WORDS + RINGS_MAX, sequence_at: 2 };
/// Words of both places.
pub(super) const WORDS: usize = 2 * TURNS.words;
/// Words from the sequence up to the outputs.
const ANCHOR_WORDS: usize = FIXED_WORDS - TURNS.sequence_at;

/// A slot as it was read.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) anchor: Anchor,
    pub(super) outputs: Vec<Kept>,
    pub(super) tails: Vec<u64>,
}

/// Bytes in an outbox: those of the output's stream from position `from` on, up to `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Number of the file; zero for none.
    buffer: u64,
    offset: u64,
    pub(super) from: u64,
    to: u64,
}

impl Kept {
    /// The bytes, and how many are missing.
    pub(super) fn read(&self, directory: &Path, name: &str) -> (Vec<u8>, u64) {
        let wanted = self.to.saturating_sub(self.from);
        let mut bytes = Vec::new();
        if wanted > 0
            && self.buffer != 0
            && let Ok(region) = Region::open(&directory.join(file_name(name, self.buffer)))
        {
            let at = usize::try_from(self.offset).unwrap_or(usize::MAX);
            region.read(at, usize::try_from(wanted).unwrap_or(usize::MAX), &mut bytes);
        }
        let missing = wanted - bytes.len() as u64;
        (bytes, missing)
    }
}

impl Slot {
    /// Stores a slot in the place that the last one does not have.
    pub(super) fn store(
        words: &[AtomicU64],
        sequence: u64,
        anchor: Anchor,
        outboxes: &[Outbox],
        tails: &[u64],
    ) {
        let tails = &tails[..tails.len().min(RINGS_MAX)];
        let counts = (outboxes.len() as u64) << 32 | tails.len() as u64;
        let fixed = [counts, anchor.pair.ticks, anchor.pair.ns as u64, anchor.ns_per_tick.to_bits(), 0];
        let outputs = outboxes.iter().flat_map(|outbox| {
            let (buffer, offset) = outbox.location();
            [buffer, offset, outbox.from(), outbox.to()]
        });
        TURNS.store(words, sequence, fixed.into_iter().chain(outputs).chain(tails.iter().copied()));
    }

    /// The later one of those that are whole.
    pub(super) fn latest(words: &[AtomicU64]) -> Option<Slot> {
        let (_, values) = TURNS.latest(words, |words| {
            let (outputs, tails) = counts(*words.get(1)?)?;
            Some(ANCHOR_WORDS + outputs * OUTPUT_WORDS + tails)
        })?;
        let (outputs, _) = counts(values[0])?;
        let (fixed, rest) = values.split_at(ANCHOR_WORDS - 1);
        let (outputs, tails) = rest.split_at(outputs * OUTPUT_WORDS);
        let kept = |words: &[u64]| Kept { buffer: words[0], offset: words[1], from: words[2], to: words[3] };
        Some(Slot {
            anchor: Anchor {
                pair: trine_ring::clock::Pair { ticks: fixed[1], ns: fixed[2] as i64 },
                ns_per_tick: f64::from_bits(fixed[3]),
            },
            outputs: outputs.chunks_exact(OUTPUT_WORDS).map(kept).collect(),
            tails: tails.to_vec(),
        })
    }
}

/// How many outputs and rings a slot speaks of; `None` for more than there can be.
fn counts(word: u64) -> Option<(usize, usize)> {
    let (outputs, tails) = ((word >> 32) as usize, word as u32 as usize);
    (outputs <= OUTPUTS_MAX && tails <= RINGS_MAX).then_some((outputs, tails))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    fn anchor() -> Anchor {
        Anchor { pair: trine_ring::clock::Pair { ticks: 7, ns: -3 }, ns_per_tick: 0.25 }
    }

    fn memory() -> Vec<AtomicU64> {
        (0..WORDS).map(|_| AtomicU64::new(0)).collect()
    }

    #[test]
    fn the_latest_whole_slot_is_read() {
        let words = memory();
        assert!(Slot::latest(&words).is_none());
        for sequence in 1..6 {
            Slot::store(&words, sequence, anchor(), &[], &[sequence, 8 * sequence]);
            let slot = Slot::latest(&words).unwrap();
            assert_eq!((slot.tails, slot.anchor), (vec![sequence, 8 * sequence], anchor()));
        }
    }

    #[test]
    fn a_slot_that_is_half_stored_or_damaged_leaves_the_one_before() {
        let whole = memory();
        for sequence in [1, 2] {
            Slot::store(&whole, sequence, anchor(), &[], &[8 * sequence; 3]);
        }
        let used = FIXED_WORDS + 3;
        for at in 0..used {
            for bit in 0..64 {
                // The second slot, of sequence 2, is in the first place.
                let before = whole[at].fetch_xor(1 << bit, Ordering::Relaxed);
                if at != 1 {
                    assert_eq!(Slot::latest(&whole).unwrap().tails, [8; 3], "word {at}, bit {bit}");
                }
                whole[at].store(before, Ordering::Relaxed);
            }
        }
        assert_eq!(Slot::latest(&whole).unwrap().tails, [16; 3]);
    }
}
