//! Mending: finds what is not TOML line by line, and blanks it, so that what is left can be taken at its word.
//!
//! The parser recovers from errors by itself, but by guessing: after a line it cannot read it may pass over the header of
//! a table, and the keys that follow land in another one. So we take one error, blank its line, and parse again.

use super::places::Places;
use crate::config::CONFIG_BYTES_MAX;
use crate::config::finding::FINDINGS_MAX;
use toml::de::DeTable;

/// Most text that is parsed for one file, all rounds together: ordinary files get a round for each of a hundred errors,
/// while the largest, full of errors, gets four and takes a second or two.
const PARSED_BYTES_MAX: usize = 4 * CONFIG_BYTES_MAX as usize;

/// A text without what was no TOML.
pub(super) struct Mended {
    /// As long as the original; spaces stand for what was blanked. `None` when there were errors without end.
    pub(super) text: Option<String>,
    /// Where each error was, and what the parser said of it.
    pub(super) errors: Vec<(usize, String)>,
}

/// Blanks what is not TOML.
pub(super) fn mend(text: &str) -> Mended {
    let places = Places::of(text);
    let rounds_max = (PARSED_BYTES_MAX / text.len().max(1)).min(FINDINGS_MAX);
    let (mut left, mut errors) = (text.to_owned(), Vec::new());
    for _ in 0..=rounds_max {
        let Err(error) = DeTable::parse(&left) else {
            return Mended { text: Some(left), errors };
        };
        let at = error.span().map_or(0, |span| span.start);
        let lines: Vec<&str> = left.split_inclusive('\n').collect();
        // Lines are counted from 1 there, and from 0 here; the end of the text may be a line of its own.
        let line = (places.line(at) - 1).min(lines.len().saturating_sub(1));
        match errors.last_mut() {
            // What began above and is not closed is told again as lines go; it is one error, where it is nearest to its cause.
            Some((told, message))
                if *message == error.message()
                    && at <= *told
                    && lines.iter().take(places.line(*told)).skip(line + 1).all(|line| is_blank(line)) =>
            {
                *told = at;
            }
            _ => errors.push((at, error.message().to_owned())),
        }
        let Some(first) = (0..=line).rev().find(|line| !is_blank(lines[*line])) else { break };
        // The keys below a header that cannot be read belong to no table that we know.
        let last = if is_header(lines[first]) {
            (first + 1..lines.len()).find(|line| is_header(lines[*line])).unwrap_or(lines.len()) - 1
        } else {
            first
        };
        left = lines.iter().enumerate().fold(String::with_capacity(left.len()), |mut text, (at, line)| {
            match (first..=last).contains(&at) {
                true => text.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' })),
                false => text.push_str(line),
            }
            text
        });
    }
    Mended { text: None, errors }
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_whitespace())
}

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks what is left of a text, without the blank lines, and on which lines errors were.
    #[track_caller]
    fn check(text: &str, left: &str, lines: &[usize]) {
        let mended = mend(text);
        let shown: String = mended
            .text
            .as_deref()
            .unwrap_or("nothing\n")
            .split_inclusive('\n')
            .filter(|line| !is_blank(line))
            .collect();
        let places = Places::of(text);
        let mut found: Vec<usize> = mended.errors.iter().map(|(at, _)| places.line(*at)).collect();
        found.sort_unstable();
        assert_eq!((shown.as_str(), found.as_slice()), (left, lines), "{text}");
    }

    #[test]
    fn what_is_toml_stays_as_it_is() {
        check("a = 1\n[[b]]\nc = 2\n", "a = 1\n[[b]]\nc = 2\n", &[]);
        check("", "", &[]);
    }

    #[test]
    fn a_broken_line_takes_no_other_with_it() {
        check("a = 1\nx y z\n[[b]]\nc = 2\n", "a = 1\n[[b]]\nc = 2\n", &[2]);
        check("a = \"ü\nb = = 2\nc = 3", "c = 3", &[1, 2]);
        check("a = 1\na = 2\n", "a = 1\n", &[2]);
    }

    #[test]
    fn a_broken_header_takes_its_keys_with_it() {
        check("a = 1\n[[b\nc = 2\nd = 3\n[[b]]\ne = 4\n", "a = 1\n[[b]]\ne = 4\n", &[2]);
    }

    #[test]
    fn what_is_never_closed_is_blanked_from_its_beginning_on() {
        check("a = 1\nb = \"\"\"c\nd = 2\n", "a = 1\n", &[4]);
        check("a = 1\nb = [\n1,\n2,\n", "a = 1\n", &[2]);
    }

    #[test]
    fn errors_without_end_leave_nothing() {
        let mended = mend(&"!\n".repeat(FINDINGS_MAX + 2));
        assert_eq!((mended.text, mended.errors.len()), (None, FINDINGS_MAX + 1));
    }

    proptest! {
        #[test]
        fn what_is_left_is_toml_of_the_same_length(text in "([ab]|=|\"|\\[|\\]|\\{|\\}|,|\\.|'|\n|#|é|\\\\|\"\"\"|1| ){0,40}") {
            if let Some(left) = mend(&text).text {
                prop_assert_eq!(left.len(), text.len());
                prop_assert!(DeTable::parse(&left).is_ok());
            }
        }
    }
}
