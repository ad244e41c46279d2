//! Where in a text a detector may find something: at the sign of an assignment, at a character that marks a form, at digits in the
//! shape of a number.
//!
//! Bytes are compared without a branch, sixteen in a loop of which a compiler makes a few wide instructions; comparisons become
//! sets of 64 positions. Signs and marks are frequent, so each is looked up by the bytes before it: a table of bits knows the ends
//! of the keys of the policy and the beginnings of the forms. A hit says only that it is worth looking: the detectors decide.

use super::words;

/// Positions that are looked at together: the bits of a word.
pub(super) const BLOCK: usize = 64;
/// Bytes before them: what a mark or a sign is looked up by.
pub(super) const LEAD: usize = 4;
/// Bytes behind them: a number is known by its first nine digits.
const TRAIL: usize = 16;
const WINDOW: usize = LEAD + BLOCK + TRAIL;
/// Bytes that are compared in one loop.
const LANES: usize = 16;

/// What else than marks and signs is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shapes {
    pub(super) card: bool,
    pub(super) at_sign: bool,
}

/// Two sets of groups of four bytes, by their hashes, upper and lower case alike: what stands before a sign; and what ends in a mark.
#[derive(Clone, Debug)]
pub(super) struct Grams(Box<[u64; 2 << (HASH_BITS - 6)]>);

/// Bits of the hash of a group. Of what does not end like a key, the thousands of groups of the default keys let one in twenty pass.
const HASH_BITS: u32 = 17;

impl Grams {
    pub(super) fn new() -> Grams {
        Grams(Box::new([0; 2 << (HASH_BITS - 6)]))
    }

    /// What is worth a look before a sign.
    pub(super) fn insert_key(&mut self, end: [u8; LEAD]) {
        self.insert(Grams::hash(end, true));
    }

    /// What is worth a look when it ends in a mark.
    pub(super) fn insert_form(&mut self, beginning: [u8; LEAD]) {
        self.insert(Grams::hash(beginning, false));
    }

    fn insert(&mut self, hash: usize) {
        self.0[hash / 64] |= 1 << (hash % 64);
    }

    #[inline(always)]
    fn hash(gram: [u8; LEAD], is_key: bool) -> usize {
        // Knuth's multiplier, 2^32 divided by the golden ratio.
        let hash = (u32::from_le_bytes(gram) | 0x20202020).wrapping_mul(0x9e3779b1) >> (32 - HASH_BITS);
        hash as usize | usize::from(is_key) << HASH_BITS
    }

    /// Those of the positions before which, or up to which, a known group stands.
    #[inline(always)]
    fn filter(&self, window: &[u8; WINDOW], mut positions: u64) -> u64 {
        let mut kept = 0;
        while positions != 0 {
            let at = positions.trailing_zeros() as usize;
            positions &= positions - 1;
            // `:`, `=` and `>` share their upper half, which neither `-` nor `.` nor `_` has.
            let is_sign = window[at + LEAD] >> 4 == b'=' >> 4;
            let start = at + usize::from(!is_sign);
            let mut gram = [0; LEAD];
            gram.copy_from_slice(&window[start..start + LEAD]);
            let hash = Grams::hash(gram, is_sign);
            kept |= (self.0[hash / 64] >> (hash % 64) & 1) << at;
        }
        kept
    }
}

/// The positions from `start` on, up to [`BLOCK`] of them, that are worth a look: bit 0 is `start`.
#[inline]
pub(super) fn candidates(text: &[u8], start: usize, grams: &Grams, shapes: Shapes) -> u64 {
    let is_inside = start >= LEAD && start + BLOCK + TRAIL <= text.len();
    if let Some(window) = is_inside.then(|| text[start - LEAD..].first_chunk::<WINDOW>()).flatten() {
        return look(window, BLOCK / LANES, grams, shapes);
    }
    let mut window = [0; WINDOW];
    let first = start.saturating_sub(LEAD);
    let part = &text[first..text.len().min(start + BLOCK + TRAIL)];
    window[LEAD - (start - first)..][..part.len()].copy_from_slice(part);
    look(&window, (text.len() - start).min(BLOCK).div_ceil(LANES), grams, shapes)
}

/// The candidates among the first `count` times sixteen positions.
#[inline(always)]
fn look(window: &[u8; WINDOW], count: usize, grams: &Grams, shapes: Shapes) -> u64 {
    let (mut hits, mut marks, mut digits) = (0, 0, 0_u128);
    for index in 0..count {
        let at = index * LANES;
        let mut bytes = [0; LANES + 2];
        bytes.copy_from_slice(&window[LEAD + at..LEAD + at + LANES + 2]);
        let classes = classes(&bytes, shapes);
        hits |= positions(&classes.hits) << at;
        marks |= positions(&classes.marks) << at;
        digits |= u128::from(positions(&classes.digits)) << at;
    }
    if shapes.card {
        // Those of a number that goes on behind the block.
        let behind = words::within(words::at(window, LEAD + count * LANES), b'0', b'9');
        digits |= u128::from(words::positions(behind >> 7)) << (count * LANES);
        hits |= numbers(digits);
    }
    hits | grams.filter(window, marks)
}

/// Of sixteen bytes, by ones in place of each: what they are.
struct Classes {
    /// Worth a look.
    hits: [u8; LANES],
    /// Signs and marks, to be looked up with what stands before.
    marks: [u8; LANES],
    digits: [u8; LANES],
}

#[inline(always)]
fn classes(bytes: &[u8; LANES + 2], shapes: Shapes) -> Classes {
    let mut classes = Classes { hits: [0; LANES], marks: [0; LANES], digits: [0; LANES] };
    let at_sign = if shapes.at_sign { b'@' } else { b'J' };
    // No `&&` and no `||`: a branch per byte would undo it.
    let is_digit = |byte: u8| byte.wrapping_sub(b'0') < 10;
    for at in 0..LANES {
        let (a, b, c) = (bytes[at], bytes[at + 1], bytes[at + 2] | 0x20);
        // `eyJ`; an address
        let rare = (a == b'J') | (a == at_sign);
        // `AKIA`, `ASIA`, `AIza`
        let cloud = (a == b'A') & ((b == b'K') | (b == b'S') | (b == b'I'));
        // `bearer`, `basic`
        let scheme = (a | 0x20 == b'b') & ((c == b'a') | (c == b's'));
        // `://`
        let url = (a == b':') & (b == b'/');
        // `--key`, `-BEGIN`
        let flag = (a == b'-') & ((b == b'-') | (b == b'B'));
        // `DE89`
        let account = (a.wrapping_sub(b'A') < 26) & is_digit(b);
        classes.hits[at] = ones(rare | cloud | scheme | url | flag | account);
        // `:` and `>`, `-` and `=` differ in one bit.
        classes.marks[at] = ones((a & 0xfb == b':') | (a & 0xef == b'-') | (a == b'_') | (a == b'.'));
        classes.digits[at] = ones(is_digit(a));
    }
    classes
}

const fn ones(is: bool) -> u8 {
    if is { 0xff } else { 0 }
}

/// The places that hold ones, as bits.
#[inline(always)]
fn positions(ones: &[u8; LANES]) -> u64 {
    let half = |at: usize| {
        // Of each byte another bit is kept; the highest byte of the product is their sum.
        let bits = words::at(ones, at) & 0x8040201008040201;
        bits.wrapping_mul(words::each(1)) >> 56
    };
    half(0) | half(8) << 8
}

/// Where four digits begin that one more character and four more digits follow, as every card number does.
#[inline(always)]
fn numbers(digits: u128) -> u64 {
    let pair = digits & digits >> 1;
    let four = pair & pair >> 2;
    (four & four >> 5 & !(digits << 1)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Shapes = Shapes { card: true, at_sign: true };

    fn found(text: &str) -> Vec<usize> {
        let mut grams = Grams::new();
        for before in 0..=255 {
            grams.insert_key([before, b'p', b'w', b'd']);
        }
        grams.insert_form(*b"ghp_");
        let block = |start: usize| candidates(text.as_bytes(), start, &grams, ALL);
        (0..text.len()).filter(|at| block(at / BLOCK * BLOCK) >> (at % BLOCK) & 1 == 1).collect()
    }

    #[test]
    fn forms_are_seen_wherever_in_a_block_they_stand() {
        for before in 0..200 {
            for (form, at) in [
                ("4111111111111111", 0),
                ("4111 1111 1111 1111", 0),
                ("3782-822463-10005", 0),
                ("DE89370400440532013000", 1),
                ("pwd=x", 3),
                ("PWD:x", 3),
                ("<pwd>x", 4),
                ("ghp_x", 3),
                ("AKIA", 0),
                ("eyJh", 2),
                ("bearer", 0),
                ("BASIC", 0),
                ("://", 0),
                ("--key", 0),
                ("-BEGIN", 0),
                ("@", 0),
            ] {
                let text = [" ".repeat(before), form.to_owned()].concat();
                assert!(found(&text).contains(&(before + at)), "{before} {form} {:?}", found(&text));
            }
        }
    }

    #[test]
    fn few_places_of_ordinary_text_are_looked_at() {
        let text = "The quick brown fox jumps over the lazy dog; 2026-11-25 21:39:27 took=12.5 ms (id 550e8400-e29b-41d4) x_y a:b -> c";
        assert_eq!(found(text), []);
    }

    #[test]
    fn every_place_that_holds_ones_is_a_bit() {
        for bits in (0..=u16::MAX).step_by(7) {
            let mut ones = [0; LANES];
            ones.iter_mut()
                .enumerate()
                .for_each(|(at, one)| *one = if bits >> at & 1 == 1 { 0xff } else { 0 });
            assert_eq!(positions(&ones), u64::from(bits));
        }
    }
}
