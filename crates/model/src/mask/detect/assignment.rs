//! Values that are assigned to keys which name secrets: in the query of a URL, in JSON, in settings, headers and command lines.
//!
//! What is an assignment without doubt depends on its sign. Behind `=` and behind a quoted key with `:` any value is one that does
//! not look like the place of one. Behind an unquoted key with `:` and behind `--key` stands prose as often ("invalid token:
//! expected a word"), so that the value has to look like a secret.

use std::ops::Range;

use super::{
    bytes::{is_alnum, is_behind_escape, is_key, run, steps},
    card, iban,
    value::{self, SCHEMES, SCHEMES_OF_MANY, is_one_of, is_placeholder},
};
use crate::mask::{KeyPolicy, MASKED, Treatment};

/// Longest key, counted from the letters by which it was found into either direction.
const KEY_MAX: usize = 64;
/// Longest scheme of credentials: `AWS4-HMAC-SHA256`.
const SCHEME_MAX: usize = 16;
/// Most blanks on either side of a sign. More are a table.
const BLANKS_MAX: usize = 8;
/// Most backslashes before a quote: of JSON in a string in a string.
const BACKSLASHES_MAX: usize = 3;
/// Longest text of an element of XML.
const ELEMENT_MAX: usize = 1024;
/// Most wrappers around a value: `Ok(Some(Password("x")))`.
const WRAPPERS_MAX: usize = 4;
/// Most white space before a value in a list or a wrapper: the indentation of a deep structure.
const INDENT_MAX: usize = 128;
/// As much of a value as is judged.
const JUDGED_MAX: usize = 128;

/// What stands between a key and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Equals {
        is_spaced: bool,
        is_open: bool,
    },
    /// Behind a quoted key.
    JsonColon,
    Colon,
    /// `--key value`
    Blank,
}

/// Where the value lies that is assigned by the sign at `at` to a key that begins at `from` or later; and how it is to be masked.
pub(super) fn find(
    text: &[u8],
    at: usize,
    from: usize,
    keys: &KeyPolicy,
) -> Option<(Range<usize>, Treatment)> {
    let key = key_before(text, at, from)?;
    match text[at] {
        b'>' => return element(text, key, keys),
        b',' => return pair(text, at, from, key, keys),
        _ => {}
    }
    let (sign, start) = sign(text, key.end)?;
    // `arn:aws:secretsmanager:eu-west-1:42:secret:db` is a path, `src/token:12:9:` a place in a file, `cookie:banner:7` a key.
    if sign == Sign::Colon && key.start > from && text[key.start - 1] == b':' {
        return None;
    }
    let phrase = phrase_start(text, key.start, from);
    let treatment = keys.treatment_of_phrase(&text[phrase..key.end], key.len()).or_else(|| {
        let is_escaped = key.start + 1 < key.end && is_behind_escape(text, key.start + 1);
        keys.treatment_of(is_escaped.then(|| &text[key.start + 1..key.end])?)
    })?;
    Some((value(text, start, sign, key, treatment)?, treatment))
}

/// The same for `--key value`, whose dashes are at `at`.
pub(super) fn find_flag(text: &[u8], at: usize, keys: &KeyPolicy) -> Option<(Range<usize>, Treatment)> {
    let key = at..at + run(text, at, KEY_MAX, is_key);
    let blanks = run(text, key.end, BLANKS_MAX, is_blank);
    // With a sign behind it, it is found by this.
    if blanks == 0 || sign(text, key.end).is_some() {
        return None;
    }
    let treatment = keys.treatment_of(&text[key.clone()])?;
    Some((value(text, key.end + blanks, Sign::Blank, key, treatment)?, treatment))
}

fn value(
    text: &[u8],
    start: usize,
    sign: Sign,
    key: Range<usize>,
    treatment: Treatment,
) -> Option<Range<usize>> {
    match treatment {
        Treatment::Card => bare_or_quoted(text, start, card::extent),
        Treatment::Iban => bare_or_quoted(text, start, iban::extent),
        _ => secret(text, start, sign, key.start, &text[key]),
    }
}

/// The key before the sign at `at`, over blanks, a bracket and a quote.
fn key_before(text: &[u8], at: usize, from: usize) -> Option<Range<usize>> {
    let mut end = before(text, at, from, BLANKS_MAX, is_blank);
    end = before(text, end, from, 1, |byte| byte == b']');
    let quote = before(text, end, from, 1, |byte| matches!(byte, b'"' | b'\'' | b'`'));
    if quote < end {
        end = before(text, quote, from, BACKSLASHES_MAX, |byte| byte == b'\\');
    }
    let start = before(text, end, from, KEY_MAX, is_key);
    (start < end).then_some(start..end)
}

/// Where the bytes before `end` begin that are all so, at most `max`, not before `from`.
#[inline(always)]
fn before(text: &[u8], end: usize, from: usize, max: usize, is: impl Fn(u8) -> bool) -> usize {
    let first = from.max(end.saturating_sub(max));
    first + text[first..end].iter().rposition(|byte| !is(*byte)).map_or(0, |at| at + 1)
}

/// What stands in an element of XML that is called like a secret: `<password>...</password>`.
fn element(text: &[u8], key: Range<usize>, keys: &KeyPolicy) -> Option<(Range<usize>, Treatment)> {
    if text.get(key.end) != Some(&b'>') {
        return None;
    }
    let treatment = keys.treatment_of(&text[key.clone()])?;
    // A namespace may stand before: `<wsse:Password>`.
    let is_name = |byte: &&u8| is_key(**byte) || **byte == b':';
    let name = key.end - text[..key.end].iter().rev().take(2 * KEY_MAX).take_while(is_name).count();
    let start = key.end + 1;
    let end = start + run(text, start, ELEMENT_MAX, |byte| byte != b'<');
    let value = &text[start..end];
    let judged = &value[..value.len().min(JUDGED_MAX)];
    let is_closed = name > 0
        && text[name - 1] == b'<'
        && text[end..].strip_prefix(b"</").is_some_and(|rest| rest.starts_with(&text[name..key.end]));
    let is_secret = is_closed
        && !value::is_masked(value)
        && !is_placeholder(judged)
        && !value::is_message(judged)
        && !value.iter().all(u8::is_ascii_whitespace);
    is_secret.then_some((start..end, treatment))
}

/// What stands beside a key in a pair: `("password", "x")`, as `Debug` shows entries of lists of pairs, maybe over several lines.
fn pair(
    text: &[u8],
    comma: usize,
    from: usize,
    key: Range<usize>,
    keys: &KeyPolicy,
) -> Option<(Range<usize>, Treatment)> {
    let blank = |byte: u8| byte.is_ascii_whitespace();
    let treatment = keys.treatment_of(&text[key.clone()])?;
    let quote = opening(text, key.end)?;
    if key.end + quote.0 + 1 != comma {
        return None;
    }
    let before_quote = key.start.checked_sub(quote.0 + 1).filter(|start| *start >= from)?;
    let bracket = before(text, before_quote, from, INDENT_MAX, blank);
    if bracket == from || text[bracket - 1] != b'(' {
        return None;
    }
    let start = comma + 1 + run(text, comma + 1, INDENT_MAX, blank);
    let start = unwrapped(text, start, true);
    let start = start + letters_of_literal(text, start);
    let quote = opening(text, start)?;
    let secret = quoted(text, start + quote.0 + 1, quote, Sign::JsonColon, key.start, &text[key])?;
    // A third is no pair, but a list of words. Behind the value of a wrapper is its bracket, too.
    let behind = (secret.end + quote.0 + 1).min(text.len());
    let behind = behind + run(text, behind, INDENT_MAX, |byte| blank(byte) || byte == b',');
    text.get(behind).is_none_or(|byte| *byte == b')').then_some((secret, treatment))
}

/// Where the word before a key begins, when one blank is between: `api key: `, `Unexpected token: `.
fn phrase_start(text: &[u8], key_start: usize, from: usize) -> usize {
    let before = &text[from..key_start];
    let Some(before) = before.strip_suffix(b" ") else { return key_start };
    let word = before.len() - self::before(before, before.len(), 0, KEY_MAX, is_alnum);
    if word == 0 { key_start } else { key_start - 1 - word }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The sign behind a key that ends at `at`, and where the value begins.
fn sign(text: &[u8], at: usize) -> Option<(Sign, usize)> {
    let quote = opening(text, at);
    let mut end = at + quote.map_or(0, |(backslashes, _)| backslashes + 1);
    if text.get(end) == Some(&b']') {
        end += 1;
    }
    let before = run(text, end, BLANKS_MAX, is_blank);
    let at = end + before;
    let (sign, length) = match text.get(at..)? {
        [b'=', b'=' | b'~', ..] | [b':', b':' | b'/', ..] => return None,
        [b'=', b'>', ..] | [b':', b'=', ..] => (None, 2),
        [b'=', ..] => (None, 1),
        [b':', ..] => (Some(if quote.is_some() { Sign::JsonColon } else { Sign::Colon }), 1),
        _ => return None,
    };
    let after = run(text, at + length, BLANKS_MAX, is_blank);
    let sign = sign
        .unwrap_or(Sign::Equals { is_spaced: before > 0 && after > 0, is_open: before == 0 && after > 0 });
    Some((sign, at + length + after))
}

/// The quote at `at`, behind the backslashes that escape it.
fn opening(text: &[u8], at: usize) -> Option<(usize, u8)> {
    let backslashes = run(text, at, BACKSLASHES_MAX, |byte| byte == b'\\');
    let quote = *text.get(at + backslashes)?;
    matches!(quote, b'"' | b'\'' | b'`').then_some((backslashes, quote))
}

/// Where a quoted text that begins at `start` ends; `None` when there is no closing quote within `max` bytes.
fn closing(text: &[u8], start: usize, (backslashes, quote): (usize, u8), max: usize) -> Option<usize> {
    let mut escapes = 0;
    for (index, byte) in text[start..].iter().take(max).enumerate() {
        match *byte {
            b'\\' => escapes += 1,
            byte if byte == quote && (escapes <= backslashes || (backslashes == 0 && escapes % 2 == 0)) => {
                steps::add(index);
                return Some(start + index - escapes.min(backslashes));
            }
            _ => escapes = 0,
        }
    }
    steps::add(max.min(text.len() - start));
    None
}

/// A number whose end `extent` knows, quoted or not.
fn bare_or_quoted(text: &[u8], at: usize, extent: fn(&[u8], usize) -> Option<usize>) -> Option<Range<usize>> {
    let start = at + opening(text, at).map_or(0, |(backslashes, _)| backslashes + 1);
    Some(start..extent(text, start)?)
}

/// The secret at `start`.
fn secret(text: &[u8], start: usize, sign: Sign, key_start: usize, key: &[u8]) -> Option<Range<usize>> {
    let is_sure = match sign {
        Sign::JsonColon => true,
        Sign::Equals { .. } => false,
        Sign::Colon | Sign::Blank => is_member(text, key_start),
    };
    let inside = unwrapped(text, start, is_sure);
    let marked = inside + letters_of_literal(text, inside);
    if let Some(quote) = opening(text, marked) {
        return quoted(text, marked + quote.0 + 1, quote, sign, key_start, key);
    }
    if (is_sure || matches!(sign, Sign::Equals { .. })) && text.get(inside) == Some(&b'[') {
        return list(text, inside + 1, sign, key_start, key);
    }
    if is_sure && text.get(inside).is_some_and(u8::is_ascii_digit) {
        let digits = run(text, inside, usize::MAX, |byte| is_alnum(byte) || byte == b'.');
        let end = inside + text[inside..inside + digits].iter().rposition(|byte| is_alnum(*byte))? + 1;
        let is_all = text.get(end).is_none_or(|next| !is_key(*next) && !matches!(next, b':' | b'*' | b'/'));
        if is_all || sign == Sign::JsonColon {
            return Some(inside..end);
        }
    }
    if let Some(found) = header(text, start, key) {
        return found;
    }
    let judged_end = bare_end(text, start, JUDGED_MAX);
    let judged = &text[start..judged_end];
    let is_secret = match sign {
        // `password= user=bob`: what follows is the next key.
        Sign::Equals { is_open, .. } if is_open && judged.contains(&b'=') => false,
        // A cookie of the kernel or of a protocol is a number.
        Sign::Equals { .. } if ends_in(key, b"cookie") => {
            value::is_random(judged, ends_line(text, judged_end))
        }
        Sign::Equals { is_spaced, .. } => {
            !value::is_code(judged, &text[judged_end..], is_spaced) && !is_attribute(key, judged)
        }
        Sign::Colon if text[start - 1] == b':' && judged.contains(&b':') => false,
        Sign::JsonColon | Sign::Colon | Sign::Blank => value::is_random(judged, ends_line(text, judged_end)),
    };
    // Last, as it takes longest: most values are words.
    let is_secret =
        is_secret && !holds_no_secret(text, start, judged) && !is_about_something_else(key, judged);
    is_secret.then(|| {
        start..if judged.len() < JUDGED_MAX { judged_end } else { bare_end(text, start, usize::MAX) }
    })
}

/// The secret inside quotes that begins at `start`. Where the closing quote is cut off, it ends with its line.
fn quoted(
    text: &[u8],
    start: usize,
    quote: (usize, u8),
    sign: Sign,
    key_start: usize,
    key: &[u8],
) -> Option<Range<usize>> {
    let near = closing(text, start, quote, JUDGED_MAX);
    let line = |max| start + run(text, start, max, |byte| byte != b'\n');
    let judged = &text[start..near.unwrap_or_else(|| line(JUDGED_MAX))];
    let is_masked = value::is_masked(with_mask(text, start, judged));
    let is_sure = match sign {
        Sign::Equals { .. } | Sign::JsonColon => true,
        Sign::Colon | Sign::Blank => is_member(text, key_start),
    };
    if is_masked
        || is_placeholder(judged)
        || is_about_something_else(key, judged)
        || value::is_message(judged)
        || !(is_sure || value::is_random(judged, true))
    {
        return None;
    }
    let end = near.or_else(|| closing(text, start, quote, usize::MAX)).unwrap_or_else(|| line(usize::MAX));
    Some(start..end)
}

/// Where a value begins behind what `Debug` wraps it in, maybe over several lines: `Some("x")`, `Password(Some("x"))`.
///
/// `is_sure`: any name is taken for a wrapper, as in a structure; else only those of the standard library.
fn unwrapped(text: &[u8], start: usize, is_sure: bool) -> usize {
    const WRAPPERS: [&[u8]; 4] = [b"Some", b"Ok", b"Err", b"Just"];
    let mut at = start;
    for _ in 0..WRAPPERS_MAX {
        if !text.get(at).is_some_and(u8::is_ascii_uppercase) {
            break;
        }
        let name = run(text, at, KEY_MAX, |byte| is_alnum(byte) || byte == b'_');
        let is_wrapper = is_sure || WRAPPERS.contains(&&text[at..at + name]);
        if !is_wrapper || text.get(at + name) != Some(&b'(') {
            break;
        }
        at += name + 1;
        at += run(text, at, INDENT_MAX, |byte| byte.is_ascii_whitespace());
    }
    at
}

/// Letters that stand before the quote of a literal: `b"x"`, `u'x'`, `br"x"`.
fn letters_of_literal(text: &[u8], at: usize) -> usize {
    const LETTERS_MAX: usize = 2;
    let letters = run(text, at, LETTERS_MAX, |byte| matches!(byte | 0x20, b'b' | b'r' | b'u' | b'f'));
    if matches!(text.get(at + letters), Some(b'"' | b'\'')) { letters } else { 0 }
}

/// The texts of a list, from the first to the last, `"tokens": ["a", "b"]`; or its numbers, as which bytes are shown.
fn list(text: &[u8], start: usize, sign: Sign, key_start: usize, key: &[u8]) -> Option<Range<usize>> {
    let blanks = |at: usize| run(text, at, INDENT_MAX, |byte| byte.is_ascii_whitespace());
    let at = start + blanks(start);
    if text.get(at).is_some_and(u8::is_ascii_digit) {
        let is_part = |byte: u8| byte.is_ascii_digit() || byte == b',' || byte.is_ascii_whitespace();
        let numbers = run(text, at, usize::MAX, is_part);
        let end = at + text[at..at + numbers].iter().rposition(u8::is_ascii_digit)? + 1;
        return (text.get(at + numbers) == Some(&b']')).then_some(at..end);
    }
    let at = at + letters_of_literal(text, at);
    let quote = opening(text, at)?;
    let mut all = quoted(text, at + quote.0 + 1, quote, sign, key_start, key)?;
    loop {
        let comma = all.end + quote.0 + 1;
        if text.get(comma) != Some(&b',') {
            return Some(all);
        }
        let at = comma + 1 + blanks(comma + 1);
        let at = at + letters_of_literal(text, at);
        match opening(text, at).filter(|next| *next == quote) {
            Some(_) => match closing(text, at + quote.0 + 1, quote, usize::MAX) {
                Some(end) => all.end = end,
                None => return Some(all),
            },
            None => return Some(all),
        }
    }
}

/// True when a key stands where a member of a structure does: `User { name: "x", password: "y" }`.
fn is_member(text: &[u8], key_start: usize) -> bool {
    let at = before(text, key_start, 0, INDENT_MAX, |byte| byte.is_ascii_whitespace());
    at > 0 && b"{,(".contains(&text[at - 1])
}

fn ends_in(key: &[u8], name: &[u8]) -> bool {
    key.len() >= name.len() && key[key.len() - name.len()..].eq_ignore_ascii_case(name)
}

/// What stands in the headers `Cookie` and `Authorization`, which is more than one word; and behind other keys, where such
/// credentials are named with their scheme. `None`: the value is like any other.
fn header(text: &[u8], start: usize, key: &[u8]) -> Option<Option<Range<usize>>> {
    if ends_in(key, b"cookie") {
        let judged = &text[start..start + run(text, start, JUDGED_MAX, is_in_line)];
        let name = run(text, start, JUDGED_MAX, |byte| is_key(byte) || byte == b'$');
        let is_list = judged.get(name) == Some(&b'=') && !value::is_masked(with_mask(text, start, judged));
        return is_list.then(|| Some(start..line_end(text, start)));
    }
    let is_authorization = ends_in(key, b"authorization");
    let scheme = run(text, start, SCHEME_MAX, |byte| is_alnum(byte) || byte == b'-');
    let blanks = run(text, start + scheme, BLANKS_MAX, is_blank);
    let credentials = start + scheme + blanks;
    let scheme = &text[start..start + scheme];
    let is_of_many = is_authorization && is_one_of(&SCHEMES_OF_MANY, scheme);
    if blanks == 0 || !(is_of_many || is_one_of(&SCHEMES, scheme)) {
        return None;
    }
    let judged_end = bare_end(text, credentials, JUDGED_MAX);
    let judged = &text[credentials..judged_end];
    if holds_no_secret(text, credentials, judged) {
        return Some(None);
    }
    if is_authorization {
        if value::is_word(judged) && !is_of_many {
            return Some(None);
        }
    } else if judged.windows(2).any(|pair| pair[0] == b'=' && pair[1] != b'=')
        || !value::is_random(judged, ends_line(text, judged_end))
    {
        return None;
    }
    let end = if is_of_many {
        credentials + run(text, credentials, usize::MAX, |byte| byte != b'\n' && byte != b'\r')
    } else {
        bare_end(text, credentials, usize::MAX)
    };
    Some(Some(credentials..end))
}

/// True for the place of a secret, and for one that is masked already.
fn holds_no_secret(text: &[u8], start: usize, judged: &[u8]) -> bool {
    let raw = raw(text, start);
    is_placeholder(judged)
        || (raw != judged && is_placeholder(raw))
        || value::is_masked(with_mask(text, start, judged))
}

/// As much as was judged, and the rest of a mask that may stand at its end.
fn with_mask<'a>(text: &'a [u8], start: usize, judged: &[u8]) -> &'a [u8] {
    let end = start + judged.len();
    &text[start..end + run(text, end, MASKED.len(), |byte| byte == b'*')]
}

fn is_in_line(byte: u8) -> bool {
    !matches!(byte, b'\n' | b'\r' | b'"' | b'\'')
}

/// Where the line or the quoted text ends, without the backslash that escapes the quote.
fn line_end(text: &[u8], start: usize) -> usize {
    without_backslashes(text, start, start + run(text, start, usize::MAX, is_in_line))
}

/// All that stands in one, for a placeholder has brackets that else would end it.
fn raw(text: &[u8], start: usize) -> &[u8] {
    let is_part =
        |byte: u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'`' | b'&' | b';' | b',');
    &text[start..start + run(text, start, value::PLACEHOLDER_MAX + 1, is_part)]
}

/// Where a value ends that is not quoted: before white space, a quote, and what separates assignments. Brackets and commas end
/// it only where they are not followed by more of it: a password may have them.
fn bare_end(text: &[u8], start: usize, max: usize) -> usize {
    let length = text[start..].iter().take(max).enumerate().position(|(index, byte)| {
        let next = || text.get(start + index + 1).copied();
        match *byte {
            byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => true,
            b'"' | b'\'' | b'`' | b'&' | b';' | b'|' => true,
            b'<' | b'>' => index > 0,
            b')' | b']' | b'}' => {
                next().is_none_or(|next| next.is_ascii_whitespace() || b",;.:)]}\"'`&<>".contains(&next))
            }
            b',' => is_between_members(text, start + index + 1),
            _ => false,
        }
    });
    let end = length.map_or(text.len().min(start.saturating_add(max)), |length| start + length);
    steps::add(end - start);
    without_backslashes(text, start, end)
}

/// True when what follows a comma is another member: nothing, a blank, a quote, or a key and its sign.
fn is_between_members(text: &[u8], at: usize) -> bool {
    let Some(next) = text.get(at) else { return true };
    // A key may be a token, and masked; it must be a key then as well.
    let key = run(text, at, KEY_MAX, |byte| is_key(byte) || byte == b'*');
    next.is_ascii_whitespace()
        || b"\"'`)]}".contains(next)
        || (key > 0 && matches!(text.get(at + key), Some(b'=' | b':')))
}

fn without_backslashes(text: &[u8], start: usize, end: usize) -> usize {
    if !text.get(end).is_some_and(|byte| b"\"'`".contains(byte)) {
        return end;
    }
    end - text[start..end].iter().rev().take(BACKSLASHES_MAX).take_while(|byte| **byte == b'\\').count()
}

fn ends_line(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| b"\n\r,;}\"'".contains(byte))
}

/// True for what is called like a secret and is none: `PWD=/srv/app`, where a process works; `accesskey="n"`, a key of the keyboard;
/// `private_key=/etc/tls/server.key`, where a secret lies.
fn is_about_something_else(key: &[u8], value: &[u8]) -> bool {
    let is_directory = matches!(value, [b'/' | b'~' | b'.', ..] | [_, b':', b'\\', ..]);
    (key.eq_ignore_ascii_case(b"pwd") && is_directory)
        || (key == b"accesskey" && value.len() == 1)
        || (key.eq_ignore_ascii_case(b"secret") && value::is_object(value))
        || value::is_path(value)
}

/// True for a line of a program that hands on a variable: `self._token = value`, `password=password`.
fn is_attribute(key: &[u8], value: &[u8]) -> bool {
    let is_name = value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let is_own = [&b"self."[..], b"this.", b"cls."].iter().any(|owner| key.starts_with(owner));
    is_name && (is_own || ends_in(key, value))
}
