//! Finders of literals that look for the bytes that are rare in the log at hand.
//!
//! `memmem` passes over a text by two bytes of the literal, at the distance that they have in it, and looks closer where both are. Which
//! two it takes by its own table, made of texts of all kinds; a log is of one kind, and has the same words in each line. Of
//! `sample_rate"` it takes `m` and `p`, which every `timestamp` has too: one false alarm a line.

use memchr::{
    arch::all::packedpair::HeuristicFrequencyRank,
    memmem::{Finder, FinderBuilder},
};

/// So much of the sample is looked at.
const SAMPLE_BYTES_MAX: usize = 16 << 10;
/// Bytes of the literal of which pairs are tried: the rarest ones.
const BYTES_MAX: usize = 6;

/// A finder of a literal in texts like the sample.
pub(crate) fn finder(literal: &[u8], sample: &[u8]) -> Finder<'static> {
    let sample = &sample[..sample.len().min(SAMPLE_BYTES_MAX)];
    match rarest(literal, sample) {
        Some(pair) => FinderBuilder::new().build_forward_with_ranker_owned(Only(pair), literal),
        None => Finder::new(literal).into_owned(),
    }
}

/// Literals that are searched for one after the other, each with a finder of its own: a search by two rare bytes passes over a block at 40 GB/s, one for
/// several literals at once at 10.
#[derive(Clone, Debug)]
pub(crate) struct Each {
    finders: Vec<Finder<'static>>,
}

/// So many literals are worth a search each.
pub(crate) const EACH_MAX: usize = 4;

/// Where in a block each literal stands next, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Next([Option<usize>; EACH_MAX]);

impl Each {
    /// At most [`EACH_MAX`] literals, in texts like the sample.
    pub(crate) fn new<L: AsRef<[u8]>>(literals: impl IntoIterator<Item = L>, sample: &[u8]) -> Each {
        let finders = literals.into_iter().take(EACH_MAX);
        Each { finders: finders.map(|literal| finder(literal.as_ref(), sample)).collect() }
    }

    /// The first literal from here on, and which it is. `next` belongs to the block, and is asked from its begin to its end.
    #[inline]
    pub(crate) fn first(&self, block: &[u8], from: usize, next: &mut Next) -> Option<(usize, usize)> {
        let mut first = (block.len(), 0);
        for (number, (finder, next)) in self.finders.iter().zip(&mut next.0).enumerate() {
            let at = match next {
                Some(at) if *at >= from => *at,
                _ => *next.insert(find_from(finder, block, from)),
            };
            if at < first.0 {
                first = (at, number);
            }
        }
        (first.0 < block.len()).then_some(first)
    }

    pub(crate) fn literal(&self, number: usize) -> &[u8] {
        self.finders[number].needle()
    }
}

/// The block's length where it is not found.
#[inline]
fn find_from(finder: &Finder<'_>, block: &[u8], from: usize) -> usize {
    block.get(from..).and_then(|rest| finder.find(rest)).map_or(block.len(), |at| from + at)
}

/// Makes two bytes of a literal the rarest.
struct Only([u8; 2]);

impl HeuristicFrequencyRank for Only {
    fn rank(&self, byte: u8) -> u8 {
        if self.0.contains(&byte) { 0 } else { u8::MAX }
    }
}

/// The two bytes of a literal that stand in a sample least often at their distance.
fn rarest(literal: &[u8], sample: &[u8]) -> Option<[u8; 2]> {
    if sample.is_empty() {
        return None;
    }
    let mut counts = [0_u32; 256];
    sample.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let is_single = |byte: u8| literal.iter().filter(|other| **other == byte).count() == 1;
    let mut places: Vec<usize> = (0..literal.len()).filter(|at| is_single(literal[*at])).collect();
    places.sort_by_key(|at| counts[usize::from(literal[*at])]);
    places.truncate(BYTES_MAX);
    places.sort_unstable();
    let pairs = places
        .iter()
        .enumerate()
        .flat_map(|(number, first)| places[number + 1..].iter().map(move |second| (*first, *second)));
    let hits = |&(first, second): &(usize, usize)| {
        let behind = sample.get(second - first..).unwrap_or_default();
        let pairs = sample.iter().zip(behind);
        pairs.filter(|(a, b)| **a == literal[first] && **b == literal[second]).count()
    };
    pairs.min_by_key(hits).map(|(first, second)| [literal[first], literal[second]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_that_stand_together_in_every_line_are_not_taken() {
        let sample = b"{\"timestamp\":\"2025-10-24T10:00:00.123456Z\",\"user_id\":7}\n".repeat(9);
        assert_ne!(rarest(b"sample_rate\"", &sample), Some(*b"mp"));
        assert_eq!(rarest(b"xy", b"axbyxb"), Some(*b"xy"));
        assert_eq!(rarest(b"aaa", &sample), None);
        assert_eq!(rarest(b"abc", b""), None);
    }

    proptest! {
        #[test]
        fn a_literal_is_found_whatever_the_sample(literal in "[a-d]{1,6}", text in "[a-d]{0,99}", sample in "[a-d]{0,40}") {
            let found = finder(literal.as_bytes(), sample.as_bytes()).find(text.as_bytes());
            prop_assert_eq!(found, text.find(&literal));
        }

        #[test]
        fn the_first_of_several_is_found(
            literals in prop::collection::vec("[a-c]{1,4}", 1..=EACH_MAX), text in "[a-d]{0,60}", step in 1_usize..4,
        ) {
            let each = Each::new(&literals, b"abcd");
            let mut next = Next::default();
            for from in (0..text.len() + 2).step_by(step) {
                let expected = literals
                    .iter()
                    .filter_map(|literal| text.get(from..)?.find(literal).map(|at| from + at))
                    .min();
                let found = each.first(text.as_bytes(), from, &mut next);
                prop_assert_eq!(found.map(|(at, _)| at), expected);
                if let Some((at, number)) = found {
                    prop_assert!(text.as_bytes()[at..].starts_with(each.literal(number)));
                }
            }
        }
    }
}
