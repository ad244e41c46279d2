//! How a value is masked, by the name that configuration gives it.

use std::{fmt, str::FromStr};

use super::{MASKED, UnknownWord, card, email, iban, ip, phone, token};
use crate::Error;

/// What becomes of a value under a key that is named in a [`KeyPolicy`](super::KeyPolicy).
///
/// Applied twice it gives the same as once.
///
/// ```
/// use trine_model::mask::Treatment;
///
/// assert_eq!(Treatment::Redact.apply("hunter2"), "***");
/// assert_eq!(Treatment::Card.apply("****-****-****-1111"), "****-****-****-1111");
/// assert_eq!("email".parse::<Treatment>().unwrap(), Treatment::Email);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Treatment {
    /// Nothing is shown: [`MASKED`].
    Redact,
    /// The last four digits: [`card`].
    Card,
    /// The first letter and the domain: [`email`].
    Email,
    /// The last two or three digits: [`phone`].
    Phone,
    /// The country and the last characters: [`iban`].
    Iban,
    /// The network: [`ip`].
    Ip,
    /// The prefix that says whose token it is: [`token`].
    Token,
    /// A pseudonym, which is the same for the same value. It takes a key to make one: who has it puts it in place of [`MASKED`],
    /// which is what [`Treatment::apply`] gives.
    Pseudonym,
}

impl Treatment {
    /// All of them.
    pub const ALL: [Treatment; 8] = [
        Treatment::Redact,
        Treatment::Card,
        Treatment::Email,
        Treatment::Phone,
        Treatment::Iban,
        Treatment::Ip,
        Treatment::Token,
        Treatment::Pseudonym,
    ];

    /// The name in a configuration: `redact`, `card`, `email`, `phone`, `iban`, `ip`, `token`, `pseudonym`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Treatment::Redact => "redact",
            Treatment::Card => "card",
            Treatment::Email => "email",
            Treatment::Phone => "phone",
            Treatment::Iban => "iban",
            Treatment::Ip => "ip",
            Treatment::Token => "token",
            Treatment::Pseudonym => "pseudonym",
        }
    }

    /// The masked text, of at most [`MASKED_BYTES_MAX`](super::MASKED_BYTES_MAX) bytes.
    ///
    /// Cost: allocates the result.
    pub fn apply(self, text: &str) -> String {
        match self {
            Treatment::Redact | Treatment::Pseudonym => MASKED.to_owned(),
            Treatment::Card => card(text),
            Treatment::Email => email(text),
            Treatment::Phone => phone(text),
            Treatment::Iban => iban(text),
            Treatment::Ip => ip(text),
            Treatment::Token => token(text),
        }
    }
}

/// Reads a name in any case.
///
/// Errors: [`Error::is_invalid`]; the message lists the names and suggests the nearest.
impl FromStr for Treatment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Treatment, Error> {
        Treatment::ALL.into_iter().find(|treatment| treatment.as_str().eq_ignore_ascii_case(text)).ok_or_else(
            || UnknownWord::error("mask", text, Treatment::ALL.into_iter().map(Treatment::as_str)),
        )
    }
}

impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_treatment_reads_back_from_its_name() {
        for treatment in Treatment::ALL {
            assert_eq!(treatment.as_str().to_uppercase().parse::<Treatment>().unwrap(), treatment);
        }
    }

    #[test]
    fn an_unknown_treatment_says_what_is_allowed() {
        assert_eq!(
            "redcat".parse::<Treatment>().unwrap_err().to_string(),
            "read `redcat` as a mask: masks are redact, card, email, phone, iban, ip, token, pseudonym; did you mean `redact`?"
        );
        assert!("".parse::<Treatment>().unwrap_err().is_invalid());
    }

    #[test]
    fn the_page_shows_what_masks_show() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/masks.md");
        // A crate that was published stands alone.
        let Ok(page) = std::fs::read_to_string(page) else { return };
        let mut shown = Vec::new();
        for row in page.lines() {
            let mut cells = row.split('|').skip(1).map(|cell| cell.trim().trim_matches('`'));
            let (Some(name), Some(text), Some(expected)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            let is_example = row.matches('`').count() >= 6 && expected.contains(MASKED);
            if let (true, Ok(treatment)) = (is_example, name.parse::<Treatment>()) {
                assert_eq!(treatment.apply(text), expected, "{row}");
                shown.push(treatment);
            }
        }
        let is_shown = |treatment: &Treatment| {
            shown.contains(treatment) || matches!(treatment, Treatment::Redact | Treatment::Pseudonym)
        };
        assert!(Treatment::ALL.iter().all(is_shown), "{shown:?}");
    }
}
