//! What a name may look like. One pass over its bytes, in `const`, since the compiler runs it for every callsite.

use std::{borrow::Cow, fmt};

/// Longest name, in bytes. The longest in the reference guide has 29; four times that leaves room for any sensible one, and
/// lets a name be built and hashed on the stack.
pub const NAME_BYTES_MAX: usize = 128;

/// The first thing that keeps a text from being a name; `at` is its place, in bytes from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameProblem {
    /// No text at all.
    Empty,
    /// More than [`NAME_BYTES_MAX`] bytes.
    TooLong,
    /// One word, where two are the least.
    OneWord,
    /// The first character is a digit.
    LeadingDigit,
    /// The first character is a `_` or a `.`.
    LeadingSeparator,
    /// The last character is a `_` or a `.`.
    TrailingSeparator {
        /// Of the separator.
        at: usize,
    },
    /// Two separators in a row: a word is missing between them.
    DoubleSeparator {
        /// Of the second one.
        at: usize,
    },
    /// A letter of `A-Z`.
    UpperCase {
        /// Of the letter.
        at: usize,
    },
    /// A space.
    Space {
        /// Of the space.
        at: usize,
    },
    /// A `-`.
    Hyphen {
        /// Of the hyphen.
        at: usize,
    },
    /// Any other character that no name has.
    Character {
        /// Of its first byte.
        at: usize,
    },
    /// A domain of several words, or none, given to [`EventName::compose`](crate::EventName::compose).
    ComposedDomain {
        /// Of the separator in the composed name.
        at: usize,
    },
    /// A dot in a part given to [`EventName::compose`](crate::EventName::compose).
    ComposedDot {
        /// Of the dot in the composed name.
        at: usize,
    },
}

impl NameProblem {
    /// What is wrong and what to write instead, in one line.
    pub const fn message(self) -> &'static str {
        match self {
            NameProblem::Empty => {
                "event name is empty: names are lower-case words joined by `_`, like `payment_process_failed`"
            }
            NameProblem::TooLong => {
                "event name is longer than 128 bytes: what varies, like an id or a path, belongs in a field"
            }
            NameProblem::OneWord => {
                "event name has only one word: it says at least where and what, like `cache_hit`"
            }
            NameProblem::LeadingDigit => {
                "event name begins with a digit: names begin with a letter, like `payment_process_failed`"
            }
            NameProblem::LeadingSeparator => {
                "event name begins with a separator: `_` and `.` stand between words, like `payment_process_failed`"
            }
            NameProblem::TrailingSeparator { .. } => {
                "event name ends with a separator: `_` and `.` stand between words, like `payment_process_failed`"
            }
            NameProblem::DoubleSeparator { .. } => {
                "event name has two separators in a row: one `_` or `.` stands between words, like \
                 `payment_process_failed`"
            }
            NameProblem::UpperCase { .. } => {
                "event name has an upper-case letter: names are lower-case words joined by `_`, like \
                 `payment_process_failed`"
            }
            NameProblem::Space { .. } => {
                "event name has a space: names are words joined by `_`, like `payment_process_failed`; what varies \
                 belongs in a field"
            }
            NameProblem::Hyphen { .. } => {
                "event name has a `-`: names are lower-case words joined by `_`, like `payment_process_failed`"
            }
            NameProblem::Character { .. } => {
                "event name has a character other than `a-z`, `0-9`, `_` and `.`: names are lower-case words joined by \
                 `_`, like `payment_process_failed`; what varies belongs in a field"
            }
            NameProblem::ComposedDomain { .. } => {
                "event name has a domain that is not one word: the domain is the first word, like `payment`; more \
                 words belong to the action"
            }
            NameProblem::ComposedDot { .. } => {
                "event name has a `.` inside a part: words of a part are joined by `_`, like `password_reset`"
            }
        }
    }

    /// Where the problem is, in bytes from the beginning of the name.
    pub const fn at(self) -> usize {
        match self {
            NameProblem::Empty
            | NameProblem::OneWord
            | NameProblem::LeadingDigit
            | NameProblem::LeadingSeparator => 0,
            NameProblem::TooLong => NAME_BYTES_MAX,
            NameProblem::TrailingSeparator { at }
            | NameProblem::DoubleSeparator { at }
            | NameProblem::UpperCase { at }
            | NameProblem::Space { at }
            | NameProblem::Hyphen { at }
            | NameProblem::Character { at }
            | NameProblem::ComposedDomain { at }
            | NameProblem::ComposedDot { at } => at,
        }
    }
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for NameProblem {}

/// The rule of [`EventName::check`](crate::EventName::check). Bytes that pass are ASCII.
pub(super) const fn check(name: &[u8]) -> Result<(), NameProblem> {
    if name.is_empty() {
        return Err(NameProblem::Empty);
    }
    let mut separators = 0;
    let mut after_separator = false;
    let mut at = 0;
    // The byte at the limit is not looked at: a long text is too long, whatever comes there.
    while at < name.len() && at < NAME_BYTES_MAX {
        match name[at] {
            b'0'..=b'9' if at == 0 => return Err(NameProblem::LeadingDigit),
            b'_' | b'.' if at == 0 => return Err(NameProblem::LeadingSeparator),
            b'_' | b'.' if after_separator => return Err(NameProblem::DoubleSeparator { at }),
            b'_' | b'.' => {
                separators += 1;
                after_separator = true;
            }
            b'a'..=b'z' | b'0'..=b'9' => after_separator = false,
            b'A'..=b'Z' => return Err(NameProblem::UpperCase { at }),
            b' ' => return Err(NameProblem::Space { at }),
            b'-' => return Err(NameProblem::Hyphen { at }),
            _ => return Err(NameProblem::Character { at }),
        }
        at += 1;
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(NameProblem::TooLong);
    }
    if after_separator {
        return Err(NameProblem::TrailingSeparator { at: at - 1 });
    }
    if separators == 0 {
        return Err(NameProblem::OneWord);
    }
    Ok(())
}

/// A name, or a piece of one, in the spelling with `_`.
pub(super) fn canonical(name: &str) -> Cow<'_, str> {
    if name.contains('.') { Cow::Owned(name.replace('.', "_")) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuse(name: &str, problem: NameProblem) {
        assert_eq!(check(name.as_bytes()), Err(problem), "{name:?}");
    }

    #[test]
    fn words_and_segments_pass() {
        for name in [
            "cache_hit",
            "payment_process_failed",
            "http_2xx_seen",
            "a_1",
            "x9_y",
            "auth.login",
            "auth.password_reset.requested",
            "storage.bucket.object.deleted",
        ] {
            assert_eq!(check(name.as_bytes()), Ok(()), "{name}");
        }
    }

    #[test]
    fn each_mistake_is_told_apart_and_placed() {
        refuse("", NameProblem::Empty);
        refuse("shutdown", NameProblem::OneWord);
        refuse("2fa_login", NameProblem::LeadingDigit);
        refuse("_login_failed", NameProblem::LeadingSeparator);
        refuse(".login.failed", NameProblem::LeadingSeparator);
        refuse("login_failed_", NameProblem::TrailingSeparator { at: 12 });
        refuse("login.failed.", NameProblem::TrailingSeparator { at: 12 });
        refuse("login__failed", NameProblem::DoubleSeparator { at: 6 });
        refuse("auth._login", NameProblem::DoubleSeparator { at: 5 });
        refuse("Payment-Failed", NameProblem::UpperCase { at: 0 });
        refuse("payment failed", NameProblem::Space { at: 7 });
        refuse("payment-failed", NameProblem::Hyphen { at: 7 });
        refuse("payment/failed", NameProblem::Character { at: 7 });
        refuse("zahlung_geprüft", NameProblem::Character { at: 12 });
        refuse("payment_failed\n", NameProblem::Character { at: 14 });
        refuse("payment_\0", NameProblem::Character { at: 8 });
    }

    #[test]
    fn longest_name_passes_and_one_byte_more_does_not() {
        let longest = format!("a_{}", "b".repeat(NAME_BYTES_MAX - 2));
        assert_eq!(check(longest.as_bytes()), Ok(()));
        refuse(&format!("{longest}b"), NameProblem::TooLong);
        assert!(NameProblem::TooLong.message().contains(&format!("{NAME_BYTES_MAX} bytes")));
    }

    #[test]
    fn messages_say_what_to_write_instead() {
        let at = 3;
        for problem in [
            NameProblem::Empty,
            NameProblem::TooLong,
            NameProblem::OneWord,
            NameProblem::LeadingDigit,
            NameProblem::LeadingSeparator,
            NameProblem::TrailingSeparator { at },
            NameProblem::DoubleSeparator { at },
            NameProblem::UpperCase { at },
            NameProblem::Space { at },
            NameProblem::Hyphen { at },
            NameProblem::Character { at },
            NameProblem::ComposedDomain { at },
            NameProblem::ComposedDot { at },
        ] {
            let (wrong, instead) = problem.message().split_once(": ").unwrap();
            assert!(wrong.starts_with("event name "), "{wrong}");
            assert!(instead.contains("like "), "{instead}");
        }
    }

    #[test]
    #[should_panic(
        expected = "event name has an upper-case letter: names are lower-case words joined by `_`, \
                               like `payment_process_failed`"
    )]
    fn literal_panics_with_the_message() {
        let _ = crate::EventName::literal("payment_Failed");
    }
}
