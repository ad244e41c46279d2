//! What must be said beside an answer: what it leaves out, what it estimates.

use std::collections::BTreeMap;

/// What a reader must know to read the numbers right. Nothing in it is an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    /// Events that were looked at more closely and matched, batches counted by their children.
    pub matched: u64,
    /// Lines that were read as events or as broken: with needles far fewer than the input has.
    pub lines: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Lines that could not be read, and were left out, by what is wrong with them. Of lines that no needle hits nothing is known.
    pub broken: BTreeMap<&'static str, u64>,
    /// What sampling did to the numbers, if any matching event was sampled.
    pub sampled: Option<Sampled>,
    /// What the program lost within the range of time: counts are lower bounds.
    pub lost: Lost,
    /// Events left out because a range of time was asked for and they have no time.
    pub without_time: u64,
    /// Whether the input was not read to its end: interrupted, or cut off.
    pub is_partial: bool,
    /// Anything else, a sentence each.
    pub remarks: Vec<String>,
}

/// What sampling did to the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampled {
    /// Matching events with a sample rate below 1.
    pub events: u64,
    /// What they stand for.
    pub weight: f64,
    /// Standard error of the number of matching events.
    pub error: f64,
}

/// What the program said that it lost (`trine_events_lost`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// How many events.
    pub events: u64,
    /// How many of which name, as far as the names are known.
    pub names: BTreeMap<String, u64>,
}

impl Notes {
    /// All lines that could not be read.
    pub fn broken_lines(&self) -> u64 {
        self.broken.values().sum()
    }

    /// As sentences for people, the weightiest first. Empty when there is nothing to be said.
    ///
    /// ```
    /// use trine_query::answer::{Lost, Notes};
    ///
    /// let lost = Lost { events: 1204, ..Lost::default() };
    /// assert_eq!(Notes { lost, ..Notes::default() }.sentences(), ["counts are lower bounds: >= , 1,204 lost"]);
    /// ```
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.is_partial {
            sentences.push("partial: the input was not read to its end".to_owned());
        }
        if self.lost.events > 0 {
            let mut names: Vec<(&String, &u64)> = self.lost.names.iter().collect();
            names.sort_by_key(|(_, lost)| std::cmp::Reverse(**lost));
            let named: Vec<String> =
                names.iter().take(3).map(|(name, lost)| format!("{} {name}", grouped(**lost))).collect();
            let named = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
            sentences
                .push(format!("counts are lower bounds: >= , {} lost{named}", grouped(self.lost.events)));
        }
        if let Some(Sampled { events, weight, error }) = self.sampled {
            sentences.push(format!(
                "estimated: {} sampled event{} for {} (± {})",
                grouped(events),
                if events == 1 { " stands" } else { "s stand" },
                grouped(weight.round() as u64),
                grouped(error.round() as u64),
            ));
        }
        if self.broken_lines() > 0 {
            let mut kinds: Vec<(&&str, &u64)> = self.broken.iter().collect();
            kinds.sort_by_key(|(_, lines)| std::cmp::Reverse(**lines));
            let kinds: Vec<String> = kinds
                .iter()
                .map(|(kind, lines)| format!("{} {}", grouped(**lines), of_lines(kind, **lines)))
                .collect();
            let (lines, noun) =
                (self.broken_lines(), if self.broken_lines() == 1 { "line" } else { "lines" });
            sentences.push(format!("{} {noun} left out: {}", grouped(lines), kinds.join(", ")));
        }
        if self.without_time > 0 {
            sentences.push(format!("{} left out: no time", counted(self.without_time, "event")));
        }
        sentences.extend(self.remarks.iter().cloned());
        sentences
    }
}

/// What is wrong with a line, said of so many.
fn of_lines(problem: &str, lines: u64) -> String {
    let (verb, rest) = problem.split_once(' ').unwrap_or((problem, ""));
    let verb = match verb {
        _ if lines == 1 => return problem.to_owned(),
        "is" => "are",
        "has" => "have",
        "goes" => "go",
        other => other,
    };
    match rest {
        "not a JSON object" => format!("{verb} no JSON objects"),
        rest => format!("{verb} {rest}"),
    }
}

/// `1 event`, `1,204 events`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with commas between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn notes_say_what_is_missing_and_nothing_otherwise() {
        assert!(Notes { matched: 7, lines: 9, bytes: 100, ..Notes::default() }.sentences().is_empty());
        let notes = Notes {
            broken: BTreeMap::from([("is cut short", 1), ("is not a JSON object", 2)]),
            sampled: Some(Sampled { events: 1, weight: 100.0, error: 99.5 }),
            lost: Lost { events: 3, names: BTreeMap::from([("cache_hit".to_owned(), 3)]) },
            without_time: 1,
            is_partial: true,
            ..Notes::default()
        };
        assert_eq!(
            notes.sentences(),
            [
                "partial: the input was not read to its end",
                "counts are lower bounds: >= , 3 lost (3 cache_hit)",
                "estimated: 1 sampled event stands for 100 (± 100)",
                "3 lines left out: 2 are no JSON objects, 1 is cut short",
                "1 event left out: no time",
            ],
        );
    }
}
