//! What of a value may be shown when its nature is known.
//!
//! Every function takes any text, and gives [`MASKED`] for one that is not what it expects. None shows the whole of anything but
//! a text that is in the masked form already, which it leaves as it is: masking twice is masking once. What is shown is either
//! not the secret (a domain, a network, a country, the first letter of a name) or at most a quarter of a text that has no form.

use std::net::{IpAddr, SocketAddr};

use super::{MASKED, detect::vendor};

/// Longest result of a function of this module, in bytes: a letter, the mask, `@`, and the longest domain.
pub const MASKED_BYTES_MAX: usize = 4 + MASKED.len() + 1 + DOMAIN_BYTES_MAX;

/// Most characters that [`keep_last`] shows: enough to tell one from another, of however long a text.
pub const KEPT_CHARS_MAX: usize = 16;

/// Of a text of unknown nature at most one character in so many is shown.
const SHOWN_ONE_IN: usize = 4;

/// Longest domain name (RFC 1035, section 2.3.4, as text).
const DOMAIN_BYTES_MAX: usize = 253;

/// Digits of a card number (ISO/IEC 7812; none in use has fewer than 13).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Digits of a card that may be shown wherever cards are spoken of (PCI DSS 4.0, requirement 3.4.1).
const CARD_DIGITS_SHOWN: usize = 4;
/// Longest text that can be a card number: each digit with a separator of up to three bytes before it.
const CARD_BYTES_MAX: usize = *CARD_DIGITS.end() * 4;

/// Digits of a telephone number: E.164 allows 15, and fewer than 8 are the number of a house, not of a person.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Longest text that can be a telephone number, with what people put between the digits.
const PHONE_BYTES_MAX: usize = 40;

/// Characters of an IBAN (ISO 13616: Norway has the shortest).
const IBAN_CHARS: std::ops::RangeInclusive<usize> = 15..=34;
/// Longest text that can be an IBAN, with a separator behind each character.
const IBAN_BYTES_MAX: usize = *IBAN_CHARS.end() * 2;

/// An e-mail address: its domain, and the first character of what stands before it.
///
/// The domain is no secret and stays. The character is shown when it is a letter or digit, and not all there is.
///
/// ```
/// use trine_model::mask::email;
///
/// assert_eq!(email("user@example.com"), "u***@example.com");
/// assert_eq!(email("b@example.com"), "***@example.com"); // one of one is too much
/// assert_eq!(email("a@b@example.com"), "a***@example.com");
/// assert_eq!(email("@b.com"), "***@b.com");
/// assert_eq!(email("no address"), "***");
/// ```
pub fn email(text: &str) -> String {
    let Some((local, domain)) = text.rsplit_once('@') else { return MASKED.to_owned() };
    if !is_domain(domain) {
        return MASKED.to_owned();
    }
    [&local_part(local), "@", domain].concat()
}

/// What is shown of the part before the `@`.
pub(super) fn local_part(local: &str) -> String {
    let is_part = local.chars().nth(1).is_some();
    let first = local.chars().next().filter(|first| is_part && first.is_alphanumeric());
    first.into_iter().chain(MASKED.chars()).collect()
}

/// True for what may stand behind the `@` and be shown: labels of letters, digits and `-`, at least two, joined by dots.
fn is_domain(text: &str) -> bool {
    text.len() <= DOMAIN_BYTES_MAX
        && text.contains('.')
        && text
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

/// A card number: its last four digits.
///
/// Blanks and dashes between digits do not matter, and `*`, `x`, `#` or `•` count as digits that are hidden already. A text
/// that is not 13 to 19 of these, and so no card number, is masked whole.
///
/// ```
/// use trine_model::mask::card;
///
/// assert_eq!(card("4111111111111111"), "****-****-****-1111");
/// assert_eq!(card("****-****-****-1111"), "****-****-****-1111");
/// assert_eq!(card("411111******1111"), "****-****-****-1111");
/// assert_eq!(card("123"), "***");
/// ```
pub fn card(text: &str) -> String {
    let mut digits = 0;
    let mut last = [None; CARD_DIGITS_SHOWN];
    for c in text.chars().take(CARD_BYTES_MAX + 1) {
        match c {
            '0'..='9' => last.rotate_left(1),
            '*' | 'x' | 'X' | '#' | '•' => last = [None; CARD_DIGITS_SHOWN],
            ' ' | '-' => continue,
            _ => return MASKED.to_owned(),
        }
        digits += 1;
        if c.is_ascii_digit() {
            last[CARD_DIGITS_SHOWN - 1] = Some(c);
        }
    }
    match last {
        [Some(a), Some(b), Some(c), Some(d)]
            if CARD_DIGITS.contains(&digits) && text.len() <= CARD_BYTES_MAX =>
        {
            format!("****-****-****-{a}{b}{c}{d}")
        }
        _ => MASKED.to_owned(),
    }
}

/// A telephone number: its last digits, one in four, so two or three.
///
/// ```
/// use trine_model::mask::phone;
///
/// assert_eq!(phone("+49 151 123 45 678"), "***678");
/// assert_eq!(phone("(415) 555-2671"), "***71");
/// assert_eq!(phone("***71"), "***71");
/// assert_eq!(phone("112"), "***");
/// ```
pub fn phone(text: &str) -> String {
    let shown_max = *PHONE_DIGITS.end() / SHOWN_ONE_IN;
    if is_masked_form(text, "", shown_max, |c| c.is_ascii_digit()) {
        return text.to_owned();
    }
    let is_usual = |c: char| matches!(c, '0'..='9' | '+' | '(' | ')' | '-' | '.' | '/' | ' ' | '\u{a0}');
    if text.len() > PHONE_BYTES_MAX || !text.chars().all(is_usual) {
        return MASKED.to_owned();
    }
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    if !PHONE_DIGITS.contains(&digits.len()) {
        return MASKED.to_owned();
    }
    MASKED.chars().chain(digits[digits.len() - digits.len() / SHOWN_ONE_IN..].iter().copied()).collect()
}

/// A bank account as IBAN: its country, and its last characters, four or, of the shortest, three, if they are digits.
///
/// Blanks and dashes do not matter, nor does case. The check digits are not checked: a mistyped account is one as well.
///
/// ```
/// use trine_model::mask::iban;
///
/// assert_eq!(iban("DE89 3704 0044 0532 0130 00"), "DE***3000");
/// assert_eq!(iban("DE***3000"), "DE***3000");
/// assert_eq!(iban("account 7"), "***");
/// ```
pub fn iban(text: &str) -> String {
    let country =
        |text: &[u8]| matches!(text, [a, b, ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase());
    if country(text.as_bytes()) && is_masked_form(text, &text[..2], SHOWN_ONE_IN, |c| c.is_ascii_digit()) {
        return text.to_owned();
    }
    if text.len() > IBAN_BYTES_MAX {
        return MASKED.to_owned();
    }
    let bytes: Vec<u8> =
        text.bytes().filter(|b| !matches!(b, b' ' | b'-')).map(|b| b.to_ascii_uppercase()).collect();
    let is_iban = IBAN_CHARS.contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && country(&bytes)
        && bytes[2..4].iter().all(u8::is_ascii_digit);
    if !is_iban {
        return MASKED.to_owned();
    }
    let shown = (bytes.len() / SHOWN_ONE_IN).min(SHOWN_ONE_IN);
    let (head, tail) = (&bytes[..2], &bytes[bytes.len() - shown..]);
    let tail = if tail.iter().all(u8::is_ascii_digit) { tail } else { &[] };
    head.iter().chain(MASKED.as_bytes()).chain(tail).map(|byte| char::from(*byte)).collect()
}

/// An IP address: its network, the first 16 bits of version 4 and the first 32 of version 6.
///
/// A port is dropped. An address of version 4 written as one of version 6 (`::ffff:a.b.c.d`) is one of version 4.
///
/// ```
/// use trine_model::mask::ip;
///
/// assert_eq!(ip("203.0.113.7"), "203.0.***");
/// assert_eq!(ip("[2001:db8::8a2e:7334]:443"), "2001:db8:***");
/// assert_eq!(ip("203.0.***"), "203.0.***");
/// assert_eq!(ip("localhost"), "***");
/// ```
pub fn ip(text: &str) -> String {
    if is_masked_network(text) {
        return text.to_owned();
    }
    let address = text.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    match address.map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V4(v4)) => format!("{}.{}.{MASKED}", v4.octets()[0], v4.octets()[1]),
        Ok(IpAddr::V6(v6)) => format!("{:x}:{:x}:{MASKED}", v6.segments()[0], v6.segments()[1]),
        Err(_) => MASKED.to_owned(),
    }
}

/// True for what [`ip`] gives of an address.
fn is_masked_network(text: &str) -> bool {
    let Some(network) = text.strip_suffix(MASKED) else { return false };
    if let Some((a, b)) = network.strip_suffix('.').and_then(|network| network.split_once('.')) {
        return [a, b].iter().all(|part| part.parse::<u8>().is_ok_and(|value| value.to_string() == **part));
    }
    if let Some((a, b)) = network.strip_suffix(':').and_then(|network| network.split_once(':')) {
        return [a, b]
            .iter()
            .all(|part| u16::from_str_radix(part, 16).is_ok_and(|value| format!("{value:x}") == **part));
    }
    false
}

/// A token: the prefix by which its issuer marks it (`ghp_`, `sk_live_`, `AKIA`, ...), which is no secret, when it has one.
///
/// ```
/// use trine_model::mask::token;
///
/// assert_eq!(token(&["ghp_", &"a1".repeat(18)].concat()), "ghp_***");
/// assert_eq!(token("5f2a91c7"), "***");
/// ```
pub fn token(text: &str) -> String {
    [vendor::prefix(text), MASKED].concat()
}

/// The last `n` characters, but at most a quarter of the text and [`KEPT_CHARS_MAX`].
///
/// The one mask that is not stable: masked again, less is left.
///
/// ```
/// use trine_model::mask::keep_last;
///
/// assert_eq!(keep_last("acct_000123456789", 4), "***6789");
/// assert_eq!(keep_last("12345", 4), "***5"); // a quarter
/// assert_eq!(keep_last("123", 4), "***");
/// ```
///
/// Cost: reads the whole text.
pub fn keep_last(text: &str, n: usize) -> String {
    let kept = n.min(text.chars().count() / SHOWN_ONE_IN).min(KEPT_CHARS_MAX);
    let tail = kept.checked_sub(1).and_then(|back| text.char_indices().nth_back(back));
    [MASKED, tail.map_or("", |(at, _)| &text[at..])].concat()
}

/// True for `prefix`, the mask, and at most `shown_max` characters that `is_shown`.
fn is_masked_form(text: &str, prefix: &str, shown_max: usize, is_shown: impl Fn(char) -> bool) -> bool {
    let rest = text.strip_prefix(prefix).and_then(|text| text.strip_prefix(MASKED));
    rest.is_some_and(|rest| rest.len() <= shown_max && rest.chars().all(is_shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mask: fn(&str) -> String, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(mask(text), *expected, "{text}");
            assert_eq!(mask(expected), *expected, "{text}, twice");
        }
    }

    #[test]
    fn an_address_keeps_its_domain_and_the_first_character_of_the_rest() {
        check(
            email,
            &[
                ("user@example.com", "u***@example.com"),
                ("jo@example.com", "j***@example.com"),
                ("j@example.com", "***@example.com"),
                ("first.last+tag@mail.example.co.uk", "f***@mail.example.co.uk"),
                ("@b.com", "***@b.com"),
                ("a@b@c", "***"),
                ("a@b@c.de", "a***@c.de"),
                ("\"x@y\"@z.com", "***@z.com"),
                ("änne@müller.de", "ä***@müller.de"),
                ("user@", "***"),
                ("user@localhost", "***"),
                ("user@a..b", "***"),
                ("user@exa mple.com", "***"),
                ("user", "***"),
                ("", "***"),
            ],
        );
        let long = format!("user@{}.com", "a".repeat(DOMAIN_BYTES_MAX));
        assert_eq!(email(&long), "***");
    }

    #[test]
    fn a_card_keeps_its_last_four_digits_and_what_is_no_card_nothing() {
        check(
            card,
            &[
                ("4111111111111111", "****-****-****-1111"),
                ("3782 822463 10005", "****-****-****-0005"),
                ("XXXX-XXXX-XXXX-4242", "****-****-****-4242"),
                ("•••• •••• •••• 4242", "****-****-****-4242"),
                ("4111-1111-1111-****", "***"),
                ("4111-1111-1111-11*1", "***"),
                ("123", "***"),
                ("123456789012", "***"),
                ("12345678901234567890", "***"),
                ("4111111111111111;12/27", "***"),
                ("", "***"),
            ],
        );
        assert_eq!(card(&format!("4111111111111111{}", " ".repeat(CARD_BYTES_MAX))), "***");
    }

    #[test]
    fn a_phone_keeps_a_quarter_of_its_digits() {
        check(
            phone,
            &[
                ("+1 (415) 555-2671", "***71"),
                ("+4915112345678", "***678"),
                ("030/12345678", "***78"),
                ("110", "***"),
                ("1234567890123456", "***"),
                ("call 0301234567", "***"),
                ("***1234", "***"),
            ],
        );
    }

    #[test]
    fn an_iban_keeps_country_and_end() {
        check(
            iban,
            &[
                ("DE89370400440532013000", "DE***3000"),
                ("no93 8601 1117 947", "NO***947"),
                ("GB29-NWBK-6016-1331-9268-19", "GB***6819"),
                ("MT84MALT011000012345MTLCAST001S", "MT***"),
                ("D989370400440532013000", "***"),
                ("DE8937040044053201300!", "***"),
                ("DE89", "***"),
                ("ä***", "***"),
                ("DE***30001", "***"),
            ],
        );
    }

    #[test]
    fn an_ip_address_keeps_its_network() {
        check(
            ip,
            &[
                ("192.168.1.100", "192.168.***"),
                ("192.168.1.100:8080", "192.168.***"),
                ("2001:db8::1", "2001:db8:***"),
                ("::1", "0:0:***"),
                ("::ffff:203.0.113.7", "203.0.***"),
                ("256.1.1.1", "***"),
                ("001.2.***", "***"),
                ("fe80::1%eth0", "***"),
                ("", "***"),
            ],
        );
    }

    #[test]
    fn a_token_keeps_only_the_mark_of_its_issuer() {
        check(
            token,
            &[("AKIA0123456789ABCDEF", "AKIA***"), ("hunter2", "***"), ("", "***"), ("ghp_", "ghp_***")],
        );
    }

    #[test]
    fn the_kept_end_is_bounded_in_every_way() {
        assert_eq!(keep_last("öäüß", 9), "***ß");
        assert_eq!(keep_last("", 9), "***");
        assert_eq!(keep_last("a secret of some length", 0), "***");
        assert_eq!(keep_last(&"x".repeat(1_000), usize::MAX).len(), MASKED.len() + KEPT_CHARS_MAX);
    }
}
