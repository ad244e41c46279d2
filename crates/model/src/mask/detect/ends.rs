//! How the keys of a policy end in a text, with what may stand between them and a sign.

use super::scan::Grams;
use crate::mask::KeyPolicy;

/// What joins the words of a key in a text.
const JOINTS: [&str; 5] = ["", "_", "-", ".", " "];
/// One byte that may stand between a key and a sign: a blank, a bracket, a quote, or a digit, which does not count.
const ONE: &[u8] = b" \t]\"'`0123456789";
/// What two of them may be.
const TWO: [(&[u8], &[u8]); 5] = [
    (b"\"'`]", b" \t"),
    (b"\"'`", b"]"),
    (b"\\", b"\"'`"),
    (b"_-.[0123456789", b"0123456789"),
    (b"0123456789", b" ]\"'`"),
];
/// What more may be: a sign may stand far from a key that is quoted.
const MORE: &[u8] = b" \t]\"'`\\";

/// Inserts all groups of four bytes that may stand before a sign when one of the keys does. Keys of one letter are left out, as
/// every letter before a sign would be worth a look.
pub(super) fn insert(keys: &KeyPolicy, grams: &mut Grams) {
    let spelled =
        keys.masked().map(words).flat_map(|words| JOINTS.map(|joint| words.join(joint).into_bytes()));
    let mut ends: Vec<Vec<u8>> = spelled.map(|mut key| key.split_off(key.len().saturating_sub(4))).collect();
    ends.sort_unstable();
    ends.dedup();
    ends.iter().for_each(|end| insert_end(end, grams));
    for [x, y, z] in triples() {
        MORE.iter().for_each(|w| grams.insert_key([*w, x, y, z]));
    }
}

/// A key, or the last four bytes of one.
fn insert_end(key: &[u8], grams: &mut Grams) {
    // What stands before a key of two or three letters can be anything.
    let (a, b) = match *key {
        [.., a, b, _, _] => (a..=a, b..=b),
        [b, _, _] => (0..=255, b..=b),
        [_, _] => (0..=255, 0..=255),
        _ => return,
    };
    let [.., c, d] = *key else { return };
    for b in b {
        a.clone().for_each(|a| grams.insert_key([a, b, c, d]));
        ONE.iter().for_each(|last| grams.insert_key([b, c, d, *last]));
    }
    for (middle, last) in TWO.iter().flat_map(|(a, b)| a.iter().flat_map(|a| b.iter().map(move |b| (*a, *b))))
    {
        grams.insert_key([c, d, middle, last]);
    }
    for [x, y, z] in triples() {
        grams.insert_key([d, x, y, z]);
    }
}

fn triples() -> impl Iterator<Item = [u8; 3]> {
    let pairs = MORE.iter().flat_map(|x| MORE.iter().map(move |y| (*x, *y)));
    pairs.flat_map(|(x, y)| MORE.iter().map(move |z| [x, y, *z]))
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
