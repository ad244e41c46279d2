//! Text in columns: how wide it is on a terminal, cut and padded to a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for what was cut off.
const CUT: char = '…';

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text of one line, without anything that a terminal would obey: control characters are shown by their escapes, and those that turn
/// the direction of writing as well, so that a log cannot draw on the screen of who reads it.
pub(crate) fn clean(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && !turns(c);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) { shown.push(c) } else { shown.extend(c.escape_default()) }
    }
    shown
}

/// Whether a character turns the direction in which text is written.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text cut to a width; `…` in the last column says that it was.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken > columns {
            break;
        }
        shown.push(c);
    }
    if columns > 0 {
        shown.push(CUT);
    }
    shown
}

/// With blanks behind it.
pub(crate) fn pad_right(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(width(text));
    format!("{text}{:blanks$}", "")
}

/// With blanks in front of it.
pub(crate) fn pad_left(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(width(text));
    format!("{:blanks$}{text}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_is_never_wider_than_asked() {
        for text in ["", "abc", "größe", "日本語のログ", "a\u{301}bc", "👩‍👩‍👧 x"] {
            for columns in 0..12 {
                assert!(width(&cut(text, columns)) <= columns, "{text} {columns}");
            }
        }
        assert_eq!(cut("payment", 5), "paym…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn nothing_in_a_text_is_obeyed() {
        assert_eq!(clean("a\u{1b}[31mb\n\u{202e}c\t"), "a\\u{1b}[31mb\\n\\u{202e}c\\t");
        assert_eq!(clean("größe 日本"), "größe 日本");
    }
}
