//! Where in a block the keys of a question stand, found for all its lines at once.
//!
//! To know that a line does not have a field, all its members must be walked over; that its key does not stand in it at all is known from
//! one search over the block, at many times the speed. And where the key does stand, it says where the value is.
//!
//! What is found so is what a walk finds: in a line without `\` no quote is a text's, so `"key":` is a member, and before the first
//! bracket behind its begin it is one of the outermost object. Whatever else a line has is left to the walk.

use std::sync::OnceLock;

use memchr::{memchr, memmem};

use super::{Line, Path, Raw, skip, walk::after_blank};
use crate::scan::rare;

/// So many keys are searched for; with more, a walk that finds all of them costs less.
const KEYS_MAX: usize = 3;
/// Shorter keys are in too many words.
const KEY_BYTES_MIN: usize = 3;

/// Keys that are searched for.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// With the field each is. Empty where they are left to the walk.
    keys: Vec<(usize, Key)>,
}

/// A key with its closing quote. Without the opening one, a search is not led astray by what stands in front of every key.
#[derive(Clone, Debug)]
struct Key {
    literal: Vec<u8>,
    /// For texts like the first block.
    finder: OnceLock<memmem::Finder<'static>>,
}

impl Key {
    fn find(&self, block: &[u8]) -> Option<usize> {
        self.finder.get_or_init(|| rare::finder(&self.literal, block)).find(block)
    }
}

/// How far a block was searched.
#[derive(Debug)]
pub struct Hits<'b> {
    block: &'b [u8],
    /// The next place of each key.
    next: [usize; KEYS_MAX],
    /// The next `\`.
    escape: usize,
    /// The first of all these: nothing is in front of it.
    first: usize,
}

impl Keys {
    /// Of these fields, all of them.
    pub(super) fn of<'p>(fields: impl Iterator<Item = (usize, &'p Path)>) -> Keys {
        let key = |(field, path): (usize, &Path)| {
            let key = path.as_key().filter(|key| key.len() >= KEY_BYTES_MIN && key.bytes().all(is_plain))?;
            Some((field, Key { literal: format!("{key}\"").into_bytes(), finder: OnceLock::new() }))
        };
        let keys: Option<Vec<_>> = fields.map(key).collect();
        Keys { keys: keys.filter(|keys| keys.len() <= KEYS_MAX).unwrap_or_default() }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// Whether every writer of JSON writes this byte of a key as it is, or else with a `\`.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

impl<'b> Hits<'b> {
    pub(super) fn of(keys: &Keys, block: &'b [u8]) -> Option<Hits<'b>> {
        if keys.keys.is_empty() {
            return None;
        }
        let mut hits = Hits { block, next: [0; KEYS_MAX], escape: 0, first: 0 };
        hits.pass(keys, 0);
        Some(hits)
    }

    /// Finds all the keys in a line, which begins at this place of the block and behind all lines that were asked for before. False where
    /// only a walk can tell.
    #[inline]
    pub(super) fn find<'a>(
        &mut self,
        keys: &Keys,
        line: Line<'a>,
        begin: usize,
        found: &mut [Option<Raw<'a>>],
    ) -> bool {
        let end = begin + line.bytes().len();
        if self.first >= end {
            return true;
        }
        if self.first < begin {
            self.pass(keys, begin);
        }
        let is_done = self.escape >= end && self.values(keys, line, begin, found);
        self.pass(keys, end);
        is_done
    }

    /// Searches on for whatever is in front of here, or just here: no key is where a line begins.
    #[inline]
    fn pass(&mut self, keys: &Keys, to: usize) {
        let Hits { block, next, escape, first } = self;
        let from_here = |find: &dyn Fn(&[u8]) -> Option<usize>| {
            block.get(to..).and_then(find).map_or(block.len(), |found| to + found)
        };
        if *escape <= to {
            *escape = from_here(&|rest| memchr(b'\\', rest));
        }
        *first = *escape;
        for (next, (_, key)) in next.iter_mut().zip(&keys.keys) {
            if *next <= to {
                *next = from_here(&|rest| key.find(rest));
            }
            *first = (*first).min(*next);
        }
    }

    /// The values of the keys in a line without `\`.
    #[inline]
    fn values<'a>(&self, keys: &Keys, line: Line<'a>, begin: usize, found: &mut [Option<Raw<'a>>]) -> bool {
        let end = begin + line.bytes().len();
        for (next, (field, key)) in self.next.iter().zip(&keys.keys) {
            if *next >= end {
                continue;
            }
            match value_at(line.bytes(), *next - begin, key.literal.len()) {
                Some(value) => found[*field] = Some(value),
                None => {
                    keys.keys.iter().for_each(|(field, _)| found[*field] = None);
                    return false;
                }
            }
        }
        true
    }
}

/// The value of the member whose key, with its closing quote, begins here and is so long; `None` if it may be something else.
#[inline]
fn value_at(line: &[u8], at: usize, length: usize) -> Option<Raw<'_>> {
    let before = at.checked_sub(1).filter(|before| line[*before] == b'"')?;
    if line.get(at + length) != Some(&b':') || skip::has_opening(line.get(1..before)?) {
        return None;
    }
    let begin = after_blank(line, at + length + 1);
    let value = skip::value(line, begin).ok()?;
    matches!(line.get(begin + value.bytes().len()), Some(b',' | b'}')).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::FieldSet;
    use super::*;

    /// Lines of a block, each found by its hits and by a walk.
    #[track_caller]
    fn check(lines: &[&str]) {
        let set = FieldSet::new(["abc", "key", "event"].map(Path::key));
        let block = lines.join("\n");
        let Some(mut hits) = set.hits(block.as_bytes()) else { panic!("there are keys to be searched for") };
        let mut begin = 0;
        for text in lines {
            let line = Line::new(text.as_bytes());
            let (mut near, mut walked) = ([None; 3], [None; 3]);
            let front = super::super::Front::of(line);
            let result = set.find_in_block(front, line, begin, &mut hits, &mut near).map(drop);
            let walk = set.find(line, &mut walked);
            if line.check().is_ok() {
                assert_eq!((near, result), (walked, walk), "{text}");
            }
            begin += text.len() + 1;
        }
    }

    #[test]
    fn what_only_looks_like_a_key_is_none() {
        check(&[
            r#"{"event":"a","abc":1,"key":"x"}"#,
            r#"{"event":"a","x":"abc","y":"key","key":[1]}"#,
            r#"{"event":"a","x":"abc:","abc" : 5}"#,
            r#"{"event":"a","x":{"abc":1},"abc":2}"#,
            r#"{"event":"a","x":[{"abc":1}]}"#,
            r#"{"event":"a","x":"\"abc\":1,","key":3}"#,
            r#"{"event":"a","\u0061bc":1,"abc":2}"#,
            r#"{"event":"a","xabc":1,"abcd":2}"#,
            r#"{"event":"a","abc":1,"abc":2}"#,
            r#"{"event":"a","x":"{","abc":1}"#,
            "",
            r#"{"event":"a"}"#,
            r#"{"event":"a","abc": "y" , "key" :null}"#,
            r#"{"abc":1}"#,
            r#"{"key":1,"event":"b","abc":{"key":2}}"#,
        ]);
    }

    #[test]
    fn only_keys_of_the_line_itself_are_searched_for() {
        let has_hits = |paths: &[&str]| {
            FieldSet::new(paths.iter().map(|path| Path::parse(path).unwrap())).hits(b"x").is_some()
        };
        assert!(has_hits(&["duration_ms"]) && has_hits(&["event", "duration_ms", "duration_ms"]));
        assert!(!has_hits(&["event", "timestamp"]) && !has_hits(&["a.b"]) && !has_hits(&["amount", "a.b"]));
        assert!(!has_hits(&["id"]) && !has_hits(&["größe"]) && !has_hits(&["aaa", "bbb", "ccc", "ddd"]));
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("1".to_owned()),
            Just("null".to_owned()),
            prop_oneof!["[a-c\\[{:,]{0,4}", Just("abc".to_owned()), Just("\\\"abc\\\":1".to_owned())]
                .prop_map(|text| format!("\"{text}\"")),
        ];
        leaf.prop_recursive(2, 6, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((key(), inner), 0..3).prop_map(object),
            ]
        })
    }

    fn key() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("abc".to_owned()),
            Just("key".to_owned()),
            Just("event".to_owned()),
            Just("\\u006bey".to_owned()),
            "[a-c]{0,4}",
        ]
    }

    fn object(members: Vec<(String, String)>) -> String {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }

    proptest! {
        #[test]
        fn hits_give_what_a_walk_gives(
            lines in prop::collection::vec(
                (any::<bool>(), prop::collection::vec((key(), value()), 0..5)).prop_map(|(is_named, mut members)| {
                    if is_named {
                        members.insert(0, ("event".to_owned(), "\"a_b\"".to_owned()));
                    }
                    object(members)
                }),
                1..6,
            ),
        ) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            check(&lines);
        }
    }
}
