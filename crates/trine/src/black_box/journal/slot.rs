//! How far the rings were read, and what waits for each output since: stored in turns in two places, each with a check.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use trine_ring::Region;

use super::super::outbox::{Outbox, file_name};
use crate::{clock::Anchor, collector::OUTPUTS_MAX, pipeline::RINGS_MAX};

/// Sequence, check, counts, anchor; then outputs, then tails.
const FIXED_WORDS: usize = 8;
const OUTPUT_WORDS: usize = 4;
/// Words of one of the two.
const ONE_WORDS: usize = FIXED_WORDS + (OUTPUTS_MAX + 1) * OUTPUT_WORDS + RINGS_MAX;
/// Words of both.
pub(super) const WORDS: usize = 2 * ONE_WORDS;

/// A slot as it was read.
#[derive(Debug)]
pub(super) struct Slot {
    sequence: u64,
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
    /// Stores a slot in the place that the last one does not have. The check last: without it, it is not there.
    pub(super) fn store(
        words: &[AtomicU64],
        sequence: u64,
        anchor: Anchor,
        outboxes: &[Outbox],
        tails: &[u64],
    ) {
        let one = &words[(sequence % 2) as usize * ONE_WORDS..][..ONE_WORDS];
        let tails = &tails[..tails.len().min(RINGS_MAX)];
        let counts = (outboxes.len() as u64) << 32 | tails.len() as u64;
        let fixed =
            [sequence, counts, anchor.pair.ticks, anchor.pair.ns as u64, anchor.ns_per_tick.to_bits(), 0];
        let outputs = outboxes.iter().flat_map(|outbox| {
            let (buffer, offset) = outbox.location();
            [buffer, offset, outbox.from(), outbox.to()]
        });
        let mut check = Check::new();
        let values = fixed.into_iter().chain(outputs).chain(tails.iter().copied());
        for (word, value) in one[2..].iter().zip(values) {
            word.store(value, Ordering::Relaxed);
            check.add(value);
        }
        one[0].store(check.finish(), Ordering::Release);
    }

    /// The later one of those that are whole.
    pub(super) fn latest(words: &[AtomicU64]) -> Option<Slot> {
        let both = [0, 1].map(|index| words.get(index * ONE_WORDS..(index + 1) * ONE_WORDS));
        both.into_iter().flatten().filter_map(Slot::read).max_by_key(|slot| slot.sequence)
    }

    fn read(one: &[AtomicU64]) -> Option<Slot> {
        let values: Vec<u64> = one.iter().map(|word| word.load(Ordering::Acquire)).collect();
        let counts = values[3];
        let (outputs, tails) = ((counts >> 32) as usize, counts as u32 as usize);
        if outputs > OUTPUTS_MAX || tails > RINGS_MAX {
            return None;
        }
        let used = &values[2..FIXED_WORDS + outputs * OUTPUT_WORDS + tails];
        let mut check = Check::new();
        used.iter().for_each(|value| check.add(*value));
        if check.finish() != values[0] || used[0] == 0 {
            return None;
        }
        let (outputs, tails) = used[FIXED_WORDS - 2..].split_at(outputs * OUTPUT_WORDS);
        let kept = |words: &[u64]| Kept { buffer: words[0], offset: words[1], from: words[2], to: words[3] };
        Some(Slot {
            sequence: used[0],
            anchor: Anchor {
                pair: trine_ring::clock::Pair { ticks: used[2], ns: used[3] as i64 },
                ns_per_tick: f64::from_bits(used[4]),
            },
            outputs: outputs.chunks_exact(OUTPUT_WORDS).map(kept).collect(),
            tails: tails.to_vec(),
        })
    }
}

/// A sum over words that notices flipped bits and words that were not stored.
pub(super) struct Check(u64);

impl Check {
    pub(super) fn new() -> Check {
        Check(0x9e37_79b9_7f4a_7c15)
    }

    pub(super) fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x6a09_e667_f3bc_c909).rotate_left(29);
    }

    pub(super) fn finish(self) -> u64 {
        // Never zero, which is what fresh memory holds.
        (self.0 ^ self.0 >> 32) | 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(
                (slot.sequence, slot.tails, slot.anchor),
                (sequence, vec![sequence, 8 * sequence], anchor())
            );
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
                    assert_eq!(Slot::latest(&whole).unwrap().sequence, 1, "word {at}, bit {bit}");
                }
                whole[at].store(before, Ordering::Relaxed);
            }
        }
        assert_eq!(Slot::latest(&whole).unwrap().sequence, 2);
    }
}
