//! The search for secrets in plain texts, where events are rendered.

use std::hash::{BuildHasher, RandomState};

use trine_model::mask::{Detectors, MASKED};
use trine_ring::{
    Arg,
    record::{self, ID_DIGITS, Record, Text, ValueRef},
};

use super::{Masking, Shown};
use crate::event::EventRef;

/// Texts that are remembered. Programs say the same few hundred texts over and over (paths, reasons, names of things), and to
/// know one again takes a tenth of the time of searching it. 8 KiB, so that the table stays in the nearest cache.
const TEXTS_KNOWN: usize = 1_024;

/// Longest list or map that is remembered as a whole. Longer ones are rarely the same.
const WHOLE_BYTES_MAX: usize = 256;

/// What one that renders keeps for the search: texts it has found clean, and memory for what it must change.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    known: Known,
    masked: Vec<u8>,
}

impl Screen {
    /// True when the record may be shown as it is: none of its call's texts holds a secret.
    ///
    /// What else there is in it was looked at before it was stored: see [the module](super). With it comes the value of the call at
    /// `index`: whoever wants it need not read over the others once more.
    #[inline]
    pub(crate) fn is_clean<'a>(
        &mut self,
        masking: &Masking,
        record: Record<'a>,
        index: usize,
    ) -> (bool, Option<ValueRef<'a>>) {
        let (has_secret, value) =
            record.values().any_text_and(index, |text| !self.known.is_clean(masking, text));
        (!has_secret, value)
    }

    /// As [`Screen::is_clean`], of a record whose values were written from `args`. Those that wrote themselves were looked at then.
    #[inline]
    pub(crate) fn are_clean(&mut self, masking: &Masking, args: &[Arg<'_>]) -> bool {
        args.iter().all(|arg| match arg {
            Arg::Str(text) => self.known.is_clean(masking, text.as_bytes()),
            _ => true,
        })
    }

    /// The event without what may not be shown.
    #[cold]
    pub(crate) fn masked<'a>(&'a mut self, masking: &Masking, event: EventRef<'a>) -> EventRef<'a> {
        masking.masked(event, &mut self.masked)
    }

    /// Searches everything anew: after the masks have changed.
    pub(crate) fn forget(&mut self) {
        self.known.texts.fill(0);
    }
}

impl Masking {
    /// The event as it may be shown: itself, unless one of its call's texts holds a secret. Without a memory.
    pub(crate) fn shown<'a>(&self, event: EventRef<'a>, bytes: &'a mut Vec<u8>) -> EventRef<'a> {
        let has_secret = event.record.values().any_text(|text| !self.is_clean_text(text));
        if has_secret { self.masked(event, bytes) } else { event }
    }

    /// The event, written to `bytes` without what may not be shown.
    #[cold]
    fn masked<'a>(&self, event: EventRef<'a>, bytes: &'a mut Vec<u8>) -> EventRef<'a> {
        self.write_masked(&event.record, bytes);
        // What was just written is a record.
        Record::new(bytes).map_or(event, |record| EventRef { record, ..event })
    }

    /// Writes the record to `bytes`, without what may not be shown.
    #[cold]
    pub(super) fn write_masked(&self, record: &Record<'_>, bytes: &mut Vec<u8>) {
        let shown: Vec<Shown<'_>> =
            record.values().map(|value: ValueRef<'_>| self.show(value, None)).collect();
        let args: Vec<Arg<'_>> = shown.iter().map(|shown| Arg::Dyn(shown)).collect();
        bytes.clear();
        record::encode(bytes, record.site(), record.ticks(), &args, &[record.values().blocks_bytes()]);
        record::set_flags(bytes, record.flags());
    }
}

/// Texts that hold no secret, by their fingerprints: 64 bits under a key of the process's, so that nobody outside can find two
/// texts with the same one, and two meet by chance once in 2^64 pairs.
#[derive(Debug)]
pub(super) struct Known {
    /// Each in one of the two places that its bits name: of forty texts, two want the same
    /// place in three programs of four, three the same two in one of thirty. Zero is none.
    texts: Box<[u64; TEXTS_KNOWN]>,
    key: [u64; 2],
}

impl Default for Known {
    fn default() -> Known {
        let seeds = RandomState::new();
        Known { texts: Box::new([0; TEXTS_KNOWN]), key: [seeds.hash_one(0), seeds.hash_one(1)] }
    }
}

impl Known {
    /// True when there is no secret in the text.
    #[inline(always)]
    pub(super) fn is_clean(&mut self, masking: &Masking, text: &[u8]) -> bool {
        if text.len() < Detectors::TEXT_BYTES_MIN {
            return true;
        }
        let fingerprint = self.fingerprint(text);
        self.knows(fingerprint) || self.search(masking, text, fingerprint)
    }

    #[inline(never)]
    fn search(&mut self, masking: &Masking, text: &[u8], fingerprint: u64) -> bool {
        if is_id(text) {
            return true;
        }
        let is_clean = masking.is_clean_text(text);
        if is_clean {
            self.remember(fingerprint);
        }
        is_clean
    }

    #[inline(always)]
    fn knows(&self, fingerprint: u64) -> bool {
        let place = places(fingerprint);
        self.texts[place] == fingerprint || self.texts[place + 1] == fingerprint
    }

    /// In the first place; what was there goes to the second.
    fn remember(&mut self, fingerprint: u64) {
        let place = places(fingerprint);
        self.texts[place + 1] = self.texts[place];
        self.texts[place] = fingerprint;
    }

    /// True when the value can be shown as it is: no text in it holds a secret, no key in it names one.
    pub(super) fn is_clean_value(&mut self, masking: &Masking, value: &ValueRef<'_>) -> bool {
        match value {
            ValueRef::Str(text) | ValueRef::Failed(text) => self.is_clean(masking, text.as_bytes()),
            ValueRef::List(list) => {
                list.is_of_plain_items()
                    || self.is_clean_whole(list.as_bytes(), 1, |known| {
                        list.items().all(|item| known.is_clean_value(masking, &item))
                    })
            }
            ValueRef::Map(map) => self.is_clean_whole(map.as_bytes(), 2, |known| {
                map.entries().all(|(key, value)| known.is_clean_entry(masking, key, &value))
            }),
            _ => true,
        }
    }

    /// As `search` finds, unless the bytes of a list or a map as a whole are known: many are the same each time, as tags are.
    fn is_clean_whole(&mut self, bytes: &[u8], kind: u32, search: impl FnOnce(&mut Known) -> bool) -> bool {
        if bytes.len() > WHOLE_BYTES_MAX {
            return search(self);
        }
        // Other numbers than those of the same bytes as a text, or as the key of an entry.
        let fingerprint = self.fingerprint(bytes).rotate_left(8 * kind);
        if self.knows(fingerprint) {
            return true;
        }
        let is_clean = search(self);
        if is_clean {
            self.remember(fingerprint);
        }
        is_clean
    }

    #[inline]
    fn is_clean_entry(&mut self, masking: &Masking, key: Text<'_>, value: &ValueRef<'_>) -> bool {
        // Another number than the text has: of a key more is known than that it is clean.
        let fingerprint = self.fingerprint(key.as_bytes()).rotate_left(32);
        if self.knows(fingerprint) {
            return self.is_clean_value(masking, value);
        }
        self.search_entry(masking, (key, fingerprint), value)
    }

    #[inline(never)]
    fn search_entry(
        &mut self,
        masking: &Masking,
        (key, fingerprint): (Text<'_>, u64),
        value: &ValueRef<'_>,
    ) -> bool {
        if !masking.is_clean_text(key.as_bytes()) {
            return false;
        }
        if masking.treatment(&key.to_str()).is_some() {
            return *value == ValueRef::Null || *value == *MASKED;
        }
        self.remember(fingerprint);
        self.is_clean_value(masking, value)
    }

    /// Sixteen bytes at a time, multiplied with what came before; the last sixteen may have been there already.
    ///
    /// Source: the short way of wyhash (final version 4), with words of [`RandomState`] in place of its constants.
    #[inline(always)]
    fn fingerprint(&self, text: &[u8]) -> u64 {
        let [first_key, last_key] = self.key;
        let length = text.len();
        // Spread over the word, lest a length undo what the last bytes differ in. The constant is 2^64 divided by the golden ratio.
        let mut state = last_key.wrapping_add((length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut rest = text;
        while let Some((chunk, behind)) = rest.split_at_checked(16)
            && !behind.is_empty()
        {
            state = fold(word(chunk, 0) ^ first_key, word(chunk, 8) ^ state);
            rest = behind;
        }
        let (first, last) = match length {
            16.. => (word(text, length - 16), word(text, length - 8)),
            8.. => (word(text, 0), word(text, length - 8)),
            4.. => (half(text, 0), half(text, length - 4)),
            // Only keys are as short.
            1.. => (u64::from(text[0]) << 8 | u64::from(text[length / 2]), text[length - 1].into()),
            0 => (0, 0),
        };
        fold(first ^ first_key, last ^ state).max(1)
    }
}

/// The first of the two places of a fingerprint.
#[inline(always)]
fn places(fingerprint: u64) -> usize {
    (fingerprint as usize % TEXTS_KNOWN) & !1
}

/// True for what the id of an operation's run is, which no two runs share: hexadecimal digits, a letter among them. Nothing that is
/// searched for has this form.
#[inline]
fn is_id(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; ID_DIGITS]>::try_from(text) else { return false };
    // Without an early end, so that all digits are looked at together.
    let (mut is_hex, mut has_letter) = (true, false);
    for byte in text {
        let is_letter = matches!(byte, b'a'..=b'f');
        is_hex &= is_letter | byte.is_ascii_digit();
        has_letter |= is_letter;
    }
    is_hex & has_letter
}

/// All bits of both numbers have a part in all bits of the result.
#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[inline(always)]
fn half(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::mask::{Kind, Masks, Treatment};

    #[test]
    fn texts_that_differ_anywhere_have_other_fingerprints() {
        let known = Known::default();
        let mut seen = HashSet::new();
        for length in 0..70 {
            let text = vec![b'a'; length];
            assert!(seen.insert(known.fingerprint(&text)), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other[at] = b'b';
                assert!(seen.insert(known.fingerprint(&other)), "{length} {at}");
            }
        }
    }

    #[test]
    fn an_id_is_no_secret_and_a_number_is_no_id() {
        let masking = Masking::new(&Kind::ALL.into_iter().fold(Masks::new(), Masks::detect));
        for n in 0..20_000_u64 {
            let id = record::digits(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            assert!(!is_id(&id) || masking.is_clean_text(&id), "{}", String::from_utf8_lossy(&id));
        }
        assert!(is_id(b"af1e14161fe33cb8"));
        for other in [
            "4111111111111111",
            "af1e14161fe33cb",
            "AF1E14161FE33CB8",
            "af1e14161fe33cg8",
            "pwd=14161fe33cb8",
        ] {
            assert!(!is_id(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_text_is_searched_once_and_a_secret_always() {
        let masking = Masking::new(&Masks::new());
        let mut known = Known::default();
        for _ in 0..3 {
            assert!(known.is_clean(&masking, b"/api/v1/orders/88213"));
            assert!(!known.is_clean(&masking, b"paid with 4111111111111111"));
        }
        assert_eq!(known.texts.iter().filter(|text| **text != 0).count(), 1);
        assert!(
            !Known::default()
                .is_clean(&Masking::new(&Masks::new().key("nickname", Treatment::Redact)), b"nickname=al")
        );
    }

    #[test]
    fn a_text_that_is_known_is_no_key_that_is_known() {
        let masking = Masking::new(&Masks::new());
        let mut known = Known::default();
        let map: &dyn trine_ring::Value = &std::collections::BTreeMap::from([("password", "a")]);
        for _ in 0..3 {
            assert!(known.is_clean(&masking, b"password"), "as a text it is a word");
            let mut bytes = Vec::new();
            record::encode(&mut bytes, 0, 0, &[Arg::Dyn(map)], &[]);
            let value = Record::new(&bytes).and_then(|record| record.values().next()).unwrap();
            assert!(!known.is_clean_value(&masking, &value));
        }
    }

    #[test]
    fn what_was_clean_is_searched_again_after_the_masks_have_changed() {
        let mut screen = Screen::default();
        assert!(screen.known.is_clean(&Masking::new(&Masks::new()), b"nickname=al"));
        screen.forget();
        let changed = Masking::new(&Masks::new().key("nickname", Treatment::Redact));
        assert!(!screen.known.is_clean(&changed, b"nickname=al"));
    }
}
