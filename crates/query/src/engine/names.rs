//! The names of events: each is looked at once, and from then on is a number.
//!
//! A log has millions of lines and dozens of names. What a name says (its parts, its role, how it is spelled) is read when it is first
//! met; a line that has it again costs a comparison.

use std::{borrow::Cow, hash::BuildHasher};

use hashbrown::HashTable;
use trine_model::{EventName, NameParts, Role};

use super::{
    event::{BATCH, Derived, canonical},
    hash::Build,
    value::Val,
};
use crate::scan::foreign::without_emoji;

/// The event that says what was lost.
pub(super) const LOST: &str = "trine_events_lost";
/// Names that are remembered; a log that makes up names has more, and those are read again and again.
const NAMES_MAX: usize = 10_000;
/// Places at which a name is looked up before the table is asked. A power of two; more than most logs have names.
const NEAR: usize = 256;
/// Bytes that four words tell whole.
const WORDS_BYTES: usize = 32;

/// What a name says.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    domain: String,
    action: String,
    status: String,
    operation: String,
    role: &'static str,
    outcome: &'static str,
}

/// A name, and all that is known of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Name {
    /// The bytes between its quotes, as they stand in lines.
    written: Box<[u8]>,
    /// Whether emoji in front are left out, as the format of these lines has it.
    has_emoji: bool,
    canonical: String,
    said: Said,
    /// Whether it is written as it is meant.
    pub(super) is_plain: bool,
    /// Whether its event may be more than one: a batch, or what was lost.
    pub(super) is_special: bool,
}

/// A name, and its number among the names of a worker; none where too many were met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'n> {
    pub(super) number: Option<u32>,
    pub(super) name: &'n Name,
}

/// The names that a worker has met.
#[derive(Debug)]
pub(super) struct Names {
    known: Vec<Name>,
    table: HashTable<u32>,
    build: Build,
    /// By a few of their bytes: the last name there.
    near: Box<[Near; NEAR]>,
    /// The last of those that are not remembered.
    other: Name,
}

/// A name as it is looked up first.
#[derive(Clone, Copy, Debug)]
struct Near {
    written: Words,
    has_emoji: bool,
    found: Found,
}

impl Near {
    /// Of no name: none is so long.
    const NONE: Near = Near {
        written: Words { words: [0; 4], length: usize::MAX },
        has_emoji: false,
        found: Found { number: None, is_special: false },
    };
}

/// Four words of a name, which are all of it up to [`WORDS_BYTES`]: they may overlap, so that no length needs a branch.
#[derive(Clone, Copy, Debug)]
struct Words {
    words: [u64; 4],
    length: usize,
}

/// A name that was found; told by [`Names::get`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    number: Option<u32>,
    /// Whether its event may be more than one: a batch, or what was lost.
    pub(super) is_special: bool,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            known: Vec::new(),
            table: HashTable::new(),
            build: Build::default(),
            near: Box::new([Near::NONE; NEAR]),
            other: Name::default(),
        }
    }
}

impl Names {
    /// A name that is written without escapes.
    #[inline(always)]
    pub(super) fn find(&mut self, written: &[u8], has_emoji: bool) -> Found {
        let words = Words::of(written);
        let place = words.place();
        let near = &self.near[place];
        if near.written.are(&words) && near.has_emoji == has_emoji && self.is_whole(near, written) {
            return near.found;
        }
        self.find_far(written, has_emoji, words)
    }

    /// Whether the words of a name are all of it, or the rest is the same too.
    #[inline]
    fn is_whole(&self, near: &Near, written: &[u8]) -> bool {
        let is_same = |number: u32| *self.known[number as usize].written == *written;
        written.len() <= WORDS_BYTES || near.found.number.is_some_and(is_same)
    }

    #[cold]
    fn find_far(&mut self, written: &[u8], has_emoji: bool, words: Words) -> Found {
        let hash = self.build.hash_one(written);
        let Names { table, known, .. } = self;
        let is_it = |number: &u32| {
            let name = &known[*number as usize];
            *name.written == *written && name.has_emoji == has_emoji
        };
        if let Some(number) = table.find(hash, is_it) {
            let found = Found { number: Some(*number), is_special: known[*number as usize].is_special };
            self.near[words.place()] = Near { written: words, has_emoji, found };
            return found;
        }
        let name = Name::of(&String::from_utf8_lossy(written), written, has_emoji);
        let is_special = name.is_special;
        if self.known.len() >= NAMES_MAX {
            self.other = name;
            return Found { number: None, is_special };
        }
        let number = self.known.len() as u32;
        self.known.push(name);
        let Names { table, known, build, .. } = self;
        table.insert_unique(hash, number, |other| build.hash_one(&known[*other as usize].written));
        let found = Found { number: Some(number), is_special };
        self.near[words.place()] = Near { written: words, has_emoji, found };
        found
    }

    /// A name that is written with escapes, and so is not remembered.
    #[cold]
    pub(super) fn find_escaped(&mut self, name: &str, has_emoji: bool) -> Found {
        self.other = Name::of(name, &[], has_emoji);
        Found { number: None, is_special: self.other.is_special }
    }

    #[inline]
    pub(super) fn get(&self, found: Found) -> Named<'_> {
        match found.number {
            Some(number) => Named { number: Some(number), name: &self.known[number as usize] },
            None => Named { number: None, name: &self.other },
        }
    }
}

impl Words {
    #[inline(always)]
    fn of(written: &[u8]) -> Words {
        let length = written.len();
        let word = |at: usize| written.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word));
        let all = || {
            let last = length.checked_sub(size_of::<u64>())?;
            Some([word(0)?, word(last.min(8))?, word(last.saturating_sub(8))?, word(last)?])
        };
        let few = || [written.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0, 0, 0];
        Words { words: all().unwrap_or_else(few), length }
    }

    #[inline(always)]
    fn are(&self, other: &Words) -> bool {
        let differ = |(a, b): (&u64, &u64)| a ^ b;
        let differs = self.words.iter().zip(&other.words).map(differ).fold(0, |all, word| all | word);
        differs == 0 && self.length == other.length
    }

    /// Where a name is looked up first: told by its length and its ends.
    #[inline(always)]
    fn place(&self) -> usize {
        let [first, .., last] = self.words;
        let ends = first ^ last.rotate_left(23);
        // Knuth's multiplier: the highest bits are the best mixed.
        let mixed = (ends ^ self.length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - NEAR.ilog2())) as usize
    }
}

impl Name {
    fn of(text: &str, written: &[u8], has_emoji: bool) -> Name {
        let text = if has_emoji { without_emoji(text) } else { text };
        let canonical = canonical(Cow::Borrowed(text)).into_owned();
        let is_plain_byte = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
        Name {
            is_plain: !written.is_empty() && written.iter().all(is_plain_byte),
            is_special: matches!(&*canonical, BATCH | LOST),
            said: Said::of(text),
            written: written.into(),
            has_emoji,
            canonical,
        }
    }

    /// In the spelling with `_`; a sentence as it is.
    #[inline]
    pub(super) fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What it says, if it says that.
    #[inline]
    pub(super) fn get(&self, derived: Derived) -> Val<'_> {
        let text = match derived {
            Derived::Domain => &self.said.domain,
            Derived::Action => &self.said.action,
            Derived::Status => &self.said.status,
            Derived::Operation => &self.said.operation,
            Derived::Role => self.said.role,
            Derived::Outcome => self.said.outcome,
            Derived::HourOfDay | Derived::DayOfWeek => "",
        };
        if text.is_empty() { Val::Null } else { Val::Text(Cow::Borrowed(text)) }
    }
}

impl Said {
    /// What a name says, dots or not; of a sentence, that it has no parts.
    fn of(name: &str) -> Said {
        if EventName::check(name).is_err() {
            return Said { role: Role::Point.as_str(), ..Said::default() };
        }
        let parts = NameParts::of(name);
        let plain = |text: &str| text.replace('.', "_");
        Said {
            domain: plain(parts.domain),
            action: plain(parts.action),
            status: plain(parts.status),
            operation: plain(&parts.operation()),
            role: parts.role().as_str(),
            outcome: match parts.role() {
                Role::Ok => "success",
                Role::Fail => "failure",
                Role::Open | Role::Point => "",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_however_often_it_is_met() {
        let mut names = Names::default();
        let all: Vec<String> = (0..3 * NEAR).map(|number| format!("item_processed_{number}")).collect();
        for _ in 0..2 {
            for (number, name) in all.iter().enumerate() {
                let found = names.find(name.as_bytes(), true);
                let named = names.get(found);
                assert_eq!((named.number, named.name.canonical()), (Some(number as u32), &**name));
            }
        }
    }

    #[test]
    fn names_of_all_lengths_are_told_apart() {
        let mut names = Names::default();
        // Each differs from the others of its length in one byte.
        let of_length = |length: usize| {
            (0..length).map(move |at| {
                let mut name = vec![b'a'; length];
                name[at] = b'b';
                String::from_utf8(name).unwrap()
            })
        };
        let all: Vec<String> = std::iter::once(String::new()).chain((1..70).flat_map(of_length)).collect();
        assert_eq!(names.find(b"", false).number, Some(0));
        for _ in 0..2 {
            for (number, name) in all.iter().enumerate() {
                let found = names.find(name.as_bytes(), false);
                let named = names.get(found);
                assert_eq!((named.number, named.name.canonical()), (Some(number as u32), &**name));
                // What was met last is found at once, and only that.
                assert_eq!(names.find(name.as_bytes(), false).number, Some(number as u32));
            }
        }
    }

    #[test]
    fn a_spelling_is_read_as_its_format_has_it() {
        let mut names = Names::default();
        let written = "📦 events.batch";
        let found = names.find(written.as_bytes(), true);
        let name = names.get(found).name;
        assert_eq!((name.canonical(), name.is_special, name.is_plain), ("events_batch", true, false));
        let found = names.find(written.as_bytes(), false);
        let name = names.get(found).name;
        assert_eq!((name.canonical(), name.is_special), (written, false));
    }

    #[test]
    fn names_beyond_the_bound_are_read_each_time() {
        let mut names = Names::default();
        for number in 0..NAMES_MAX + 2 {
            let name = format!("item_{number}_failed");
            let found = names.find(name.as_bytes(), true);
            let named = names.get(found);
            assert_eq!(named.name.canonical(), name);
            assert_eq!(named.number.is_some(), number < NAMES_MAX);
        }
        let found = names.find_escaped("a_b", true);
        assert_eq!(names.get(found).name.canonical(), "a_b");
        let found = names.find(b"item_0_failed", true);
        assert_eq!(names.get(found).number, Some(0));
    }
}
