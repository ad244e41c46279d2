//! Why a question cannot be understood, and where.

use std::{error, fmt};

/// A question that cannot be understood: what is wrong, at which place, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Repr>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Repr {
    text: String,
    at: usize,
    length: usize,
    message: String,
    hint: Option<String>,
}

/// Longest piece of a question that a message shows, in characters: a line of a terminal.
const SHOWN_CHARS_MAX: usize = 100;

impl Error {
    /// `length` bytes from `at` on are what is wrong.
    #[cold]
    pub(crate) fn new(text: &str, at: usize, length: usize, message: impl Into<String>) -> Error {
        let end = ceil_boundary(text, at.saturating_add(length).min(text.len()));
        let at = floor_boundary(text, at.min(text.len()));
        let length = end.saturating_sub(at);
        Error(Box::new(Repr { text: text.to_owned(), at, length, message: message.into(), hint: None }))
    }

    /// With advice.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// With "did you mean", where something is near.
    #[must_use]
    pub(crate) fn did_you_mean(self, near: Option<&str>) -> Error {
        match near {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Advice, where there is any.
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The byte of the question at which it was noticed.
    pub fn at(&self) -> usize {
        self.0.at
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// The message; below it the line of the question, with the place marked; below that the advice.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr { text, at, length, message, hint } = &*self.0;
        f.write_str(message)?;
        let begin = text[..*at].rfind('\n').map_or(0, |end| end + 1);
        let line = text[begin..].lines().next().unwrap_or_default();
        let before = text[begin..*at].chars().count();
        let skipped = (before + 10).saturating_sub(SHOWN_CHARS_MAX);
        let shown: String = line
            .chars()
            .skip(skipped)
            .take(SHOWN_CHARS_MAX)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let end = floor_boundary(text, (at + length).min(text.len())).max(*at);
        let marked = text[*at..end]
            .chars()
            .take_while(|c| *c != '\n')
            .take(SHOWN_CHARS_MAX + skipped - before)
            .count();
        let (blanks, carets) = (" ".repeat(before - skipped), "^".repeat(marked.max(1)));
        write!(f, "\n  | {shown}\n  | {blanks}{carets}")?;
        match hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked_and_advice_follows() {
        let error = Error::new("a:1 | cuont()", 6, 5, "unknown function `cuont`").did_you_mean(Some("count"));
        assert_eq!(
            error.to_string(),
            "unknown function `cuont`\n  | a:1 | cuont()\n  |       ^^^^^\nhint: did you mean `count`?"
        );
    }

    #[test]
    fn of_a_long_question_the_place_is_shown() {
        let text = format!("{} x y", "ä".repeat(300));
        let shown = Error::new(&text, text.len() - 1, 1, "no").to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].ends_with(" x y"), "{shown}");
        assert_eq!(lines[1].chars().count(), lines[2].chars().count(), "{shown}");
    }

    #[test]
    fn a_place_at_the_end_or_within_a_character_is_no_trouble() {
        assert!(Error::new("", 0, 0, "no").to_string().ends_with("^"));
        assert!(Error::new("aä", 2, 9, "no").to_string().ends_with("^"));
        assert!(Error::new("aäb", 1, 1, "no").to_string().ends_with("  |  ^"));
        assert!(Error::new("a\nbc\nd", 3, 9, "no").to_string().contains("  | bc\n  |  ^"));
    }
}
