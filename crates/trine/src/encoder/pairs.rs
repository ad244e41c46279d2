//! `key=value`: what logfmt and pretty have in common.

use std::io::Write as _;

use trine_ring::record::{Text, ValueRef};

use super::json;
use crate::{civil, event::EventRef};

/// The fields behind those of the call, none twice; with each the id of the context it comes from, zero for a field that an
/// option of the call added.
pub(super) fn behind_call<'a>(event: EventRef<'a>) -> impl Iterator<Item = (u64, Text<'a>, ValueRef<'a>)> {
    let mut seen = event.site.key_mask();
    event.record.values().blocks().enumerate().flat_map(move |(index, block)| {
        let may_repeat = seen & block.mask() != 0;
        seen |= block.mask();
        let is_first = move |key: Text<'_>| !may_repeat || !event.has_before(index, key);
        let fields = block.fields().filter(move |(key, _)| is_first(*key));
        fields.map(move |(key, value)| (block.id(), key, value))
    })
}

/// Appends a key. What would end it, and what cannot be seen, becomes `_`; so does a key without a character.
pub(super) fn write_key(out: &mut Vec<u8>, key: &[u8]) {
    if is_bare_ascii(key) {
        out.extend_from_slice(key);
        return;
    }
    for c in String::from_utf8_lossy(key).chars() {
        let kept = if c == '\\' || is_bare(c) { c } else { '_' };
        out.extend_from_slice(kept.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if key.is_empty() {
        out.push(b'_');
    }
}

/// Appends a value: nothing for [`ValueRef::Null`]; compact JSON, quoted, for a list or a map; quotes else only where they are
/// needed. `unit_ns` is the unit for a duration; `scratch` holds nothing worth keeping.
pub(super) fn write_value(out: &mut Vec<u8>, scratch: &mut Vec<u8>, value: &ValueRef<'_>, unit_ns: f64) {
    match value {
        ValueRef::Null => {}
        ValueRef::Str(text) => write_text(out, text.as_bytes()),
        ValueRef::Char(c) => write_text(out, c.encode_utf8(&mut [0; 4]).as_bytes()),
        ValueRef::F64(v) if !v.is_finite() => write_non_finite(out, *v),
        ValueRef::F32(v) if !v.is_finite() => write_non_finite(out, f64::from(*v)),
        ValueRef::Time(seconds, nanos) => civil::write_time(out, *seconds, *nanos),
        ValueRef::Ip(ip) => write!(out, "{ip}").expect("a vector takes everything"),
        ValueRef::Socket(address) => write!(out, "{address}").expect("a vector takes everything"),
        ValueRef::Failed(why) => {
            scratch.clear();
            scratch.push(b'<');
            scratch.extend_from_slice(why.as_bytes());
            scratch.push(b'>');
            write_text(out, scratch);
        }
        ValueRef::List(_) | ValueRef::Map(_) => {
            scratch.clear();
            json::append_value(scratch, value, unit_ns);
            write_quoted(out, &String::from_utf8_lossy(scratch));
        }
        number_or_bool => json::append_value(out, number_or_bool, unit_ns),
    }
}

fn write_non_finite(out: &mut Vec<u8>, v: f64) {
    out.extend_from_slice(match v {
        _ if v.is_nan() => b"NaN",
        _ if v > 0.0 => b"inf",
        _ => b"-inf",
    });
}

/// Appends text, in quotes when it is empty or could be misread without.
fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    if is_bare_ascii(text) {
        out.extend_from_slice(text);
        return;
    }
    let text = String::from_utf8_lossy(text);
    if !text.is_empty() && text.chars().all(is_bare) {
        out.extend_from_slice(text.as_bytes());
    } else {
        write_quoted(out, &text);
    }
}

/// Appends text in quotes. Escapes are those of JSON, so that a JSON parser reads what stands between and with the quotes.
fn write_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text, |c| c == '"' || c == '\\' || is_hidden(c));
    out.push(b'"');
}

/// Appends text that needs no quotes, with what cannot be seen escaped.
pub(super) fn write_visible(out: &mut Vec<u8>, text: &str) {
    write_escaped(out, text, is_hidden);
}

fn write_escaped(out: &mut Vec<u8>, text: &str, must: impl Fn(char) -> bool) {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| must(*c)) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            _ => write!(out, "\\u{:04x}", u32::from(c)).expect("a vector takes everything"),
        }
        rest = &rest[at + c.len_utf8()..];
    }
    out.extend_from_slice(rest.as_bytes());
}

/// True for text that is written as it is: not empty, visible ASCII without `=`, `"`, `\`.
#[inline]
fn is_bare_ascii(text: &[u8]) -> bool {
    const BARE: [bool; 256] = {
        let mut bare = [false; 256];
        let mut byte = b'!';
        while byte <= b'~' {
            bare[byte as usize] = !matches!(byte, b'=' | b'"' | b'\\');
            byte += 1;
        }
        bare
    };
    !text.is_empty() && text.iter().all(|byte| BARE[usize::from(*byte)])
}

fn is_bare(c: char) -> bool {
    !matches!(c, '=' | '"' | '\\') && !c.is_whitespace() && !is_hidden(c)
}

/// True for characters that do something instead of being seen: end a line, command a terminal, turn the order of the text
/// around, stand there without a width. All have four hexadecimal digits. The joiners U+200C and U+200D are not among them:
/// Persian and emoji need them.
///
/// Source: general category Cc; "Trojan Source" (CVE-2021-42574) for what reorders text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        write_text(&mut out, text.as_bytes());
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn text_has_quotes_only_where_it_could_be_misread() {
        check("user_123", "user_123");
        check("/users?page=2", r#""/users?page=2""#);
        check("[a],{b}", "[a],{b}");
        check("größe", "größe");
        check("👩\u{200d}🔧", "👩\u{200d}🔧");
        check("", r#""""#);
        check("two words", r#""two words""#);
        check("two\u{3000}words", "\"two\u{3000}words\"");
        check(r#"say "hi""#, r#""say \"hi\"""#);
        check(r"C:\temp", r#""C:\\temp""#);
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        check("a\nb\tc\rd", r#""a\nb\tc\rd""#);
        check("\u{1b}[31mred", r#""\u001b[31mred""#);
        check("\u{9b}31m \u{7f} \0", r#""\u009b31m \u007f \u0000""#);
        check("\u{202e}gnp.exe", r#""\u202egnp.exe""#);
        check("line\u{2028}line", r#""line\u2028line""#);
    }

    #[test]
    fn text_that_is_not_utf8_stays_readable() {
        let mut out = Vec::new();
        write_text(&mut out, b"a\xffb");
        assert_eq!(out, "a\u{fffd}b".as_bytes());
    }

    #[test]
    fn a_key_stays_one_word() {
        let key = |key: &str| {
            let mut out = Vec::new();
            write_key(&mut out, key.as_bytes());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(key("user_id"), "user_id");
        assert_eq!(key("größe"), "größe");
        assert_eq!(key("a b=c\"d\ne\u{202e}f\\g"), "a_b_c_d_e_f\\g");
        assert_eq!(key(""), "_");
    }
}
