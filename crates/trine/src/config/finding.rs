//! A finding: one thing wrong in what a person configured, said in one line so that it can be mended.
//!
//! Configuration is judged whole. A reader never stops at the first mistake, and what is right stays in force.

use std::fmt;

/// Most findings one text reports; what is beyond is counted in a last one. A hundred lines are more than anybody mends
/// before looking again, and a variable may hold 128 KiB of mistakes.
pub const FINDINGS_MAX: usize = 100;

/// Longest excerpt of somebody's text in a finding, in characters: enough to recognise it, short enough for one line.
pub(crate) const EXCERPT_CHARS_MAX: usize = 80;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It works, though perhaps not as meant.
    Warning,
    /// Something that was asked for is not in force.
    Error,
}

/// One thing wrong in a variable or in a configuration file.
///
/// Shape: `Display` gives exactly one line: source, place or value, what is wrong and what is allowed, a suggestion, and
/// what happens instead. Control characters and line ends in anybody's text are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable name of the kind of mistake, such as `level-unknown`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it was said: the variable's name, or the file's path.
    pub source: String,
    /// Line and column in the file, both from 1, the column in characters. `None` for a variable.
    pub place: Option<(usize, usize)>,
    /// The variable's whole value. `None` for a file, where the place says it.
    pub value: Option<String>,
    /// What is wrong, and what is allowed.
    pub message: String,
    /// What was probably meant: text to put in place of the wrong one.
    pub suggestion: Option<String>,
    /// What happens instead.
    pub outcome: Option<String>,
    /// The setting that keeps its default, so that layering can say whose value is used instead.
    pub(crate) item: Option<&'static str>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trine: {}", OneLine(&self.source))?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(value) = &self.value {
            write!(f, "=`{}`", OneLine(&excerpt(value)))?;
        }
        write!(f, ": {}", OneLine(&self.message))?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{}`?", OneLine(&excerpt(suggestion)))?;
        }
        match &self.outcome {
            Some(outcome) => write!(f, " ({})", OneLine(outcome)),
            None => Ok(()),
        }
    }
}

/// The beginning of a text, at most [`EXCERPT_CHARS_MAX`] characters, with `…` where it was cut.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes text without anything that would end the line or steer a terminal.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            // Line and paragraph separators, and the marks that reorder what is shown after them.
            '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => write!(f, "{}", c.escape_unicode()),
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => write!(f, "{c}"),
        })
    }
}

/// A list of findings that stops growing at [`FINDINGS_MAX`] and counts what came after.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    beyond: usize,
}

impl Findings {
    /// Takes a finding, made only when there is room for it.
    pub(crate) fn push(&mut self, make: impl FnOnce() -> Finding) {
        if self.list.len() < FINDINGS_MAX {
            self.list.push(make());
        } else {
            self.beyond += 1;
        }
    }

    /// The findings in the order of their places, and one that counts the rest.
    pub(crate) fn into_vec(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.place);
        if let (true, Some(last)) = (self.beyond > 0, self.list.last()) {
            let more = Finding {
                id: "findings-many",
                severity: Severity::Error,
                source: last.source.clone(),
                place: None,
                value: None,
                message: format!("further findings, not shown: {}", self.beyond),
                suggestion: None,
                outcome: None,
                item: None,
            };
            self.list.push(more);
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding {
            id: "level-unknown",
            severity: Severity::Error,
            source: "TRINE_LEVEL".into(),
            place: None,
            value: Some("inof".into()),
            message: "unknown level `inof`; allowed: info, off".into(),
            suggestion: Some("info".into()),
            outcome: Some("using the default, info".into()),
            item: None,
        }
    }

    #[test]
    fn a_variable_is_named_with_its_value() {
        assert_eq!(
            finding().to_string(),
            "trine: TRINE_LEVEL=`inof`: unknown level `inof`; allowed: info, off; did you mean `info`? \
             (using the default, info)"
        );
    }

    #[test]
    fn a_file_is_named_with_line_and_column() {
        let finding = Finding { source: "trine.toml".into(), place: Some((4, 9)), value: None, ..finding() };
        assert!(finding.to_string().starts_with("trine: trine.toml:4:9: unknown level"));
    }

    #[test]
    fn hostile_text_stays_on_one_line_and_cannot_steer_the_terminal() {
        let hostile = "a\nb\r\u{1b}[31m\u{2028}\u{202e}".to_string();
        let finding =
            Finding { source: hostile.clone(), value: Some(hostile.clone()), message: hostile, ..finding() };
        let line = finding.to_string();
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{202e}'), "{line}");
        assert!(line.contains(r"a\nb\r\u{1b}[31m\u{2028}\u{202e}"), "{line}");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let finding = Finding { value: Some("é".repeat(EXCERPT_CHARS_MAX + 1)), ..finding() };
        assert!(finding.to_string().contains(&format!("=`{}…`", "é".repeat(EXCERPT_CHARS_MAX))));
        assert_eq!(excerpt(&"é".repeat(EXCERPT_CHARS_MAX)), "é".repeat(EXCERPT_CHARS_MAX));
    }

    #[test]
    fn findings_beyond_the_bound_are_counted() {
        let mut findings = Findings::default();
        (0..FINDINGS_MAX + 7).for_each(|_| findings.push(finding));
        let list = findings.into_vec();
        assert_eq!(list.len(), FINDINGS_MAX + 1);
        assert_eq!(list[FINDINGS_MAX].to_string(), "trine: TRINE_LEVEL: further findings, not shown: 7");
    }
}
