//! Amounts with a unit: bytes and durations.

use super::finding::excerpt;
use super::mistake::Mistake;

#[cfg(feature = "config")]
mod duration;

#[cfg(feature = "config")]
pub(crate) use duration::{parse_duration, parse_rotate_every};

/// Units of bytes, smallest first. A bare number is bytes.
const BYTE_UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

const BYTES_ALLOWED: &str = "a whole number with B, KB, KiB, MB, MiB, GB or GiB, such as 100MiB";
/// Reads an amount of bytes such as `100MiB`.
///
/// Shape: a whole number, then a unit or nothing; case of the unit and spaces around it do not matter.
/// Errors: anything else, and more than a `u64` holds.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, Mistake> {
    let (number, unit) = split(text);
    let wrong =
        || Mistake::new("bytes-wrong", format!("`{}` is no size; allowed: {BYTES_ALLOWED}", excerpt(text)));
    if number.is_empty() {
        return Err(wrong());
    }
    let known = BYTE_UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit) || (unit.is_empty() && *name == "B"));
    let Some((_, factor)) = known else {
        return Err(
            wrong().suggest(same_start(unit, &["KiB", "MiB", "GiB"]).map(|unit| format!("{number}{unit}")))
        );
    };
    multiply(number, *factor).ok_or_else(|| too_much("bytes-too-many", text, BYTES_ALLOWED))
}

/// The leading digits, and the rest without spaces around it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

fn multiply(number: &str, factor: u64) -> Option<u64> {
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn too_much(id: &'static str, text: &str, allowed: &str) -> Mistake {
    Mistake::new(id, format!("`{}` is more than can be counted; allowed: {allowed}", excerpt(text)))
}

/// The unit that begins with the same letter: `100M` and `100 megabytes` mean `100MiB`, `7 days` means `7d`. Only for
/// words: `1.5` and `1/2` mean something else.
fn same_start(unit: &str, units: &[&'static str]) -> Option<&'static str> {
    let first = unit.chars().next().filter(|_| unit.chars().all(char::is_alphabetic))?;
    units.iter().copied().find(|unit| unit.starts_with(|c: char| c.eq_ignore_ascii_case(&first)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn bytes(text: &str, expected: u64) {
        assert_eq!(parse_bytes(text), Ok(expected), "{text}");
    }

    #[test]
    fn every_unit_of_bytes_is_read() {
        bytes("0", 0);
        bytes("4096", 4096);
        bytes("7B", 7);
        bytes("2KB", 2_000);
        bytes("2KiB", 2_048);
        bytes("3MB", 3_000_000);
        bytes("1MiB", 1_048_576);
        bytes("1GB", 1_000_000_000);
        bytes("1GiB", 1_073_741_824);
        bytes(" 100 mib ", 104_857_600);
        bytes("18446744073709551615", u64::MAX);
    }

    #[test]
    fn an_abbreviation_or_a_word_for_a_unit_is_suggested() {
        let suggestion = |text| parse_bytes(text).unwrap_err().suggestion;
        assert_eq!(suggestion("100M").as_deref(), Some("100MiB"));
        assert_eq!(suggestion("1 gigabyte").as_deref(), Some("1GiB"));
        assert_eq!(suggestion("1.5GiB"), None);
    }

    #[test]
    fn what_is_no_amount_says_what_is_allowed() {
        for text in ["", "MiB", "-1", "1.5MiB", "1e3", "0x10", "½", "1__0"] {
            let mistake = parse_bytes(text).unwrap_err();
            assert_eq!(mistake.id, "bytes-wrong", "{text}");
            assert!(mistake.message.ends_with("such as 100MiB"), "{}", mistake.message);
        }
    }

    #[test]
    fn an_amount_that_overflows_is_a_mistake_and_not_a_small_number() {
        for text in ["18446744073709551616", "99999999999999999999GiB", "17179869184GiB"] {
            assert_eq!(parse_bytes(text).unwrap_err().id, "bytes-too-many", "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_amount_or_a_mistake(text in any::<String>()) {
            let _ = parse_bytes(&text);
        }

        #[test]
        fn a_number_times_its_unit_is_what_is_read(number in any::<u32>(), unit in 0..BYTE_UNITS.len()) {
            let (name, factor) = BYTE_UNITS[unit];
            let expected = u128::from(number) * u128::from(factor);
            prop_assert_eq!(u128::from(parse_bytes(&format!("{number}{name}")).unwrap()), expected);
        }
    }
}
