//! Finders of literals that look for the bytes that are rare in the log at hand.
//!
//! `memmem` passes over a text by two bytes of the literal, at the distance that they have in it, and looks closer where both are. Which
//! two it takes by its own table, made of texts of all kinds; a log is of one kind, and has the same words in each line. Of
//! `sample_rate"` it takes `m` and `p`, which every `timestamp` has too: one false alarm a line.

use memchr::{
    arch::all::packedpair::{self, HeuristicFrequencyRank, Pair},
    memmem::{Finder, FinderBuilder},
};

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::packedpair as wide;
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::avx2::packedpair as wide;

/// So much of the sample is looked at.
const SAMPLE_BYTES_MAX: usize = 16 << 10;
/// Bytes of the literal of which pairs are tried: the rarest ones.
const BYTES_MAX: usize = 6;

/// A finder of a literal in texts like the sample.
pub(crate) fn finder(literal: &[u8], sample: &[u8]) -> Finder<'static> {
    let is_single = |at: usize| literal.iter().filter(|other| **other == literal[at]).count() == 1;
    match rarest(literal, sample, is_single) {
        Some((first, second)) => {
            let only = Only([literal[first], literal[second]]);
            FinderBuilder::new().build_forward_with_ranker_owned(only, literal)
        }
        None => Finder::new(literal).into_owned(),
    }
}

/// A finder of a literal in which each `_` may as well be a dot: all spellings of a name at once.
#[derive(Clone, Debug)]
pub(crate) struct Dotted {
    literal: Box<[u8]>,
    /// Many bytes at a time, where the processor can.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    wide: Option<wide::Finder>,
    narrow: packedpair::Finder,
}

impl Dotted {
    /// `None` where too little of the literal is written in one way only.
    pub(crate) fn new(literal: &[u8], sample: &[u8]) -> Option<Dotted> {
        let is_fixed = |at: usize| literal[at] != b'_';
        let pair = rarest(literal, sample, is_fixed).or_else(|| {
            let mut fixed = (0..literal.len()).filter(|at| is_fixed(*at));
            Some((fixed.next()?, fixed.next()?))
        })?;
        let pair = Pair::with_indices(literal, u8::try_from(pair.0).ok()?, u8::try_from(pair.1).ok()?)?;
        Some(Dotted {
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            wide: wide::Finder::with_pair(literal, pair),
            narrow: packedpair::Finder::with_pair(literal, pair)?,
            literal: literal.into(),
        })
    }

    pub(crate) fn find(&self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = text.get(at..)?;
            let place = at + self.candidate(rest)?;
            if self.is_at(text.get(place..)?) {
                return Some(place);
            }
            at = place + 1;
        }
    }

    /// The next place that has the pair.
    #[inline]
    fn candidate(&self, text: &[u8]) -> Option<usize> {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(wide) = self.wide.as_ref().filter(|wide| text.len() >= wide.min_haystack_len()) {
            return wide.find_prefilter(text);
        }
        self.narrow.find_prefilter(text)
    }

    #[inline]
    fn is_at(&self, text: &[u8]) -> bool {
        let is = |(want, is): (&u8, &u8)| want == is || (*want == b'_' && *is == b'.');
        text.len() >= self.literal.len() && self.literal.iter().zip(text).all(is)
    }
}

/// A search for one literal.
#[derive(Clone, Debug)]
pub(crate) enum One {
    Exact(Box<Finder<'static>>),
    Dotted(Box<Dotted>),
}

impl One {
    pub(crate) fn exact(literal: &[u8], sample: &[u8]) -> One {
        One::Exact(Box::new(finder(literal, sample)))
    }

    #[inline]
    fn find(&self, text: &[u8]) -> Option<usize> {
        match self {
            One::Exact(finder) => finder.find(text),
            One::Dotted(dotted) => dotted.find(text),
        }
    }

    fn literal(&self) -> &[u8] {
        match self {
            One::Exact(finder) => finder.needle(),
            One::Dotted(dotted) => &dotted.literal,
        }
    }
}

/// Literals that are searched for one after the other, each with a finder of its own: a search by two rare bytes passes over a block at 40 GB/s, one for
/// several literals at once at 10.
#[derive(Clone, Debug)]
pub(crate) struct Each {
    finders: Vec<One>,
}

/// So many literals are worth a search each.
pub(crate) const EACH_MAX: usize = 4;

/// Where in a block each literal stands next, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Next([Option<usize>; EACH_MAX]);

impl Each {
    /// At most [`EACH_MAX`] literals, in texts like the sample.
    pub(crate) fn new<L: AsRef<[u8]>>(literals: impl IntoIterator<Item = L>, sample: &[u8]) -> Each {
        Each::of(literals.into_iter().map(|literal| One::exact(literal.as_ref(), sample)))
    }

    /// At most [`EACH_MAX`] searches.
    pub(crate) fn of(finders: impl IntoIterator<Item = One>) -> Each {
        Each { finders: finders.into_iter().take(EACH_MAX).collect() }
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
        self.finders[number].literal()
    }
}

/// The block's length where it is not found.
#[inline]
fn find_from(finder: &One, block: &[u8], from: usize) -> usize {
    block.get(from..).and_then(|rest| finder.find(rest)).map_or(block.len(), |at| from + at)
}

/// Makes two bytes of a literal the rarest.
struct Only([u8; 2]);

impl HeuristicFrequencyRank for Only {
    fn rank(&self, byte: u8) -> u8 {
        if self.0.contains(&byte) { 0 } else { u8::MAX }
    }
}

/// The places of the two bytes of a literal that stand in a sample least often at their distance, of those that may be taken.
fn rarest(literal: &[u8], sample: &[u8], may_be: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
    let sample = &sample[..sample.len().min(SAMPLE_BYTES_MAX)];
    if sample.is_empty() {
        return None;
    }
    let mut counts = [0_u32; 256];
    sample.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let mut places: Vec<usize> = (0..literal.len()).filter(|at| may_be(*at)).collect();
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
    pairs.min_by_key(hits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_that_stand_together_in_every_line_are_not_taken() {
        let sample = b"{\"timestamp\":\"2025-10-24T10:00:00.123456Z\",\"user_id\":7}\n".repeat(9);
        let any = |_| true;
        assert_ne!(rarest(b"sample_rate\"", &sample, any), Some((2, 3)));
        assert_eq!(rarest(b"xy", b"axbyxb", any), Some((0, 1)));
        assert_eq!(rarest(b"aaa", &sample, |_| false), None);
        assert_eq!(rarest(b"abc", b"", any), None);
    }

    #[test]
    fn a_name_is_found_in_every_spelling() {
        let dotted = Dotted::new(b"\"a_b_c\"", b"").unwrap();
        for (text, expected) in [
            ("x \"a_b_c\"", Some(2)),
            ("\"a.b_c\"", Some(0)),
            ("\"a.b.c\"", Some(0)),
            ("\"a-b.c\" \"a_b.c\"", Some(8)),
            ("\"a_b_c", None),
            ("", None),
        ] {
            assert_eq!(dotted.find(text.as_bytes()), expected, "{text}");
        }
        assert!(Dotted::new(b"_a_", b"abc").is_none());
        assert!(Dotted::new(b"__", b"").is_none());
    }

    proptest! {
        #[test]
        fn a_literal_is_found_whatever_the_sample(literal in "[a-d]{1,6}", text in "[a-d]{0,99}", sample in "[a-d]{0,40}") {
            let found = finder(literal.as_bytes(), sample.as_bytes()).find(text.as_bytes());
            prop_assert_eq!(found, text.find(&literal));
        }

        #[test]
        fn a_dot_is_as_good_as_an_underscore(
            literal in "[ab_]{2,6}", text in "[ab_.]{0,199}", sample in "[ab_.]{0,40}",
        ) {
            if let Some(dotted) = Dotted::new(literal.as_bytes(), sample.as_bytes()) {
                let is_at = |at: usize| {
                    let place = text.as_bytes().get(at..at + literal.len());
                    place.is_some_and(|place| place.iter().zip(literal.bytes()).all(|(is, want)| {
                        *is == want || (want == b'_' && *is == b'.')
                    }))
                };
                prop_assert_eq!(dotted.find(text.as_bytes()), (0..text.len()).find(|at| is_at(*at)));
            }
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
