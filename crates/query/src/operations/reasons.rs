//! Why runs failed: the reasons that were given, and how often.

use hashbrown::HashMap;

use crate::{events::said, scan::line::Raw, weight::Weight};

/// Reasons of one operation that are told apart; those that come later are counted together.
pub const REASONS_MAX: usize = 1_000;
/// Longest reason that is kept, in characters; the rest is cut off.
pub const REASON_CHARS_MAX: usize = 120;
/// What the reasons beyond the bound are called.
pub const OTHER: &str = "(other reasons)";

/// Fields that say why, the tersest first; the first that is there counts.
pub(super) const FIELDS: [&str; 5] = ["reason", "error_code", "error", "error_type", "error_message"];
/// Those that are sentences, which hold ids and numbers: digits are read as `#`, so that what is the same counts as the same.
const SENTENCES: [&str; 2] = ["error", "error_message"];

/// Reasons and how often each was given.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons {
    counts: HashMap<Box<str>, Weight>,
    other: Weight,
}

impl Reasons {
    /// Adds the reason that these fields give (in the order of [`FIELDS`]), or the status where they give none.
    pub(super) fn record(&mut self, fields: &[Option<Raw<'_>>], status: &str, weight: Weight) {
        let found = fields.iter().enumerate().find_map(|(place, raw)| Some((place, said(*raw)?)));
        let mut buffer = String::new();
        let reason = match found {
            Some((place, raw)) => {
                let text = match raw.text(&mut buffer) {
                    Some(text) => text.to_owned(),
                    None => String::from_utf8_lossy(raw.bytes()).into_owned(),
                };
                if SENTENCES.contains(&FIELDS[place]) { without_numbers(&text) } else { text }
            }
            None => status.to_owned(),
        };
        let end = reason.char_indices().nth(REASON_CHARS_MAX).map_or(reason.len(), |(end, _)| end);
        self.add(&reason[..end], weight);
    }

    fn add(&mut self, reason: &str, weight: Weight) {
        if let Some(count) = self.counts.get_mut(reason) {
            *count += weight;
        } else if self.counts.len() < REASONS_MAX {
            self.counts.insert(reason.into(), weight);
        } else {
            self.other += weight;
        }
    }

    pub(super) fn merge(&mut self, other: Reasons) {
        // In the order of the text, so that which are beyond the bound is not left to chance.
        let mut counts: Vec<_> = other.counts.into_iter().collect();
        counts.sort_unstable();
        counts.iter().for_each(|(reason, weight)| self.add(reason, *weight));
        self.other += other.other;
    }

    /// The reasons, most frequent first.
    pub(super) fn most(&self) -> Vec<(String, f64)> {
        let mut all: Vec<(&str, Weight)> =
            self.counts.iter().map(|(reason, weight)| (&**reason, *weight)).collect();
        if self.other > Weight::ZERO {
            all.push((OTHER, self.other));
        }
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.into_iter().map(|(reason, weight)| (reason.to_owned(), weight.count())).collect()
    }
}

/// A sentence with each run of digits replaced by `#`.
fn without_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii_digit() {
            shown.push(if c.is_control() { ' ' } else { c });
        } else if !shown.ends_with('#') {
            shown.push('#');
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tersest_field_that_is_there_is_the_reason() {
        let raw = |text: &'static str| Some(Raw::of(text.as_bytes()).unwrap());
        let mut reasons = Reasons::default();
        reasons.record(&[raw("\"late\""), raw("\"E1\""), None, None, None], "failed", Weight::ONE);
        reasons.record(&[raw("null"), raw("503"), None, None, None], "failed", Weight::ONE);
        reasons.record(
            &[raw("\"\""), None, raw("\"12 of 345\\n\""), raw("\"E\""), None],
            "failed",
            Weight::ONE,
        );
        reasons.record(&[None, None, None, None, raw("\"7 of 8\\n\"")], "failed", Weight::ONE);
        reasons.record(&[None; 5], "rollback", Weight::of_rate(0.1));
        let most = reasons.most();
        let expected = [("rollback", 10.0), ("# of # ", 2.0), ("503", 1.0), ("late", 1.0)]
            .map(|(a, b)| (a.to_owned(), b));
        assert_eq!(most, expected);
    }

    #[test]
    fn reasons_without_end_are_counted_together() {
        let mut reasons = Reasons::default();
        for number in 0..REASONS_MAX + 5 {
            reasons.add(&format!("r{number}"), Weight::ONE);
        }
        reasons.add("r0", Weight::ONE);
        let most = reasons.most();
        assert_eq!(most.len(), REASONS_MAX + 1);
        assert_eq!(most[0], (OTHER.to_owned(), 5.0));
        assert_eq!(most[1], ("r0".to_owned(), 2.0));
    }
}
