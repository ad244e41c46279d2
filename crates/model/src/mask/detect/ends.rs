//! How the keys of a policy end in a text, with what may stand between them and a sign.

use super::scan::{Grams, LEAD};
use crate::mask::KeyPolicy;

/// What joins the words of a key in a text.
const JOINTS: [&str; 5] = ["", "_", "-", ".", " "];
const DIGITS: &[u8] = b"0123456789";
const QUOTES: &[u8] = b"\"'`";

/// Inserts all groups of four bytes that may stand before a sign when one of the keys does. Keys of one letter are left out, as
/// every letter before a sign would be worth a look.
pub(super) fn insert(keys: &KeyPolicy, grams: &mut Grams) {
    let spelled =
        keys.masked().map(words).flat_map(|words| JOINTS.map(|joint| words.join(joint).into_bytes()));
    let ends = spelled.map(|mut key| key.split_off(key.len().saturating_sub(LEAD)));
    let mut ends: Vec<Vec<u8>> = ends.filter(|end| end.len() > 1).collect();
    for length in 0..=LEAD {
        // The more stands between, the fewer different ends are left.
        ends.iter_mut().for_each(|end| _ = end.drain(..end.len().saturating_sub(LEAD - length)));
        ends.sort_unstable();
        ends.dedup();
        for between in between(length) {
            ends.iter().for_each(|end| insert_group(end, &between, grams));
        }
    }
}

/// The four bytes of an end and what is behind it; or less, and whatever stands before.
fn insert_group(end: &[u8], between: &[u8], grams: &mut Grams) {
    fn insert_from(start: usize, mut group: [u8; LEAD], grams: &mut Grams) {
        match start.checked_sub(1) {
            None => grams.insert_key(group),
            Some(before) => (0..=255).for_each(|byte| {
                group[before] = byte;
                insert_from(before, group, grams);
            }),
        }
    }
    let (middle, mut group) = (LEAD - between.len(), [0; LEAD]);
    let start = middle - end.len();
    group[start..middle].copy_from_slice(end);
    group[middle..].copy_from_slice(between);
    insert_from(start, group, grams);
}

/// All of this length that may stand between a key and a sign: a digit, which does not count; a quote and what escapes it; a bracket;
/// blanks. Digits with much behind them are left out, to keep the groups few.
fn between(length: usize) -> Vec<Vec<u8>> {
    const BACKSLASHES_MAX: usize = 3;
    let mut all = match length {
        1 => DIGITS.iter().map(|digit| vec![*digit]).collect(),
        2 => {
            let one = |before: &'static [u8], then: &'static [u8]| {
                before.iter().flat_map(|first| then.iter().map(|second| vec![*first, *second]))
            };
            one(b"_-.[", DIGITS).chain(one(DIGITS, b" \"'`")).collect()
        }
        _ => Vec::new(),
    };
    let quotes = QUOTES.iter().flat_map(|quote| {
        (0..=BACKSLASHES_MAX).map(|backslashes| [b"\\".repeat(backslashes), vec![*quote]].concat())
    });
    for quote in std::iter::once(Vec::new()).chain(quotes) {
        for bracket in [&b""[..], b"]"] {
            let Some(blanks) = length.checked_sub(quote.len() + bracket.len()) else { continue };
            for which in 0..1 << blanks {
                let blanks = (0..blanks).map(|at| if which >> at & 1 == 0 { b' ' } else { b'\t' });
                all.push([&quote, bracket, &blanks.collect::<Vec<_>>()].concat());
            }
        }
    }
    all
}

/// The words of a key in small letters, separated as they are written.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_small = false;
    for c in key.chars() {
        let is_letter = !c.is_ascii() || c.is_ascii_alphanumeric();
        if (!is_letter || (c.is_ascii_uppercase() && was_small))
            && words.last().is_some_and(|word| !word.is_empty())
        {
            words.push(String::new());
        }
        if is_letter {
            words.last_mut().expect("one is always there").push(c.to_ascii_lowercase());
        }
        was_small = is_letter && !c.is_ascii_uppercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Detectors, Treatment};

    #[test]
    fn words_of_a_key_are_told_apart_in_every_spelling() {
        assert_eq!(words("HTTPUserApiKey-2"), ["httpuser", "api", "key", "2"]);
        assert_eq!(words("x-csrf_token"), ["x", "csrf", "token"]);
        assert_eq!(words("-"), [""; 0]);
    }

    #[test]
    fn every_key_of_the_defaults_is_found_before_every_sign() {
        const FORMS: [&str; 9] = [
            "§=¤",
            "§ = ¤",
            "\"§\":\"¤\"",
            "\"§\" : \"¤\"",
            "x[\"§\"] = \"¤\"",
            "\\\"§\\\": \\\"¤\\\"",
            "§2=¤",
            "§_2=¤",
            "<§>¤</§>",
        ];
        let detectors = Detectors::default();
        for key in KeyPolicy::default().masked() {
            // A number, a session, and an account are each what one of the keys asks for.
            let value = if key == "iban" { "DE89370400440532013000" } else { "4111111111111112" };
            for key in JOINTS.map(|joint| words(key).join(joint)) {
                for (key, form) in
                    FORMS.iter().flat_map(|form| [(key.clone(), form), (key.to_uppercase(), form)])
                {
                    // No name of an element has a blank, and two words with one between are a key.
                    let blanks = key.matches(' ').count();
                    if blanks > 1 || (blanks > 0 && form.starts_with('<')) {
                        continue;
                    }
                    let text = form.replace('§', &key).replace('¤', value);
                    assert!(!detectors.is_clean(text.as_bytes()), "{text}");
                }
            }
        }
    }

    #[test]
    fn keys_of_two_letters_are_found() {
        let detectors = Detectors::default().keys(KeyPolicy::none().add("ip", Treatment::Redact));
        for text in ["ip=xy", "client_ip=x", "clientIp=\"x\"", "{\"ip\":\"x\"}", "x ip = x"] {
            assert!(!detectors.is_clean(text.as_bytes()), "{text}");
        }
        assert!(detectors.is_clean(b"zip=x, {\"pi\":\"x\"}"));
    }
}
