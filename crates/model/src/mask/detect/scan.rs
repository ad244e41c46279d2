//! Where in a text a detector may find something: four bytes that begin or mark a form, or digits in the shape of a number.
//!
//! Every position of the text is looked up in a table of bits, by a hash of the four bytes that stand there; digits and capitals
//! become sets of 64 positions that are shifted over each other. Neither branches, so the speed does not depend on the text until
//! something fits. A hit says only that it is worth looking: the detectors decide.

use super::{KeyPolicy, pem, vendor};

/// Positions that are looked at together: the bits of a word.
pub(super) const BLOCK: usize = 64;
/// Bytes that are looked at for them: a number is known by its first nine digits, so eight more and what fills up a word.
const WINDOW: usize = BLOCK + 16;
/// Bits of the hash. With the some 400 groups of the defaults one position in 150 is looked at in vain.
const HASH_BITS: u32 = 16;

/// A detector, and what it has to know about the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Inside a key of the policy.
    Key,
    /// Inside the prefix of one of [`vendor::FORMS`].
    Form(u8),
    /// At `eyJ`.
    Jwt,
    /// At the name of a scheme.
    Header,
    /// Inside `-----BEGIN`.
    Pem,
    /// One before `://`.
    Url,
}

/// The groups of four bytes that are looked for, upper and lower case alike.
#[derive(Clone, Debug)]
pub(super) struct Grams {
    bits: Box<[u64; 1 << (HASH_BITS - 6)]>,
    places: Vec<(u32, Place)>,
}

/// How a group is compared: with the bit set that tells upper from lower case.
fn folded(gram: [u8; 4]) -> u32 {
    u32::from_le_bytes(gram) | 0x20202020
}

fn hash(folded: u32) -> u32 {
    // Knuth's multiplier, 2^32 divided by the golden ratio.
    folded.wrapping_mul(0x9e3779b1) >> (32 - HASH_BITS)
}

impl Grams {
    /// Those of the forms, and of the keys that are masked.
    pub(super) fn of(keys: &KeyPolicy) -> Grams {
        let mut grams = Grams { bits: Box::new([0; 1 << (HASH_BITS - 6)]), places: Vec::new() };
        for (index, form) in vendor::FORMS.iter().enumerate() {
            let index = u8::try_from(index).expect("there are fewer than 256 forms");
            let gram = &form.prefix.as_bytes()[form.gram_at..];
            grams.insert_ended(gram, b"abcdefghijklmnopqrstuvwxyz0123456789-_", Place::Form(index));
        }
        // `{"` and a letter are `eyJ` and one of these.
        grams.insert_ended(
            b"eyJ",
            b"BCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            Place::Jwt,
        );
        grams.insert(*b"bear", Place::Header);
        grams.insert(*b"basi", Place::Header);
        grams.insert(*b"-BEG", Place::Pem);
        for last in *b"abcdefghijklmnopqrstuvwxyz0123456789+-." {
            grams.insert([last, b':', b'/', b'/'], Place::Url);
        }
        keys.masked().for_each(|key| grams.insert_key(key));
        grams.places.sort_unstable();
        grams.places.dedup();
        grams
    }

    fn insert(&mut self, gram: [u8; 4], place: Place) {
        let (folded, hash) = (folded(gram), hash(folded(gram)) as usize);
        self.bits[hash / 64] |= 1 << (hash % 64);
        self.places.push((folded, place));
    }

    /// The first four bytes; or three, and each of those that may follow.
    fn insert_ended(&mut self, gram: &[u8], ends: &[u8], place: Place) {
        match *gram {
            [a, b, c, d, ..] => self.insert([a, b, c, d], place),
            [a, b, c] => ends.iter().for_each(|end| self.insert([a, b, c, *end], place)),
            _ => {}
        }
    }

    /// Four bytes of every spelling of a key: around the joint of its last two words, or the rarest of its only word.
    fn insert_key(&mut self, key: &str) {
        let words: Vec<String> = words(key);
        match &words[..] {
            [.., before, last] => {
                for joint in ["", "_", "-", ".", " "] {
                    let spelled = [before, joint, last].concat();
                    let joint_end = before.len() + joint.len();
                    let start = joint_end.saturating_sub(2).min(spelled.len().saturating_sub(4));
                    self.insert_ended(&spelled.as_bytes()[start..], AFTER_KEY, Place::Key);
                }
            }
            [word] => self.insert_ended(rarest(word.as_bytes()), AFTER_KEY, Place::Key),
            [] => {}
        }
    }

    /// What may be at a position, which begins with these four bytes.
    pub(super) fn places(&self, gram: [u8; 4]) -> impl Iterator<Item = Place> {
        let folded = folded(gram);
        let first = self.places.partition_point(|(known, _)| *known < folded);
        self.places[first..].iter().take_while(move |(known, _)| *known == folded).map(|(_, place)| *place)
    }

    /// One bit for each of four bytes in a word that begin a group; `shift` says where the bits go.
    #[inline(always)]
    fn hits(&self, word: u64, count: u32) -> u64 {
        let word = word | 0x2020202020202020;
        (0..count).fold(0, |bits, at| {
            let hash = hash((word >> (8 * at)) as u32) as usize;
            bits | (self.bits[(hash / 64) % (1 << (HASH_BITS - 6))] >> (hash % 64) & 1) << at
        })
    }
}

/// What may follow a key of three letters.
const AFTER_KEY: &[u8] = b"=:\"'`] \t\\0123456789";

/// The words of a key in small letters, separated as they are written.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_small = false;
    for c in key.chars() {
        let is_letter = !c.is_ascii() || c.is_ascii_alphanumeric();
        if (!is_letter || (c.is_ascii_uppercase() && was_small))
            && words.last().is_some_and(|word| !word.is_empty())
        {
            words.push(String::new());
        }
        if is_letter {
            words.last_mut().expect("one is always there").push(c.to_ascii_lowercase());
        }
        was_small = is_letter && !c.is_ascii_uppercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The four letters of a word that are rarest in ordinary text; the whole word when it is shorter.
fn rarest(word: &[u8]) -> &[u8] {
    /// How often `a` to `z` occur in a thousand letters of English.
    const FREQUENCY: [u32; 26] =
        [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1];
    /// Parts of words that logs are full of, whatever their letters.
    const COMMON: [&[u8]; 4] = [b"word", b"tion", b"auth", b"code"];
    let cost = |gram: &&[u8]| -> u32 {
        let letters = gram
            .iter()
            .map(|byte| FREQUENCY.get(usize::from(byte.wrapping_sub(b'a'))).copied().unwrap_or(10));
        letters.sum::<u32>() + if COMMON.contains(gram) { 1_000 } else { 0 }
    };
    word.windows(4).min_by_key(cost).unwrap_or(word)
}

/// What else than groups is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shapes {
    pub(super) card: bool,
    pub(super) iban: bool,
    pub(super) at_sign: bool,
}

/// The positions from `start` on, up to [`BLOCK`] of them, that are worth a look: bit 0 is `start`.
pub(super) fn candidates(text: &[u8], start: usize, grams: &Grams, shapes: Shapes) -> u64 {
    let rest = &text[start..];
    if let Some(window) = rest.first_chunk::<WINDOW>() {
        return look(window, BLOCK / 8, grams, shapes);
    }
    let mut window = [0; WINDOW];
    window[..rest.len()].copy_from_slice(rest);
    look(&window, rest.len().min(BLOCK).div_ceil(8), grams, shapes)
}

/// The candidates among the first `words` times eight positions.
#[inline(always)]
fn look(window: &[u8; WINDOW], words: usize, grams: &Grams, shapes: Shapes) -> u64 {
    let word_at = |at: usize| -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&window[at..at + 8]);
        u64::from_le_bytes(word)
    };
    let (mut hits, mut signs, mut capitals, mut digits) = (0, 0, 0_u128, 0_u128);
    for index in 0..words {
        let (word, middle) = (word_at(8 * index), word_at(8 * index + 4));
        let found = grams.hits(word, 4) | grams.hits(middle, 4) << 4;
        hits |= found << (8 * index);
        if shapes.at_sign {
            signs |= u64::from(positions(equals(word, b'@'))) << (8 * index);
        }
    }
    for index in 0..(words + 2).min(WINDOW / 8) {
        let word = word_at(8 * index);
        digits |= u128::from(positions(within(word, b'0', b'9'))) << (8 * index);
        capitals |= u128::from(positions(within(word, b'A', b'Z'))) << (8 * index);
    }
    if shapes.card {
        hits |= numbers(digits);
    }
    if shapes.iban {
        hits |= (capitals & capitals >> 1 & digits >> 2 & digits >> 3) as u64;
    }
    hits | signs
}

/// Where four digits begin that one more character and four more digits follow, as every card number does.
fn numbers(digits: u128) -> u64 {
    let pair = digits & digits >> 1;
    let four = pair & pair >> 2;
    (four & four >> 5 & !(digits << 1)) as u64
}

const LOW: u64 = 0x7f7f7f7f7f7f7f7f;
const HIGH: u64 = !LOW;

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte that lies between two characters of ASCII.
#[inline(always)]
fn within(word: u64, first: u8, last: u8) -> u64 {
    let low = word & LOW;
    // No sum reaches the next byte: 127 + 127 < 256.
    let from_first = low + each(0x80 - first);
    let behind_last = low + each(0x7f - last);
    from_first & !behind_last & !word & HIGH
}

/// The high bit of each byte that is this character of ASCII.
#[inline(always)]
fn equals(word: u64, byte: u8) -> u64 {
    within(word, byte, byte)
}

/// The high bits of eight bytes as eight bits.
#[inline(always)]
fn positions(high_bits: u64) -> u8 {
    ((high_bits >> 7).wrapping_mul(0x0102040810204080) >> 56) as u8
}

/// True when a text of fewer than 16 bytes may hold a secret: by an assignment, or as a number that is all it is.
#[inline]
pub(super) fn is_worth_a_look(text: &[u8], shapes: Shapes) -> bool {
    /// Shortest card, less what may stand around it; accounts are longer.
    const NUMBER_MIN: usize = 13;

    let (first, last) = match text.len() {
        // `pwd=x`, `a://:b@c`: nothing shorter is anything.
        0..5 => return false,
        5..8 => (half(&text[..4]), half(&text[text.len() - 4..])),
        _ => (whole(&text[..8]), whole(&text[text.len() - 8..])),
    };
    let has = |byte| (equals(first, byte) | equals(last, byte)) != 0;
    let is_flag = |word| {
        let dashes = equals(word, b'-');
        dashes & dashes >> 8 != 0
    };
    has(b'=')
        || has(b':')
        || is_flag(first)
        || is_flag(last)
        || (shapes.at_sign && has(b'@'))
        || (text.len() >= NUMBER_MIN && within(last, b'0', b'9').count_ones() >= 7)
}

fn half(bytes: &[u8]) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(bytes);
    u64::from(u32::from_le_bytes(word))
}

fn whole(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// How far before the position of its group a form begins.
pub(super) const PEM_GRAM_AT: usize = 4;
const _: () = assert!(pem::BEGIN[PEM_GRAM_AT] == b'-' && pem::BEGIN[PEM_GRAM_AT + 1] == b'B');

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Shapes = Shapes { card: true, iban: true, at_sign: true };

    #[test]
    fn characters_are_told_from_their_neighbours() {
        for byte in 0..=255 {
            let word = u64::from_le_bytes([byte, 0, 255, byte, b'5', 0x80, 0x7f, byte]);
            let expected = if byte.is_ascii_digit() { 0b10011001 } else { 0b00010000 };
            assert_eq!(positions(within(word, b'0', b'9')), expected, "{byte}");
        }
    }

    #[test]
    fn keys_are_found_by_few_letters_in_every_spelling() {
        let grams = Grams::of(&KeyPolicy::default());
        for text in [
            "api_key=",
            "APIKEY=",
            "x-api-key: ",
            "apiKey\": ",
            "db.password=",
            "PWD=/",
            "cvv2=",
            "user-secret:",
        ] {
            let found = candidates(text.as_bytes(), 0, &grams, ALL);
            let is_key = |at: usize| {
                let gram = text.as_bytes().get(at..at + 4).and_then(|gram| gram.try_into().ok());
                gram.is_some_and(|gram: [u8; 4]| grams.places(gram).any(|place| place == Place::Key))
            };
            assert!((0..64).any(|at| found >> at & 1 == 1 && is_key(at)), "{text}");
        }
        assert_eq!(words("HTTPUserApiKey-2"), ["httpuser", "api", "key", "2"]);
        assert_eq!(rarest(b"password"), b"swor");
        assert_eq!(rarest(b"pwd"), b"pwd");
    }

    #[test]
    fn few_places_of_ordinary_text_are_looked_at() {
        let grams = Grams::of(&KeyPolicy::default());
        let text = b"The quick brown fox jumps over the lazy dog; 2026-11-25 21:39:27 took 12.5 ms (id 550e8400-e29b-41d4) ";
        let found: u32 =
            (0..text.len()).step_by(BLOCK).map(|at| candidates(text, at, &grams, ALL).count_ones()).sum();
        assert!(found <= 2, "{found}");
    }

    #[test]
    fn numbers_are_seen_across_blocks_and_at_the_end_of_the_text() {
        let grams = Grams::of(&KeyPolicy::none());
        for before in 0..200 {
            for number in
                ["4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "DE89370400440532013000"]
            {
                let text = [" ".repeat(before), number.to_owned()].concat();
                let start = before / BLOCK * BLOCK;
                let found = candidates(text.as_bytes(), start, &grams, ALL);
                assert_eq!(found >> (before % BLOCK) & 1, 1, "{before} {number}");
            }
        }
    }

    #[test]
    fn short_texts_without_a_sign_are_not_looked_at() {
        for text in ["", "GET", "ORD-123", "credit_card", "192.168.1.100", "2026-11-25", "550e8400-e29b"] {
            assert!(!is_worth_a_look(text.as_bytes(), ALL), "{text}");
        }
        for text in [
            "pwd=x",
            "a://b:c@d",
            "378282246310005",
            "--pwd hunter2",
            "x@example.org",
            "ab--c",
            "{\"otp\":1}",
        ] {
            assert!(is_worth_a_look(text.as_bytes(), ALL), "{text}");
        }
    }
}
