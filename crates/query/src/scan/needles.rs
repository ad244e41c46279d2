//! Finding the lines that may match, as bytes, before anything is parsed.
//!
//! A filter says as a [`Condition`] what must stand in a line for it to match; [`Needles`] picks the literals that are rarest, and
//! finds the lines that hold them: with `memmem` for each of a few, with Aho-Corasick for many. **Whoever asks re-checks every line that
//! is found**: the literal may stand in another field, in a nested map, in a key.
//!
//! ```
//! use trine_query::scan::needles::{Condition, Needles};
//!
//! let block = b"{\"id\":\"r1\",\"n\":1}\n{\"id\":\"r2\",\"n\":2}\n{\"id\": \"r3\",\"n\":3}\n{\"id\":\"r4\",\"n\":4}\n";
//! let needles = Needles::new(&Condition::text_is("r3"), block);
//! let lines: Vec<_> = needles.lines(block).map(|range| &block[range]).collect();
//! assert_eq!(lines, [b"{\"id\": \"r3\",\"n\":3}"]); // found by the bytes of its value, however the colon is spaced
//! ```
//!
//! # Which literals?
//! Those that no writer of JSON writes in another way. Some escape `/`, `<`, `'` or all that is not ASCII, so a text with these
//! is looked for by its longest part without them. A key's colon may have blanks around it, so the literal is the value with its
//! quotes, `"r2"`, and not `"id":"r2"`: that is right for every spelling, with one needle instead of two, and hardly more hits.
//! A name's `_` may be a dot: all its spellings are one search, as long as there are few names.
//! A number may be written as `5`, `5.0` or `5e0`: it has no literal, but its key has.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind, packed};
use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::rare::{Dotted, EACH_MAX, Each, Next, One};

/// Most literals that are looked for at once: the automaton takes some hundred bytes for each byte of them. A filter with more is
/// answered by reading every line.
pub const LITERALS_MAX: usize = 10_000;

/// Shortest literal that is worth a search: a shorter one is in nearly every line.
const LITERAL_BYTES_MIN: usize = 3;
/// If more than one line in so many holds a literal, searching costs more than it spares.
const LINES_PER_HIT_MIN: usize = 2;
/// If more than one line in so many holds a literal, what else is in the lines found is searched for in the block, and not line by line.
const LINES_PER_HIT_DENSE: usize = 8;
/// So much of a sample is looked at: each literal is counted in it.
const SAMPLE_BYTES_MAX: usize = 256 << 10;
/// So many literals are searched for by their first bytes: with more, too many places look like one of them.
const FEW_MAX: usize = 32;
/// A search for few literals looks at so many bytes of each, its first.
const BEGINNING_BYTES: usize = 4;
/// So many places of a literal are tried as its beginning, and so much of the sample is looked at for each.
const BEGINNINGS_MAX: usize = 32;
const BEGINNING_SAMPLE_BYTES: usize = 16 << 10;
/// Most `_` of a name whose spellings are told apart where many literals are searched for: each doubles them.
const DOTS_MAX: usize = 3;
/// Literals that are counted in the sample: beyond, what they are told apart by is their length.
const COUNTED_MAX: usize = 64;

/// What must stand in a line for it to match. It may say less than the filter, never more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is known: any line may match.
    Any,
    /// These bytes stand somewhere.
    Holds(Vec<u8>),
    /// These bytes, in ASCII upper or lower case.
    HoldsIgnoringCase(Vec<u8>),
    /// These bytes, where each `_` may be a dot: a name in any of its spellings.
    HoldsDotted(Vec<u8>),
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these holds, at least. Of no alternative, none: no line matches.
    OneOf(Vec<Condition>),
}

impl Condition {
    /// A value is exactly this text.
    pub fn text_is(text: &str) -> Condition {
        literal(&format!("\"{text}\""), Quotes::Both)
    }

    /// A value is a text that begins like this.
    pub fn text_begins(text: &str) -> Condition {
        literal(&format!("\"{text}"), Quotes::Front)
    }

    /// A text or a key holds this, whether in the middle or at the ends.
    pub fn text_holds(text: &str) -> Condition {
        literal(text, Quotes::None)
    }

    /// As [`Condition::text_holds`], in upper or lower case. What is not ASCII has other rules and is left out.
    pub fn text_holds_ignoring_case(text: &str) -> Condition {
        match literal(text, Quotes::None) {
            Condition::Holds(bytes) => Condition::HoldsIgnoringCase(bytes),
            other => other,
        }
    }

    /// There is a member with this key.
    pub fn has_key(key: &str) -> Condition {
        Condition::text_is(key)
    }
}

/// Where a text has quotes that are the line's own and so never escaped.
#[derive(Clone, Copy, PartialEq)]
enum Quotes {
    None,
    Front,
    Both,
}

/// The longest part of a text that is written in one way only.
fn literal(text: &str, quotes: Quotes) -> Condition {
    let bytes = text.as_bytes();
    let last = bytes.len().saturating_sub(1);
    let is_quote = |at: usize| (at == 0 && quotes != Quotes::None) || (at == last && quotes == Quotes::Both);
    let mut longest = 0..0;
    let mut begin = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !is_quote(at) && !is_written_as_is(*byte) {
            begin = at + 1;
        } else if at + 1 - begin > longest.len() {
            longest = begin..at + 1;
        }
    }
    if longest.len() < LITERAL_BYTES_MIN { Condition::Any } else { Condition::Holds(bytes[longest].to_vec()) }
}

/// Whether every writer of JSON writes this byte as it is. Not so: what must be escaped; `/`, which PHP escapes; `<`, `>`, `&`, which
/// Go escapes; `'`, `+` and the backtick, which .NET escapes; and what is not ASCII, which Python escapes.
fn is_written_as_is(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
        && !matches!(byte, b'"' | b'\\' | b'/' | b'<' | b'>' | b'&' | b'\'' | b'+' | b'`')
}

/// Literals, made ready to be found.
#[derive(Clone, Debug)]
pub struct Needles {
    search: Search,
    is_dense: bool,
}

#[derive(Clone, Debug)]
enum Search {
    /// Every line.
    All,
    /// No line.
    None,
    Each(Box<Each>),
    /// By their first bytes, many bytes at a time. An automaton's own search for places to begin looks for single bytes, of which `"` is one
    /// for most literals here: it stands everywhere, and so cost twenty times as much.
    Few(Box<packed::Searcher>),
    Several(AhoCorasick),
}

/// How else a literal may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelled {
    AsIs,
    InAnyCase,
    /// A `_` as a dot.
    Dotted,
}

/// A literal.
type Literal = (Vec<u8>, Spelled);

/// A set of literals of which each matching line holds one.
struct Choice {
    literals: Vec<Literal>,
    /// How often they were met in the sample, and, where that is the same, how little they say.
    cost: (usize, i64),
}

impl Needles {
    /// Picks, from what a filter demands, the literals that are rarest in a sample of the lines (longest, when it is empty).
    pub fn new(condition: &Condition, sample: &[u8]) -> Needles {
        let sample = &sample[..sample.len().min(SAMPLE_BYTES_MAX)];
        let Some(choice) = choose(condition, sample) else {
            return Needles { search: Search::All, is_dense: true };
        };
        let lines = memchr_iter(b'\n', sample).count();
        let search = if choice.literals.is_empty() {
            Search::None
        } else if choice.cost.0 * LINES_PER_HIT_MIN > lines {
            Search::All
        } else {
            Search::of(&choice.literals, sample)
        };
        Needles { search, is_dense: choice.cost.0 * LINES_PER_HIT_DENSE > lines }
    }

    /// Whether every line is looked at, because no literal is known or rare enough.
    pub fn is_all(&self) -> bool {
        matches!(self.search, Search::All)
    }

    /// Whether many lines hold a literal, as far as the sample tells.
    pub fn is_dense(&self) -> bool {
        self.is_dense
    }

    /// The lines of a block that may match, without their line feeds, in order.
    pub fn lines<'a>(&'a self, block: &'a [u8]) -> Candidates<'a> {
        Candidates::new(&self.search, block)
    }

    /// Whether a line may match.
    pub fn may_match(&self, line: &[u8]) -> bool {
        self.search.find(line, 0, &mut Next::default()).is_some()
    }
}

impl Search {
    fn of(literals: &[Literal], sample: &[u8]) -> Search {
        // In one automaton all or none ignore case; more hits do no harm.
        let ignores_case = literals.iter().any(|(_, spelled)| *spelled == Spelled::InAnyCase);
        if !ignores_case && literals.len() <= EACH_MAX {
            let each: Option<Vec<One>> = literals.iter().map(|literal| one(literal, sample)).collect();
            if let Some(each) = each {
                return Search::Each(Box::new(Each::of(each)));
            }
        }
        let literals: Vec<Vec<u8>> = literals.iter().flat_map(spellings).collect();
        if !ignores_case && literals.len() <= FEW_MAX {
            let sample = &sample[..sample.len().min(BEGINNING_SAMPLE_BYTES)];
            let literals = literals.iter().map(|literal| from_rare_beginning(literal, sample));
            if let Some(few) = packed::Config::new().builder().extend(literals).build() {
                return Search::Few(Box::new(few));
            }
        }
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .ascii_case_insensitive(ignores_case)
            .build(&literals)
            .map_or(Search::All, Search::Several)
    }

    /// The first hit of a block from here on.
    #[inline]
    fn find(&self, block: &[u8], from: usize, next: &mut Next) -> Option<usize> {
        let rest = block.get(from..)?;
        let hit = match self {
            Search::All => Some(0),
            Search::None => None,
            Search::Each(each) => return each.first(block, from, next).map(|(hit, _)| hit),
            Search::Few(searcher) => searcher.find(rest).map(|found| found.start()),
            Search::Several(automaton) => automaton.find(rest).map(|found| found.start()),
        };
        hit.map(|hit| from + hit)
    }
}

/// The lines of a block that may match.
#[derive(Clone, Debug)]
pub struct Candidates<'a> {
    search: &'a Search,
    block: &'a [u8],
    at: usize,
    next: Next,
}

impl<'a> Candidates<'a> {
    fn new(search: &'a Search, block: &'a [u8]) -> Candidates<'a> {
        Candidates { search, block, at: 0, next: Next::default() }
    }
}

impl Iterator for Candidates<'_> {
    type Item = Range<usize>;

    #[inline]
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.block.get(self.at..).filter(|rest| !rest.is_empty())?;
        let Some(hit) = self.search.find(self.block, self.at, &mut self.next) else {
            self.at = self.block.len();
            return None;
        };
        let hit = hit - self.at;
        let begin = self.at + memrchr(b'\n', &rest[..hit]).map_or(0, |end| end + 1);
        let end = self.at + memchr(b'\n', &rest[hit..]).map_or(rest.len(), |end| hit + end);
        self.at = end + 1;
        Some(begin..end)
    }
}

/// The cheapest set of literals; `None` where a line may match without any.
fn choose(condition: &Condition, sample: &[u8]) -> Option<Choice> {
    match condition {
        Condition::Any => None,
        Condition::Holds(literal) => choice(literal, Spelled::AsIs, sample),
        Condition::HoldsIgnoringCase(literal) => choice(literal, Spelled::InAnyCase, sample),
        Condition::HoldsDotted(literal) => choice(literal, Spelled::Dotted, sample),
        Condition::All(all) => {
            all.iter().filter_map(|one| choose(one, sample)).min_by_key(|choice| choice.cost)
        }
        Condition::OneOf(alternatives) => {
            let is_counted = alternatives.len() <= COUNTED_MAX;
            let sample = if is_counted { sample } else { &[] };
            let mut sum = Choice { literals: Vec::new(), cost: (0, i64::MIN) };
            let mut spelled = 0;
            for alternative in alternatives {
                let choice = choose(alternative, sample)?;
                spelled += choice.literals.iter().map(how_many).sum::<usize>();
                sum.literals.extend(choice.literals);
                sum.cost = (sum.cost.0 + choice.cost.0, sum.cost.1.max(choice.cost.1));
                if spelled > LITERALS_MAX {
                    return None;
                }
            }
            Some(sum)
        }
    }
}

/// The longest end of a literal that begins with bytes that are as rare as those of any. Most ids begin as all others do:
/// `"req_` is in every line.
fn from_rare_beginning<'l>(literal: &'l [u8], sample: &[u8]) -> &'l [u8] {
    let count = |beginning| memmem::find_iter(sample, beginning).count();
    let beginnings = literal.windows(BEGINNING_BYTES).take(BEGINNINGS_MAX).enumerate();
    let rarest = beginnings.min_by_key(|(at, beginning)| (count(*beginning), *at));
    rarest.map_or(literal, |(at, _)| &literal[at..])
}

/// A search for a literal that does not ignore case.
fn one((literal, spelled): &Literal, sample: &[u8]) -> Option<One> {
    match spelled {
        Spelled::Dotted if literal.contains(&b'_') => {
            Dotted::new(literal, sample).map(|dotted| One::Dotted(Box::new(dotted)))
        }
        _ => Some(One::exact(literal, sample)),
    }
}

/// The literals of which a line has one where it has this one; of a name with many `_`, its longest part without.
fn spellings((literal, spelled): &Literal) -> Vec<Vec<u8>> {
    if *spelled != Spelled::Dotted {
        return vec![literal.clone()];
    }
    let dots: Vec<usize> = memchr_iter(b'_', literal).collect();
    if dots.len() > DOTS_MAX {
        let parts = literal.split(|byte| *byte == b'_');
        return vec![parts.max_by_key(|part| part.len()).unwrap_or_default().to_vec()];
    }
    let spelling = |bits: usize| {
        let mut bytes = literal.clone();
        dots.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).for_each(|(_, at)| bytes[*at] = b'.');
        bytes
    };
    (0..1 << dots.len()).map(spelling).collect()
}

/// How many [`spellings`] gives.
fn how_many((literal, spelled): &Literal) -> usize {
    match memchr_iter(b'_', literal).count() {
        dots @ 1..=DOTS_MAX if *spelled == Spelled::Dotted => 1 << dots,
        _ => 1,
    }
}

fn choice(literal: &[u8], spelled: Spelled, sample: &[u8]) -> Option<Choice> {
    let is_fixed = |byte: &&u8| spelled != Spelled::Dotted || **byte != b'_';
    if literal.iter().filter(is_fixed).count() < LITERAL_BYTES_MIN || literal.contains(&b'\n') {
        return None;
    }
    let literals = vec![(literal.to_vec(), spelled)];
    let hits = Candidates::new(&Search::of(&literals, sample), sample).count();
    Some(Choice { literals, cost: (hits, -(literal.len() as i64)) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(condition: Condition, expected: Option<&str>) {
        match (condition, expected) {
            (Condition::Holds(bytes), Some(expected)) => {
                assert_eq!(String::from_utf8_lossy(&bytes), expected);
            }
            (condition, expected) => assert_eq!((condition, expected), (Condition::Any, None)),
        }
    }

    #[test]
    fn literals_are_the_longest_part_that_cannot_be_escaped() {
        check(Condition::text_is("req_123"), Some("\"req_123\""));
        check(Condition::text_is("a/api/v1/orders"), Some("orders\""));
        check(Condition::text_is("long word/b"), Some("\"long word"));
        check(Condition::text_is("größe"), Some("\"gr"));
        check(Condition::text_is("a\"bcde\\f"), Some("bcde"));
        check(Condition::text_is("a"), Some("\"a\""));
        check(Condition::text_is(""), None);
        check(Condition::text_begins("pay"), Some("\"pay"));
        check(Condition::text_begins("pay/"), Some("\"pay"));
        check(Condition::text_holds("time out"), Some("time out"));
        check(Condition::text_holds("\"quoted\""), Some("quoted"));
        check(Condition::text_holds("ab"), None);
        check(Condition::text_holds("é"), None);
        check(Condition::has_key("duration_ms"), Some("\"duration_ms\""));
    }

    #[test]
    fn the_rarest_literal_of_a_conjunction_is_taken() {
        let sample = b"aaaaaa bbb\naaaaaa\naaaaaa\nccc\n";
        let condition = Condition::All(["aaaaaa", "bbb", "x"].map(Condition::text_holds).into());
        assert!(Needles::new(&condition, sample).lines(sample).eq(std::iter::once(0..10)));
        // Without a sample, the longest.
        assert_eq!(Needles::new(&condition, b"").lines(sample).count(), 3);
    }

    #[test]
    fn few_literals_are_searched_for_from_where_they_are_rare() {
        let sample = b"{\"id\":\"req_1\"}\n{\"id\":\"req_2\"}\n{\"id\":\"req_3\"}\n";
        assert_eq!(from_rare_beginning(b"\"req_7f\"", sample), b"eq_7f\"");
        assert_eq!(from_rare_beginning(b"\"zz_7f\"", sample), b"\"zz_7f\"");
        assert_eq!(from_rare_beginning(b"abc", sample), b"abc");
        let one_of = |ids: &[&str]| {
            Needles::new(&Condition::OneOf(ids.iter().map(|id| Condition::text_is(id)).collect()), sample)
        };
        let needles = one_of(&["req_2", "req_4", "req_5", "req_6", "req_7"]);
        assert!(matches!(needles.search, Search::Few(_) | Search::Several(_)));
        assert!(needles.lines(sample).eq(std::iter::once(15..29)));
        let needles = one_of(&["req_7", "req_2"]);
        assert!(matches!(needles.search, Search::Each(_)));
        assert!(needles.lines(sample).eq(std::iter::once(15..29)));
    }

    #[test]
    fn what_is_in_most_lines_is_not_looked_for() {
        let sample = b"aaa\naaa\nb\n";
        assert!(Needles::new(&Condition::text_holds("aaa"), sample).is_all());
        assert_eq!(
            Needles::new(&Condition::text_holds("aaa"), sample).lines(sample).collect::<Vec<_>>(),
            [0..3, 4..7, 8..9]
        );
        assert!(!Needles::new(&Condition::text_holds("aaa"), b"aaa\nb\nb\n").is_all());
    }

    #[test]
    fn an_alternative_without_a_literal_lets_all_lines_through() {
        let one_of = |conditions: [Condition; 2]| Needles::new(&Condition::OneOf(conditions.into()), b"");
        assert!(one_of([Condition::text_holds("aaa"), Condition::Any]).is_all());
        assert!(!one_of([Condition::text_holds("aaa"), Condition::text_holds("bbb")]).is_all());
        assert!(!Needles::new(&Condition::OneOf(Vec::new()), b"").may_match(b"x"));
        let many = (0..=LITERALS_MAX).map(|number| Condition::text_is(&number.to_string())).collect();
        assert!(Needles::new(&Condition::OneOf(many), b"").is_all());
    }

    #[test]
    fn a_name_is_one_literal_or_as_many_as_it_has_spellings() {
        for (literal, expected) in [("ab", 1), ("a_b", 2), ("a_b_c_d", 8), ("a_b_c_d_eee", 1)] {
            let literal = (literal.as_bytes().to_vec(), Spelled::Dotted);
            assert_eq!((spellings(&literal).len(), how_many(&literal)), (expected, expected));
        }
        let names = |number: usize| {
            (0..number).map(|n| Condition::HoldsDotted(format!("name_{n}_x").into())).collect()
        };
        assert!(!Needles::new(&Condition::OneOf(names(LITERALS_MAX / 4)), b"").is_all());
        assert!(Needles::new(&Condition::OneOf(names(LITERALS_MAX / 4 + 1)), b"").is_all());
    }

    #[test]
    fn case_can_be_ignored() {
        let needles = Needles::new(&Condition::text_holds_ignoring_case("TimeOut"), b"");
        assert!(
            needles.may_match(b"x TIMEOUT y")
                && needles.may_match(b"timeout")
                && !needles.may_match(b"time out")
        );
    }

    fn holds(condition: &Condition, line: &[u8]) -> bool {
        match condition {
            Condition::Any => true,
            Condition::Holds(literal) => memmem::find(line, literal).is_some(),
            Condition::HoldsIgnoringCase(literal) => {
                memmem::find(&line.to_ascii_lowercase(), &literal.to_ascii_lowercase()).is_some()
            }
            Condition::HoldsDotted(literal) => {
                let dots = |bytes: &[u8]| {
                    bytes.iter().map(|byte| if *byte == b'_' { b'.' } else { *byte }).collect()
                };
                let (line, literal): (Vec<u8>, Vec<u8>) = (dots(line), dots(literal));
                memmem::find(&line, &literal).is_some()
            }
            Condition::All(all) => all.iter().all(|one| holds(one, line)),
            Condition::OneOf(alternatives) => alternatives.iter().any(|one| holds(one, line)),
        }
    }

    fn conditions() -> impl Strategy<Value = Condition> {
        let leaf = prop_oneof![
            1 => Just(Condition::Any),
            4 => "[abA]{1,5}".prop_map(|text| Condition::Holds(text.into_bytes())),
            1 => "[abA]{1,5}".prop_map(|text| Condition::HoldsIgnoringCase(text.into_bytes())),
            2 => "[ab_]{1,7}".prop_map(|text| Condition::HoldsDotted(text.into_bytes())),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
                prop::collection::vec(inner, 0..3).prop_map(Condition::OneOf),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_line_that_matches_is_found_once(
            condition in conditions(), block in "[abA._\n]{0,80}", sample in "[abA._\n]{0,80}",
        ) {
            let needles = Needles::new(&condition, sample.as_bytes());
            let found: Vec<_> = needles.lines(block.as_bytes()).collect();
            let mut begin = 0;
            let mut expected = Vec::new();
            for line in block.split_inclusive('\n') {
                let text = line.strip_suffix('\n').unwrap_or(line);
                if holds(&condition, text.as_bytes()) {
                    expected.push(begin..begin + text.len());
                }
                begin += line.len();
            }
            prop_assert!(found.is_sorted_by(|a, b| a.end < b.start));
            prop_assert!(expected.iter().all(|line| found.contains(line)), "{:?} {:?}", found, expected);
        }
    }
}
