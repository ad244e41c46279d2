//! What is gathered of one operation.

use super::{Durations, Fate, Mark, Reasons, Side, pair};
use crate::weight::Weight;

/// Starts, ends, durations and reasons of one operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) starts: Weight,
    pub(super) ok: Weight,
    pub(super) failed: Weight,
    pub(super) durations: Durations,
    pub(super) reasons: Reasons,
    /// Those that may still find their other side.
    marks: Vec<Mark>,
    /// Their ids as text, by their tags, where they are kept.
    texts: Vec<Box<str>>,
    /// Starts that were let go without being judged.
    pub(super) unjudged: Weight,
    /// Ends that were let go without a start: of no matter when none of this operation ever says that it begins.
    pub(super) ends_let_go: Weight,
    /// Pairs of events that have no id.
    pub(super) by_time: usize,
}

/// A mark whose pair was looked for, with its text.
pub(super) struct Judged {
    pub(super) mark: Mark,
    pub(super) fate: Fate,
    pub(super) text: Box<str>,
}

impl Operation {
    pub(super) fn new(name: &str) -> Operation {
        Operation {
            name: name.to_owned(),
            starts: Weight::ZERO,
            ok: Weight::ZERO,
            failed: Weight::ZERO,
            durations: Durations::default(),
            reasons: Reasons::default(),
            marks: Vec::new(),
            texts: Vec::new(),
            unjudged: Weight::ZERO,
            ends_let_go: Weight::ZERO,
            by_time: 0,
        }
    }

    pub(super) fn marks(&self) -> usize {
        self.marks.len()
    }

    /// Whether nothing was gathered.
    pub(super) fn is_empty(&self) -> bool {
        [self.starts, self.ok, self.failed] == [Weight::ZERO; 3]
    }

    /// Gives away all that was gathered.
    pub(super) fn take(&mut self) -> Operation {
        let empty = Operation::new(&self.name);
        std::mem::replace(self, empty)
    }

    pub(super) fn push(&mut self, mut mark: Mark, text: Option<String>) {
        if let Some(text) = text {
            mark.tag = self.texts.len() as u32;
            self.texts.push(text.into_boxed_str());
        }
        self.marks.push(mark);
    }

    pub(super) fn merge(&mut self, other: Operation) {
        self.starts += other.starts;
        self.ok += other.ok;
        self.failed += other.failed;
        self.durations.merge(&other.durations);
        self.reasons.merge(other.reasons);
        self.unjudged += other.unjudged;
        self.ends_let_go += other.ends_let_go;
        self.by_time += other.by_time;
        let tags = self.texts.len() as u32;
        self.texts.extend(other.texts);
        self.marks.extend(other.marks.into_iter().map(|mark| Mark { tag: mark.tag + tags, ..mark }));
    }

    /// Settles the pairs of which `is_settled` is true: they are let go, and leave their duration.
    pub(super) fn settle(&mut self, is_settled: impl Fn(&Mark, &Mark) -> bool) {
        let (fates, means) = pair(&mut self.marks);
        let mut goes = vec![false; fates.len()];
        let mut pairs = 0;
        for (place, fate) in fates.iter().enumerate() {
            // The start that came after it may be settled now, and gone later.
            self.marks[place].is_replaced |= *fate == Fate::Restarted;
            let Fate::Paired(end) = *fate else { continue };
            if self.marks[place].side == Side::Start && is_settled(&self.marks[place], &self.marks[end]) {
                (goes[place], goes[end]) = (true, true);
                pairs += 1;
                self.run_from(place, end);
            }
        }
        // Those without an id are paired last, and settled only when all are.
        if pairs == means.by_key + means.by_time {
            self.by_time += means.by_time;
        }
        let mut place = 0;
        self.marks.retain(|_| {
            place += 1;
            !goes[place - 1]
        });
        self.forget_texts();
    }

    /// A run that did not say how long it took, took from its start to its end.
    fn run_from(&mut self, start: usize, end: usize) {
        let (start, end) = (&self.marks[start], &self.marks[end]);
        if end.duration_ns.is_none() {
            self.durations.add(end.at_ns.saturating_sub(start.at_ns).max(0) as u64, end.weight);
        }
    }

    /// Ends that found no start: there is none, or it was let go.
    pub(super) fn drop_ends(&mut self) {
        let unjudged: Weight =
            self.marks.iter().filter(|mark| mark.side == Side::End).map(|mark| mark.weight).sum();
        self.ends_let_go += unjudged;
        self.marks.retain(|mark| mark.side == Side::Start);
        self.forget_texts();
    }

    /// The older half of the starts; they are sorted by time.
    pub(super) fn drop_old_starts(&mut self) {
        let half = self.marks.len().div_ceil(2);
        self.unjudged += self.marks[..half].iter().map(|mark| mark.weight).sum::<Weight>();
        self.marks.drain(..half);
        self.forget_texts();
    }

    /// Lets go of the texts of marks that are gone.
    fn forget_texts(&mut self) {
        if self.texts.is_empty() {
            return;
        }
        let texts = std::mem::take(&mut self.texts);
        for mark in &mut self.marks {
            let text = texts.get(mark.tag as usize).cloned().unwrap_or_default();
            mark.tag = self.texts.len() as u32;
            self.texts.push(text);
        }
    }

    /// Pairs all that is left; what did not end, and what did not begin.
    pub(super) fn judge(&mut self) -> Vec<Judged> {
        let (fates, means) = pair(&mut self.marks);
        self.by_time += means.by_time;
        let mut judged = Vec::new();
        for (place, fate) in fates.into_iter().enumerate() {
            let mark = self.marks[place];
            match fate {
                Fate::Paired(end) if mark.side == Side::Start => self.run_from(place, end),
                Fate::Paired(_) => {}
                fate => {
                    let fate = if mark.is_replaced { Fate::Restarted } else { fate };
                    let text = self.texts.get(mark.tag as usize).cloned().unwrap_or_default();
                    judged.push(Judged { mark, fate, text });
                }
            }
        }
        judged
    }
}
