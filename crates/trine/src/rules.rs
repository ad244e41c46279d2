//! Level rules: which events are on, by the beginning of their name and by the module that emits them.
//!
//! `info,payment=debug,my_crate::db=trace,cache=off` reads: `info` and above everywhere; `debug` and above for the domain
//! `payment`; everything from the module `my_crate::db` and those below it; nothing of the domain `cache`.
//!
//! The longest key that matches decides. Where a name and a module match with keys of the same length, the name does.

use crate::config::Finding;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use trine_model::Level;

mod parse;

pub(crate) use parse::{Judged, judge};

/// Most rules one set holds. Far above what a person writes by hand, and a lookup stays within ten comparisons a key.
pub const RULES_MAX: usize = 1_000;

/// The level that is on where nothing is said.
pub const DEFAULT_LEVEL: Level = Level::Info;

/// Which events are on.
///
/// Shape: a default, and at most [`RULES_MAX`] rules `key=level`. A key is the beginning of an event's name up to a word
/// boundary (`payment`, `payment_process`; dots count as `_`), or a module path (`my_crate::db`), which stands for that
/// module and those below it. A key that can be both is both. `off` in place of a level means no event at all.
/// Cost: a question allocates nothing, and takes one binary search per word of the name and per step of the module.
///
/// `Display` writes the rules in the form that [`LevelRules::parse`] reads; they come back equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelRules {
    /// `None` is off, here and in a rule.
    default: Option<Level>,
    /// Sorted by key, each key once.
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    key: Box<str>,
    threshold: Option<Level>,
}

impl LevelRules {
    /// Rules that hold one threshold for everything; `None` is off.
    #[must_use]
    pub fn everywhere(threshold: Option<Level>) -> LevelRules {
        LevelRules { default: threshold, rules: Vec::new() }
    }

    /// Reads rules as they stand in `TRINE_LEVEL`.
    ///
    /// Shape: items joined by `,`: a bare level is the default, anything else is `key=level`. Spaces and empty items do
    /// not matter, nor does the case of a level.
    /// Errors: the whole text is judged. What is right is in the rules, and each mistake is a finding, placed by its column
    /// in the text. Where a key is said twice, or a default, the first one stays.
    #[must_use]
    pub fn parse(text: &str) -> (LevelRules, Vec<Finding>) {
        let Judged { rules, mistakes, .. } = judge(text);
        let placed = mistakes.into_iter().map(|mistake| {
            let place = Some((1, mistake.column + 1));
            Finding { place, ..mistake.found_in("level rules") }
        });
        (rules, placed.collect())
    }

    /// Whether an event of this name, emitted by this module at this level, is on.
    ///
    /// Shape: `name_canonical` is words joined by `_`; `module` is a path as in `module_path!()`.
    #[must_use]
    pub fn allows(&self, name_canonical: &str, module: &str, level: Level) -> bool {
        self.threshold(name_canonical, module).is_some_and(|threshold| level >= threshold)
    }

    /// The lowest level that is on for events of this name from this module; `None` when none is.
    #[must_use]
    pub fn threshold(&self, name: &str, module: &str) -> Option<Level> {
        let by_name = self.longest(name, name_ends(name));
        let by_module = self.longest(module, module_ends(module));
        match (by_name, by_module) {
            (Some(by_name), Some(by_module)) if by_module.key.len() > by_name.key.len() => {
                by_module.threshold
            }
            (Some(rule), _) | (None, Some(rule)) => rule.threshold,
            (None, None) => self.default,
        }
    }

    /// The rule with the longest key among the beginnings of `text` that end at `ends`, which come longest first.
    fn longest(&self, text: &str, mut ends: impl Iterator<Item = usize>) -> Option<&Rule> {
        if self.rules.is_empty() {
            return None;
        }
        ends.find_map(|end| self.find(&text.as_bytes()[..end]).ok()).map(|found| &self.rules[found])
    }

    /// Where the rule with this key is, or where it would stand.
    fn find(&self, key: &[u8]) -> Result<usize, usize> {
        self.rules.binary_search_by(|rule| compare(rule.key.as_bytes(), key))
    }

    /// Adds a rule, and says no when there is one with its key.
    fn insert(&mut self, key: &str, threshold: Option<Level>) -> bool {
        let place = self.find(key.as_bytes());
        if let Err(place) = place {
            self.rules.insert(place, Rule { key: key.into(), threshold });
        }
        place.is_err()
    }
}

/// Order of keys, in which a dot counts as `_`: a name may come in either spelling.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let plain = |byte: &u8| if *byte == b'.' { b'_' } else { *byte };
    a.iter().map(plain).cmp(b.iter().map(plain))
}

/// Where the beginnings of a name end, longest first: `a_b_c`, `a_b`, `a`.
pub(crate) fn name_ends(name: &str) -> impl Iterator<Item = usize> {
    std::iter::once(name.len()).chain(name.rmatch_indices(['_', '.']).map(|(at, _)| at))
}

/// Where a module and those above it end, longest first: `a::b::c`, `a::b`, `a`.
fn module_ends(module: &str) -> impl Iterator<Item = usize> {
    std::iter::once(module.len()).chain(module.rmatch_indices("::").map(|(at, _)| at))
}

impl Default for LevelRules {
    /// [`DEFAULT_LEVEL`] everywhere.
    fn default() -> LevelRules {
        LevelRules::everywhere(Some(DEFAULT_LEVEL))
    }
}

impl From<Level> for LevelRules {
    fn from(level: Level) -> LevelRules {
        LevelRules::everywhere(Some(level))
    }
}

impl fmt::Display for LevelRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(word(self.default))?;
        self.rules.iter().try_for_each(|rule| write!(f, ",{}={}", rule.key, word(rule.threshold)))
    }
}

fn word(threshold: Option<Level>) -> &'static str {
    threshold.map_or(parse::OFF, Level::as_str)
}

impl FromStr for LevelRules {
    type Err = RulesError;

    /// Reads rules that hold no mistake at all; [`LevelRules::parse`] is for those that may.
    fn from_str(text: &str) -> Result<LevelRules, RulesError> {
        match LevelRules::parse(text) {
            (rules, findings) if findings.is_empty() => Ok(rules),
            (_, findings) => Err(RulesError(findings)),
        }
    }
}

/// Rules that hold a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesError(Vec<Finding>);

impl RulesError {
    pub(crate) fn new(findings: Vec<Finding>) -> RulesError {
        RulesError(findings)
    }

    /// Every mistake, in the order of the text; at least one.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { "; " } else { "" }, finding.message)?;
            if let Some(suggestion) = &finding.suggestion {
                write!(f, "; did you mean `{suggestion}`?")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for RulesError {}

#[cfg(test)]
mod tests;
