//! Where in a text a detector may find something: at the sign of an assignment, at a character that marks a form, at digits in the
//! shape of a number.
//!
//! Bytes are compared without a branch, sixteen in a loop of which a compiler makes a few wide instructions; comparisons become
//! sets of 64 positions. What is asked for is made of as many bytes as it takes to be rare: a candidate costs more than the block in
//! which it stands. Signs and marks are frequent all the same, so each is looked up by the bytes before it: a table of bits knows the
//! ends of the keys of the policy and the beginnings of the forms. A hit says only that it is worth looking: the detectors decide.

use super::words;

/// Positions that are looked at together: the bits of a word.
pub(super) const BLOCK: usize = 64;
/// Bytes before them: what a mark or a sign is looked up by.
pub(super) const LEAD: usize = 4;
/// Bytes behind them: what a letter is looked up by with which a scheme begins.
const TRAIL: usize = 4;
const WINDOW: usize = LEAD + BLOCK + TRAIL;
/// Bytes that are compared in one loop.
const LANES: usize = 16;

/// What else than marks and signs is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shapes {
    pub(super) card: bool,
    pub(super) at_sign: bool,
}

/// Two sets of groups of four bytes, by their hashes, upper and lower case alike: what stands before a sign; and what forms and schemes begin with.
#[derive(Clone, Debug)]
pub(super) struct Grams(Box<[u64; 2 << (HASH_BITS - 6)]>);

/// Where the group of a sign or a mark begins, counted from as many bytes before it as a group has: a key stands before its sign, a
/// form goes up to its mark, and a scheme begins with its letter.
const STARTS: [u8; 256] = {
    let mut starts = [1; 256];
    (starts[b':' as usize], starts[b'=' as usize], starts[b'>' as usize], starts[b',' as usize]) =
        (0, 0, 0, 0);
    (starts[b'b' as usize], starts[b'B' as usize]) = (LEAD as u8, LEAD as u8);
    starts
};

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

    /// What is worth a look when it ends in a mark, or begins with the letter of a scheme.
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

    /// Those of the positions at which a known group stands. Both sets are [turned](turned).
    #[inline(always)]
    fn filter(&self, window: &[u8; WINDOW], mut positions: u64) -> u64 {
        let mut kept = 0;
        while positions != 0 {
            let turned = positions.trailing_zeros() as usize % BLOCK;
            positions &= positions - 1;
            let at = turned % 8 * 8 + turned / 8;
            let start = at + usize::from(STARTS[usize::from(window[at + LEAD])]);
            let mut gram = [0; LEAD];
            gram.copy_from_slice(&window[start..start + LEAD]);
            let hash = Grams::hash(gram, start == at);
            kept |= (self.0[hash / 64] >> (hash % 64) & 1) << turned;
        }
        kept
    }
}

/// The positions from `start` on, up to [`BLOCK`] of them, that are worth a look: bit 0 is `start`.
#[inline(always)]
pub(super) fn candidates(text: &[u8], start: usize, grams: &Grams, shapes: Shapes) -> u64 {
    let is_inside = start >= LEAD && start + BLOCK + TRAIL <= text.len();
    if let Some(window) = is_inside.then(|| text[start - LEAD..].first_chunk::<WINDOW>()).flatten() {
        return look(window, BLOCK / LANES, grams, shapes);
    }
    let mut window = [0; WINDOW];
    if let (0, Some(part)) = (start, text.first_chunk::<{ WINDOW - LEAD }>()) {
        // As below, but for a length that is known.
        window[LEAD..].copy_from_slice(part);
        return look(&window, BLOCK / LANES, grams, shapes);
    }
    let first = start.saturating_sub(LEAD);
    let part = &text[first..text.len().min(start + BLOCK + TRAIL)];
    fill(&mut window[LEAD - (start - first)..], part);
    look(&window, (text.len() - start).min(BLOCK).div_ceil(LANES), grams, shapes)
}

/// Copies `part` to the beginning of `window`: in pieces of a fixed size, as a call for a few bytes costs more than they do.
#[inline(always)]
fn fill(window: &mut [u8], part: &[u8]) {
    let window = &mut window[..part.len()];
    let (Some(last), Some(window_end)) = (part.last_chunk::<LANES>(), part.len().checked_sub(LANES)) else {
        return window.copy_from_slice(part);
    };
    for (to, from) in window.chunks_exact_mut(LANES).zip(part.chunks_exact(LANES)) {
        to.copy_from_slice(from);
    }
    window[window_end..].copy_from_slice(last);
}

/// The candidates among the first `count` times sixteen positions.
#[inline]
fn look(window: &[u8; WINDOW], count: usize, grams: &Grams, shapes: Shapes) -> u64 {
    let mut found = Found::default();
    for group in 0..count {
        found.add(window, group, shapes);
    }
    let hits = Found::set(&found.hits) | grams.filter(window, Found::set(&found.marks));
    // Mostly there is none.
    let hits = if hits == 0 { 0 } else { turned(hits) };
    if shapes.card { hits | cards(window, turned(Found::set(&found.digits))) } else { hits }
}

/// What the bytes of a block are. Bytes stand in the same place every sixteen, and have a bit each: see [`turned`].
#[derive(Default)]
struct Found {
    /// Worth a look.
    hits: [u8; LANES],
    /// Signs and marks, to be looked up with what stands before.
    marks: [u8; LANES],
    digits: [u8; LANES],
}

impl Found {
    /// The bit of each of sixteen bytes, by their number: two for the sixteen, one for each half of them.
    const BITS: [[u8; LANES]; BLOCK / LANES] = {
        let mut bits = [[0; LANES]; BLOCK / LANES];
        let mut position = 0;
        while position < BLOCK {
            bits[position / LANES][position % LANES] = 1 << (position / 8);
            position += 1;
        }
        bits
    };

    /// Looks at sixteen more.
    #[inline(always)]
    fn add(&mut self, window: &[u8; WINDOW], group: usize, shapes: Shapes) {
        let lanes = |at: usize| {
            let mut lanes = [0; LANES];
            lanes.copy_from_slice(&window[group * LANES + at..][..LANES]);
            lanes
        };
        let (befores, here, behind) = (lanes(LEAD - 1), lanes(LEAD), lanes(LEAD + 1));
        let bits = &Found::BITS[group];
        // No text that is UTF-8 has the other.
        let address = if shapes.at_sign { b'@' } else { 0xff };
        // These and some that stand beside them in ASCII, for less.
        let is_nearly_upper = |byte: u8| byte & 0xe0 == b'@';
        let is_nearly_digit = |byte: u8| byte & 0xf0 == b'0';
        // No `&&` and no `||`: a branch per byte would undo it.
        for at in 0..LANES {
            let (before, a, b) = (befores[at], here[at], behind[at]);
            // `--key`, `-----BEGIN`, at the second dash.
            let flag = (a == b'-') & (before == b'-');
            // `://`
            let url = (a == b':') & (b == b'/');
            // `DE89`, at the second letter.
            let account = is_nearly_upper(before) & is_nearly_upper(a) & is_nearly_digit(b);
            // `:` and `>` differ in one bit.
            let sign = (a & 0xfb == b':') | (a == b'=');
            // `("password", "x")`; of what stands before, only quotes differ in no other bits.
            let pair = (a == b',') & (before & 0xfa == b'"');
            // What stands before the mark of a form is `9` or a letter; what stands there most often is another digit.
            let mark = ((a == b'-') | (a == b'_') | (a == b'.')) & (before >= b'9');
            // Of `AKIA`, `ASIA`; `AIza`; `eyJ`; `bearer`, `basic`.
            let letter = (a == b'I') | (a == b'z') | (a == b'J') | (a & 0xdf == b'B');
            self.hits[at] |= ones(flag | url | account | (a == address)) & bits[at];
            self.marks[at] |= ones(sign | pair | mark | letter) & bits[at];
            self.digits[at] |= ones(a.wrapping_sub(b'0') < 10) & bits[at];
        }
    }

    /// As a word, [turned](turned).
    #[inline(always)]
    fn set(places: &[u8; LANES]) -> u64 {
        words::at(places, 0) | words::at(places, 8)
    }
}

const fn ones(is: bool) -> u8 {
    if is { 0xff } else { 0 }
}

/// A set of positions, from the order in which comparisons leave it to that of the text, or back: position 8 a + b is bit 8 b + a.
///
/// Source: Hacker's Delight, section 7-3, the transposition of 8 x 8 bits.
#[inline(always)]
fn turned(set: u64) -> u64 {
    let swap = |set: u64, shift: u32, mask: u64| {
        let differing = (set ^ set >> shift) & mask;
        set ^ differing ^ differing << shift
    };
    let set = swap(set, 7, 0x00aa00aa00aa00aa);
    let set = swap(set, 14, 0x0000cccc0000cccc);
    swap(set, 28, 0x00000000f0f0f0f0)
}

/// Where a card may begin.
#[inline(always)]
fn cards(window: &[u8; WINDOW], digits: u64) -> u64 {
    let mut numbers = numbers(digits);
    let mut cards = 0;
    while numbers != 0 {
        let at = numbers.trailing_zeros() as usize % BLOCK;
        numbers &= numbers - 1;
        // No card begins with another digit, and times do with 1.
        cards |= u64::from(matches!(window[at + LEAD], b'2'..=b'6')) << at;
    }
    cards
}

/// Where thirteen digits begin; or four, behind which one character and four more digits stand: as every card is written. What is
/// behind the block is taken for what it has to be.
#[inline(always)]
fn numbers(digits: u64) -> u64 {
    // Those that are none, among as many as are in the name.
    let none = !digits;
    let of_2 = none | none >> 1;
    let of_4 = of_2 | of_2 >> 2;
    let of_8 = of_4 | of_4 >> 4;
    let of_13 = of_8 | of_8 >> 5;
    let in_groups = of_4 | of_4 >> 5 | digits >> 4;
    !(of_13 & in_groups) & !(digits << 1) & digits
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
        for form in [b"ghp_", b" AKI", b" AIz", b" eyJ", b"bear", b"basi"] {
            grams.insert_form(*form);
        }
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
                (" AKIA", 3),
                (" AIza", 3),
                (" eyJh", 3),
                ("bearer", 0),
                ("BASIC", 0),
                ("://", 0),
                ("--key", 1),
                ("--BEGIN", 1),
                ("@", 0),
            ] {
                let text = [" ".repeat(before), form.to_owned()].concat();
                assert!(found(&text).contains(&(before + at)), "{before} {form} {:?}", found(&text));
            }
        }
    }

    #[test]
    fn a_set_that_is_turned_twice_is_itself() {
        for at in 0..BLOCK {
            assert_eq!(turned(1 << at), 1 << (at % 8 * 8 + at / 8));
        }
        assert_eq!(turned(turned(0x0123456789abcdef)), 0x0123456789abcdef);
    }

    #[test]
    fn few_places_of_ordinary_text_are_looked_at() {
        let text = "The quick brown fox jumps over the dog; 2026-11-25 21:39:27 took=12.5 ms (id 550e8400-e29b-41d4) x_y a:b -> c";
        assert_eq!(found(text), []);
    }
}
