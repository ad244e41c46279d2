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
    /// By a few of their bytes: the number of the last name there, and one more.
    near: Box<[u32; NEAR]>,
    /// The last of those that are not remembered.
    other: Name,
}

/// A name that was found; told by [`Names::get`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Found(Option<u32>);

impl Default for Names {
    fn default() -> Self {
        Names {
            known: Vec::new(),
            table: HashTable::new(),
            build: Build::default(),
            near: Box::new([0; NEAR]),
            other: Name::default(),
        }
    }
}

impl Names {
    /// A name that is written without escapes.
    #[inline(always)]
    pub(super) fn find(&mut self, written: &[u8], has_emoji: bool) -> Found {
        let near = place_of(written);
        let number = self.near[near].wrapping_sub(1);
        match self.known.get(number as usize) {
            Some(name) if is_same(&name.written, written) && name.has_emoji == has_emoji => {
                Found(Some(number))
            }
            _ => self.find_far(written, has_emoji, near),
        }
    }

    #[cold]
    fn find_far(&mut self, written: &[u8], has_emoji: bool, near: usize) -> Found {
        let hash = self.build.hash_one(written);
        let Names { table, known, .. } = self;
        let is_it = |number: &u32| {
            let name = &known[*number as usize];
            *name.written == *written && name.has_emoji == has_emoji
        };
        if let Some(number) = table.find(hash, is_it) {
            self.near[near] = number + 1;
            return Found(Some(*number));
        }
        let name = Name::of(&String::from_utf8_lossy(written), written, has_emoji);
        if self.known.len() >= NAMES_MAX {
            self.other = name;
            return Found(None);
        }
        let number = self.known.len() as u32;
        self.known.push(name);
        let Names { table, known, build, .. } = self;
        table.insert_unique(hash, number, |other| build.hash_one(&known[*other as usize].written));
        self.near[near] = number + 1;
        Found(Some(number))
    }

    /// A name that is written with escapes, and so is not remembered.
    #[cold]
    pub(super) fn find_escaped(&mut self, name: &str, has_emoji: bool) -> Found {
        self.other = Name::of(name, &[], has_emoji);
        Found(None)
    }

    #[inline]
    pub(super) fn get(&self, found: Found) -> Named<'_> {
        match found.0 {
            Some(number) => Named { number: Some(number), name: &self.known[number as usize] },
            None => Named { number: None, name: &self.other },
        }
    }
}

/// Whether two names are the same: eight bytes in one step, without a call.
#[inline]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (steps, rest) = a.as_chunks::<8>();
    let (other_steps, other_rest) = b.as_chunks::<8>();
    steps.iter().zip(other_steps).all(|(step, other)| step == other)
        && match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
            (Some(last), Some(other)) => last == other,
            _ => rest == other_rest,
        }
}

/// Where a name is looked up first: told by its length and its ends.
#[inline]
fn place_of(written: &[u8]) -> usize {
    let ends = match (written.first_chunk(), written.last_chunk()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(23),
        _ => written.iter().fold(0, |ends, byte| ends << 8 | u64::from(*byte)),
    };
    // Knuth's multiplier: the highest bits are the best mixed.
    let mixed = (ends ^ written.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - NEAR.ilog2())) as usize
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
