//! The few lines that are not simply one event: told by literals that stand in them, of which most lines have none.

use aho_corasick::{AhoCorasick, packed};

use super::{
    event::{Slot, With},
    scope::EventScope,
};
use crate::scan::rare::{EACH_MAX, Each, Next};

/// What may be in a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks(u8);

impl Marks {
    pub(super) const SAMPLED: u8 = 1;
    pub(super) const BATCH: u8 = 2;
    pub(super) const LOST: u8 = 4;
    pub(super) const OTLP: u8 = 8;
    const OWN: u8 = 16;
    /// What makes more of a line than one event.
    const SPECIAL: u8 = Marks::BATCH | Marks::LOST | Marks::OTLP;

    #[inline]
    pub(super) fn with(self) -> With {
        With { weight: self.has(Marks::SAMPLED), own: self.has(Marks::OWN) }
    }

    /// Whether it may be more than one event.
    #[inline]
    pub(super) fn is_special(self) -> bool {
        self.has(Marks::SPECIAL)
    }

    #[inline]
    pub(super) fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }
}

/// Literals, and which mark each is. They are the ends of what is meant, whose first bytes are rare: `"event` would stand in every line.
/// What is found is looked at again.
const OF_ANY: [(&str, u8); 1] = [("sample_rate\"", Marks::SAMPLED)];
const OF_UNNAMED: [(&str, u8); 4] = [
    ("nts_batch\"", Marks::BATCH),
    ("nts.batch\"", Marks::BATCH),
    (LOST_LITERAL, Marks::LOST),
    ("ceLogs\"", Marks::OTLP),
];
/// What stands in a line that says what was lost: looked for whatever the question.
pub(super) const LOST_LITERAL: &str = "nts_lost\"";

/// Finds the marks of lines.
#[derive(Debug)]
pub(super) struct Marker {
    /// Of lines that begin with a name, which tells the rest.
    pub(super) named: Search,
    pub(super) all: Search,
}

impl Marker {
    /// For a question with these slots, over lines like the sample: also for fields that are called like what it derives.
    pub(super) fn new(scope: &EventScope, sample: &[u8]) -> Marker {
        let mut named: Vec<(String, u8)> =
            OF_ANY.iter().map(|(literal, mark)| ((*literal).to_owned(), *mark)).collect();
        for slot in &scope.slots {
            if let Slot::Derived(derived) = slot {
                named.push((format!("{}\"", derived.key()), Marks::OWN));
            }
        }
        let unnamed = OF_UNNAMED.iter().map(|(literal, mark)| ((*literal).to_owned(), *mark));
        let all = named.iter().cloned().chain(unnamed).collect();
        Marker { named: Search::new(named, sample), all: Search::new(all, sample) }
    }
}

/// A search for some literals.
#[derive(Debug)]
pub(super) struct Search {
    by: By,
    /// Which mark each literal is.
    marks: Vec<u8>,
}

#[derive(Debug)]
enum By {
    Each(Each),
    /// By their first bytes, many bytes at a time.
    Packed(Box<packed::Searcher>),
    /// Where the processor has no instructions for that.
    Automaton(AhoCorasick),
}

/// A literal that was found: where it begins and ends, and which mark it is.
#[derive(Clone, Copy, Debug)]
struct Hit {
    begin: usize,
    end: usize,
    mark: u8,
}

impl Search {
    fn new(literals: Vec<(String, u8)>, sample: &[u8]) -> Search {
        let (literals, marks): (Vec<String>, Vec<u8>) = literals.into_iter().unzip();
        let packed = || packed::Config::new().builder().extend(&literals).build();
        let by = match literals.len() {
            ..=EACH_MAX => By::Each(Each::new(&literals, sample)),
            _ => match packed() {
                Some(searcher) => By::Packed(Box::new(searcher)),
                None => By::Automaton(
                    AhoCorasick::new(&literals).expect("a handful of literals makes an automaton"),
                ),
            },
        };
        Search { by, marks }
    }

    /// The first mark from here on.
    #[inline]
    fn next(&self, bytes: &[u8], from: usize, next: &mut Next) -> Option<Hit> {
        let rest = bytes.get(from..)?;
        let (begin, end, pattern) = match &self.by {
            By::Each(each) => each.first(bytes, from, next).map(|(begin, number)| {
                let begin = begin - from;
                (begin, begin + each.literal(number).len(), number)
            }),
            By::Packed(searcher) => {
                searcher.find(rest).map(|hit| (hit.start(), hit.end(), hit.pattern().as_usize()))
            }
            By::Automaton(automaton) => {
                automaton.find(rest).map(|hit| (hit.start(), hit.end(), hit.pattern().as_usize()))
            }
        }?;
        Some(Hit { begin: from + begin, end: from + end, mark: self.marks[pattern] })
    }

    #[inline]
    pub(super) fn of_line(&self, line: &[u8]) -> Marks {
        self.of_block(line).up_to(line.len())
    }

    /// The marks of a block, in one go: searched for line by line they would cost as much as the lines.
    #[inline]
    pub(super) fn of_block<'m>(&'m self, block: &'m [u8]) -> BlockMarks<'m> {
        let mut places = Next::default();
        BlockMarks { search: self, block, next: self.next(block, 0, &mut places), places }
    }
}

/// The marks of a block that were not passed yet.
#[derive(Debug)]
pub(super) struct BlockMarks<'m> {
    search: &'m Search,
    block: &'m [u8],
    next: Option<Hit>,
    places: Next,
}

impl BlockMarks<'_> {
    /// Those of the next line, which ends here.
    #[inline]
    pub(super) fn up_to(&mut self, end: usize) -> Marks {
        let mut marks = Marks::default();
        while let Some(hit) = self.next.filter(|hit| hit.begin < end) {
            marks.0 |= hit.mark;
            self.next = self.search.next(self.block, hit.end, &mut self.places);
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_own_marks() {
        let lines = [
            r#"{"event":"a_b"}"#,
            r#"{"event":"a_b","sample_rate":0.1}"#,
            r#"{"event":"events_batch","events":[{"sample_rate":1}]}"#,
            r#"{"event":"a_b","events.batch":1}"#,
            r#"{"resourceLogs":[]}"#,
            r#"{"event":"trine_events_lost"}"#,
        ];
        let marker = Marker::new(&EventScope::default(), b"");
        let block = lines.join("\n");
        let mut of_block = marker.all.of_block(block.as_bytes());
        let mut end = 0;
        let expected =
            [0, Marks::SAMPLED, Marks::BATCH | Marks::SAMPLED, Marks::BATCH, Marks::OTLP, Marks::LOST];
        for (line, expected) in lines.iter().zip(expected) {
            end += line.len();
            assert_eq!((of_block.up_to(end).0, marker.all.of_line(line.as_bytes()).0), (expected, expected));
            assert_eq!(marker.named.of_line(line.as_bytes()).0, expected & Marks::SAMPLED);
            end += 1;
        }
    }
}
