//! Places: from a byte of the text to the line and column a person counts.

use std::ops::Range;

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct Places<'a> {
    text: &'a str,
    /// The byte each line begins at; never empty.
    starts: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(super) fn of(text: &'a str) -> Places<'a> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Places { text, starts }
    }

    /// The line of a byte, counted from 1. A byte beyond the end is on the last line.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte)
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub(super) fn of_byte(&self, byte: usize) -> (usize, usize) {
        let line = self.line(byte);
        let before = self.text.get(self.starts[line - 1]..byte.min(self.text.len())).unwrap_or("");
        (line, 1 + before.chars().count())
    }

    /// The text between two bytes.
    pub(super) fn slice(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_from_one_in_characters() {
        let places = Places::of("a\n\nüb\n");
        assert_eq!(places.of_byte(0), (1, 1));
        assert_eq!(places.of_byte(1), (1, 2));
        assert_eq!(places.of_byte(2), (2, 1));
        assert_eq!(places.of_byte(5), (3, 2));
    }

    #[test]
    fn bytes_beyond_the_end_or_inside_a_character_still_have_a_place() {
        let places = Places::of("ü");
        assert_eq!(places.of_byte(1), (1, 1));
        assert_eq!(places.of_byte(99), (1, 2));
        assert_eq!(Places::of("").of_byte(0), (1, 1));
    }
}
