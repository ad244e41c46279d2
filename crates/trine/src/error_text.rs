//! The gate: every text of an error or of a panic passes [`pass`] before it becomes a field, and so before it enters a ring.
//!
//! Nobody chose these texts for a log: libraries put the offending value into their messages, and a message may have any
//! length. What may be written of them is decided here, and nowhere else.

use std::borrow::Cow;

use trine_ring::caught;

use crate::masks;

/// Longest text of an error or a panic, in bytes; more is cut. Far above any message meant for people, and a bound on a `Display`
/// that never ends.
pub(crate) const TEXT_BYTES_MAX: usize = 16 << 10;
/// Longest stack trace, in bytes; more is cut. The standard library takes some 100 bytes a frame, so this is a deep recursion.
pub(crate) const TRACE_BYTES_MAX: usize = 256 << 10;
/// What stands behind a text that was cut.
pub(crate) const CUT: &str = "…";

/// As much behind a cut is looked at, in bytes: a secret may be known only by what stands there, as a password in a URL is by the
/// `@`. The longest of those is the text of an element of XML, with its tags.
pub(crate) const BEHIND_BYTES_MAX: usize = 2 << 10;

/// What may be written of a text of an error or a panic: at most `bytes_max` bytes of it without its secrets, then [`CUT`].
///
/// Cost: no allocation for a text within the bound in which nothing is masked.
pub(crate) fn pass(text: &str, bytes_max: usize) -> Cow<'_, str> {
    let kept = beginning(text, bytes_max).len();
    match masks::first(beginning(text, bytes_max + BEHIND_BYTES_MAX), kept) {
        shown if kept < text.len() => Cow::Owned(shown.into_owned() + CUT),
        shown => shown,
    }
}

/// The whole characters within the first `bytes_max` bytes.
pub(crate) fn beginning(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Has the texts of panics that the encoder catches pass as well. Until then it writes none.
pub(crate) fn install() {
    caught::set_gate(|text| pass(text, TEXT_BYTES_MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_within_the_bound_is_left_alone() {
        assert!(matches!(pass("trace", 5), Cow::Borrowed("trace")));
    }

    #[test]
    fn a_longer_one_is_cut_at_a_character_and_says_so() {
        assert_eq!(pass("traces", 5), "trace…");
        assert_eq!(pass("né", 2), "n…");
        assert_eq!(pass("é", 0), "…");
    }

    #[test]
    fn a_secret_is_covered_wherever_the_text_is_cut() {
        let token = ["ghp", "_"].concat() + &"zX9kQ4Lw2vB7nT1mRf6Y".repeat(2);
        for secret in [
            "paid with 4111 1111 1111 1111 today",
            "DE89 3704 0044 0532 0130 00",
            "redis://:zX9kQ4Lw2vB7nT1mRf6Y@cache",
            "Authorization: Bearer zX9kQ4Lw2vB7nT1mRf6Y",
            "{\"password\": \"zX9kQ4Lw2vB7nT1mRf6Y\"}",
            "<password>zX9kQ4Lw2vB7nT1mRf6Y</password>",
            &token,
        ] {
            let text = format!("{} {secret} and on", "x".repeat(40));
            for bytes in 0..text.len() {
                let shown = pass(&text, bytes);
                assert!(!shown.contains("4111 1") && !shown.contains("0044"), "{shown}");
                assert!(!shown.contains("zX9"), "{shown}");
            }
        }
    }

    #[test]
    fn what_lies_behind_the_cut_is_not_shown_where_masks_make_the_text_shorter() {
        let text = format!("password={} then {}", "y1".repeat(50), "z".repeat(BEHIND_BYTES_MAX));
        assert_eq!(pass(&text, 115), "password=*** then …");
    }
}
