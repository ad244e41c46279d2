//! All quotes of a line at once, as bits: for walking it without waiting.
//!
//! A walk that looks for the end of each text begins each search where the last one ended, so every step waits for the one before.
//! Finding all quotes first needs no waiting, and the walk then goes from bit to bit.
//!
//! Source: the idea is that of simdjson ("Parsing Gigabytes of JSON per Second", Langdale and Lemire, 2019). Here it is one stage of
//! bits in registers and a walk that stops at the last wanted field, for lines that have no `\`.

use super::skip::wide::{Mask, WIDTH, equal, load};

/// Longest line that is walked this way: nine in ten lines of a log are a quarter of it. Its bits lie on the stack.
pub(super) const BYTES_MAX: usize = 1_024;

const WORD: usize = u64::BITS as usize;

/// The places of the quotes that were not passed yet.
pub(super) struct Quotes {
    words: [u64; BYTES_MAX / WORD],
    /// The word that is being used up, and its number.
    word: u64,
    number: usize,
}

impl Quotes {
    /// The quotes of a line; `None` where it is too long, or has a `\`, so that a quote may be escaped.
    #[inline(always)]
    pub(super) fn of(line: &[u8]) -> Option<Quotes> {
        if line.len() > BYTES_MAX {
            return None;
        }
        let mut words = [0; BYTES_MAX / WORD];
        let mut escapes = 0;
        let (whole, rest) = line.as_chunks::<WORD>();
        for (word, chunk) in words.iter_mut().zip(whole) {
            *word = bits(chunk, &mut escapes);
        }
        if !rest.is_empty() {
            let mut chunk = [0; WORD];
            chunk[..rest.len()].copy_from_slice(rest);
            words[whole.len()] = bits(&chunk, &mut escapes);
        }
        (escapes == 0).then_some(Quotes { word: words[0], words, number: 0 })
    }

    /// The next quote.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            self.number += 1;
            self.word = *self.words.get(self.number)?;
        }
        let place = self.number * WORD + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(place)
    }

    /// Passes all quotes before this place, which is behind the last one that was given.
    #[inline(always)]
    pub(super) fn pass(&mut self, place: usize) {
        self.number = place / WORD;
        self.word = self.words.get(self.number).map_or(0, |word| word & (u64::MAX << (place % WORD)));
    }
}

/// One bit for each quote; escapes are only noticed.
#[inline(always)]
fn bits(chunk: &[u8; WORD], escapes: &mut Mask) -> u64 {
    let mut word = 0;
    let (steps, _) = chunk.as_chunks::<WIDTH>();
    for (number, step) in steps.iter().enumerate() {
        let step = load(step);
        *escapes |= equal(step, b'\\');
        word |= super::skip::wide::dense(equal(step, b'"')) << (number * WIDTH);
    }
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_quote_is_given_in_order(line in prop::collection::vec(prop_oneof![Just(b'"'), any::<u8>()], 0..BYTES_MAX + 9), from: usize) {
            let places: Vec<usize> = (0..line.len()).filter(|at| line[*at] == b'"').collect();
            match Quotes::of(&line) {
                None => prop_assert!(line.len() > BYTES_MAX || line.contains(&b'\\')),
                Some(mut quotes) => {
                    prop_assert!(!line.contains(&b'\\'));
                    let found: Vec<usize> = std::iter::from_fn(|| quotes.next()).collect();
                    prop_assert_eq!(&found, &places);
                    let from = from % (line.len() + 1);
                    let mut quotes = Quotes::of(&line).unwrap();
                    quotes.pass(from);
                    let found: Vec<usize> = std::iter::from_fn(|| quotes.next()).collect();
                    prop_assert!(found.iter().eq(places.iter().filter(|place| **place >= from)));
                }
            }
        }
    }
}
