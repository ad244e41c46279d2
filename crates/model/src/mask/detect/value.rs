//! What stands behind a key: a secret, or only the place of one.

use super::bytes::is_alnum;
use crate::mask::MASKED;

/// Words that stand for a value, its absence, its type, or what is wrong with it. In any case.
const NO_VALUES: [&str; 35] = [
    "absent",
    "blank",
    "bool",
    "default",
    "empty",
    "expired",
    "false",
    "filtered",
    "hidden",
    "incorrect",
    "int",
    "invalid",
    "masked",
    "missing",
    "n/a",
    "nil",
    "none",
    "null",
    "number",
    "object",
    "omitted",
    "optional",
    "present",
    "redacted",
    "removed",
    "required",
    "revoked",
    "secret",
    "set",
    "str",
    "string",
    "true",
    "undefined",
    "unset",
    "valid",
];

/// The longest of them.
const NO_VALUE_MAX: usize = {
    let (mut longest, mut at) = (0, 0);
    while at < NO_VALUES.len() {
        if NO_VALUES[at].len() > longest {
            longest = NO_VALUES[at].len();
        }
        at += 1;
    }
    longest
};

/// First words of messages about a value, as in `{"password": "is too short"}`. In any case.
const MESSAGES: [&str; 20] = [
    "already", "bad", "can", "can't", "cannot", "contains", "could", "does", "doesn't", "expected", "failed",
    "has", "invalid", "is", "may", "missing", "must", "not", "should", "too",
];

/// Words of which a message of three words or more has one, as `This field is required.`
const WORDS_OF_MESSAGES: [&str; 22] = [
    "allowed",
    "at",
    "blank",
    "cannot",
    "characters",
    "contain",
    "do",
    "empty",
    "enter",
    "field",
    "invalid",
    "is",
    "longer",
    "match",
    "must",
    "not",
    "please",
    "required",
    "should",
    "than",
    "too",
    "valid",
];

/// Words behind which an expression of a program goes on.
const KEYWORDS: [&str; 8] = ["async", "await", "const", "function", "lambda", "new", "not", "yield"];

/// Parts of the names that secrets have where they are kept, as `default-token-x7k2p` in Kubernetes.
const PARTS_OF_NAMES: [&str; 10] =
    ["auth", "cert", "certs", "config", "credentials", "creds", "key", "secret", "tls", "token"];

/// Schemes of the header `Authorization` (IANA, HTTP authentication schemes), before one credential.
pub(super) const SCHEMES: [&str; 9] =
    ["apikey", "basic", "bearer", "bot", "jwt", "key", "negotiate", "ntlm", "token"];
/// Those before several parameters.
pub(super) const SCHEMES_OF_MANY: [&str; 6] =
    ["aws4-hmac-sha256", "digest", "dpop", "hawk", "oauth", "sharedkey"];

/// Longest text that is judged; one that goes on is no placeholder.
pub(super) const PLACEHOLDER_MAX: usize = 64;

pub(super) fn is_one_of(words: &[&str], text: &[u8]) -> bool {
    words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(text))
}

/// True for a value in which a mask stands, ours or another's. So a text that is masked twice is as one that is masked once:
/// whatever the first pass left of a value, the second leaves it alone.
pub(super) fn is_masked(value: &[u8]) -> bool {
    value.windows(MASKED.len()).any(|window| window == MASKED.as_bytes())
}

/// True for what stands where a secret would: a mask, a variable, a parameter of a statement, nothing.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    if value.len() > PLACEHOLDER_MAX {
        return false;
    }
    let Some((&first, rest)) = value.split_first() else { return true };
    let all = |text: &[u8], is: fn(u8) -> bool| !text.is_empty() && text.iter().all(|byte| is(*byte));
    let between =
        |open: &[u8], close: &[u8]| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let is_name = |text: &[u8]| {
        all(text, |byte| {
            byte.is_ascii_alphabetic()
                || matches!(byte, b'_' | b'-' | b'.' | b' ' | b'{' | b'}' | b'$' | b':' | b'?' | b'!' | b'#')
        }) || all(text, |byte| byte.is_ascii_digit())
    };
    let is_repeated = rest.iter().all(|byte| *byte == first)
        && (b"*.-_#?".contains(&first) || (value.len() > 2 && matches!(first, b'x' | b'X')));
    is_repeated
        || (value.len() <= NO_VALUE_MAX && is_one_of(&NO_VALUES, value))
        // `<password>`, `[REDACTED]`, `{password}`, `${PASSWORD}`, `#{password}`, `%{password}`, `{0}`
        || [(&b"<"[..], &b">"[..]), (b"[", b"]"), (b"{", b"}"), (b"${", b"}"), (b"#{", b"}"), (b"%{", b"}"), (b"$(", b")")]
            .iter()
            .any(|(open, close)| between(open, close).is_some_and(is_name))
        || matches!(value, b"{}" | b"[]" | b"{" | b"[" | b"(")
        // `Bearer {}`, `Basic `
        || without_scheme(value).is_some_and(is_placeholder)
        // `$1`, `$PASSWORD`, `$_POST[`, `?1`, `:password`, `@p1`, `%s`, `%(password)s`, `%PASSWORD%`
        || match first {
            b'?' => all(rest, |byte| byte.is_ascii_digit()),
            b'$' => {
                all(rest, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
                    || rest.ends_with(b"[")
            }
            b':' => all(rest, |byte| byte.is_ascii_lowercase() || byte == b'_'),
            b'@' => rest.strip_prefix(b"p").is_some_and(|rest| all(rest, |byte| byte.is_ascii_digit())),
            b'%' => {
                matches!(rest, [b's' | b'd' | b'v' | b'q' | b'r' | b'@'])
                    || rest.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")s")).is_some_and(is_name)
                    || rest.strip_suffix(b"%").is_some_and(is_name)
            }
            _ => false,
        }
}

/// What stands behind the scheme of credentials, if one stands there.
fn without_scheme(value: &[u8]) -> Option<&[u8]> {
    let length = value.iter().position(|byte| *byte == b' ')?;
    is_one_of(&SCHEMES, &value[..length]).then(|| value[length..].trim_ascii_start())
}

/// True for the path of a file: `/etc/tls/private/server.key`; and for the name of something at Amazon: `arn:aws:iam::...`.
pub(super) fn is_path(value: &[u8]) -> bool {
    /// Most digits; base64 may begin with `/`, too.
    const DIGITS_MAX: usize = 4;
    let rest =
        [&b"/"[..], b"./", b"~/", b"../", b"file://"].iter().find_map(|start| value.strip_prefix(*start));
    let is_small = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/._-".contains(byte);
    value.starts_with(b"arn:aws")
        || rest.is_some_and(|rest| {
            rest.contains(&b'/')
                && rest.iter().all(is_small)
                && rest.iter().filter(|byte| byte.is_ascii_digit()).count() <= DIGITS_MAX
        })
}

/// True for the name of an object in Kubernetes, with its namespace: `prod/db-credentials`.
pub(super) fn is_object(value: &[u8]) -> bool {
    let is_part =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let mut parts = value.split(|byte| *byte == b'/');
    let mut is_name = || {
        parts
            .next()
            .is_some_and(|part| part.first().is_some_and(u8::is_ascii_lowercase) && part.iter().all(is_part))
    };
    is_name() && is_name() && parts.next().is_none()
}

/// True for a message about a value in place of one: several words, the first of which begins such messages, or another of which
/// stands in hardly anything else.
pub(super) fn is_message(value: &[u8]) -> bool {
    let words = || value.split(|byte| *byte == b' ' || *byte == b'\n').filter(|word| !word.is_empty());
    let bare = |word: &[u8]| -> Option<usize> { Some(word.iter().rposition(|byte| is_alnum(*byte))? + 1) };
    let is_one = |words: &[&str], word: &[u8]| bare(word).is_some_and(|end| is_one_of(words, &word[..end]));
    let is_mixed =
        |word: &[u8]| word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic);
    if words().any(is_mixed) {
        return false;
    }
    (words().nth(1).is_some() && words().next().is_some_and(|first| is_one(&MESSAGES, first)))
        || (words().nth(2).is_some() && words().any(|word| is_one(&WORDS_OF_MESSAGES, word)))
}

/// True for an expression of a program: `get_password()`, and behind a spaced `=` also `config.password`, `tokens[i]`, `<T as U>`.
///
/// `rest`: what stands behind the value; it begins with a bracket where the value was thought to end before one.
pub(super) fn is_code(value: &[u8], rest: &[u8], is_spaced: bool) -> bool {
    let is_path = |byte: &u8| {
        byte.is_ascii_alphabetic() || matches!(*byte, b'_' | b'.' | b':' | b'>' | b'-' | b'&' | b'*' | b'!')
    };
    let is_part = |byte: &&u8| is_path(byte) || (is_spaced && byte.is_ascii_digit());
    let name = value.iter().take_while(is_part).count();
    let is_path_alone = name == value.len();
    if is_spaced {
        return matches!(value.first(), Some(b'<' | b'(' | b'[' | b'{' | b'*' | b'&' | b'|'))
            || (is_path_alone
                && value[..name.saturating_sub(1)].iter().any(|byte| b"._".contains(byte))
                && !value.iter().any(u8::is_ascii_digit))
            || (is_path_alone && rest.first() == Some(&b' ') && is_one_of(&KEYWORDS, value))
            || (name > 0
                && (matches!(value.get(name), Some(b'(' | b'[' | b'{'))
                    || (is_path_alone && rest.first() == Some(&b'<') && !rest.starts_with(b"</"))));
    }
    match &value[name..] {
        [] => [&b"self."[..], b"this.", b"config.", b"settings.", b"args.", b"options.", b"os.", b"process."]
            .iter()
            .any(|owner| value.starts_with(owner)),
        [.., b'['] => true,
        [b'(', arguments @ ..] => {
            name > 0 && (arguments.is_empty() || arguments.contains(&b')') || rest.first() == Some(&b')'))
        }
        _ => false,
    }
}

/// True for what is hardly anything but a secret: where only the look of a value can tell it from a word.
///
/// `ends_line`: nothing follows it, as in a file of settings; in the middle of a sentence more is asked for.
pub(super) fn is_random(value: &[u8], ends_line: bool) -> bool {
    let count = |is: fn(&u8) -> bool| value.iter().filter(|byte| is(byte)).count();
    let (digits, letters) = (count(u8::is_ascii_digit), count(u8::is_ascii_alphabetic));
    if matches!(value.first(), Some(b'/' | b'.' | b'\\')) || value.contains(&b'(') || is_date(value) {
        return false;
    }
    if value.windows(3).any(|window| window == b"://") || is_name(value) {
        return false;
    }
    let is_mixed = digits > 0 && letters > 0;
    (ends_line && value.len() >= 6 && (is_mixed || digits == value.len()))
        || (value.len() >= 8 && is_mixed && digits >= 2 && letters >= 2)
}

/// True for words in small letters that are joined, the last with at most two digits: the name of something, `db-credentials-2`;
/// and for three or more of which one says so, `default-token-x7k2p`.
fn is_name(value: &[u8]) -> bool {
    let is_joint = |byte: &u8| matches!(*byte, b'-' | b'_' | b'.' | b'/' | b':');
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let words = &value[..value.len() - digits];
    let is_small = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_lowercase() || is_joint(byte));
    let parts = || value.split(|byte| *byte == b'-');
    (digits <= 2 && words.iter().any(is_joint) && is_small(words))
        || (value.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
            && parts().nth(2).is_some()
            && parts().any(|part| is_one_of(&PARTS_OF_NAMES, part)))
}

/// True for a date, whatever follows: `2026-11-25T10:00:00Z`.
fn is_date(value: &[u8]) -> bool {
    matches!(value, [a, b, c, d, b'-' | b'/', e, f, b'-' | b'/', ..]
        if [a, b, c, d, e, f].iter().all(|byte| byte.is_ascii_digit()))
}

/// Words before an unquoted value that is one word in small letters: a word of a sentence, not a credential.
pub(super) fn is_word(value: &[u8]) -> bool {
    /// Longest word of a sentence.
    const WORD_MAX: usize = 16;
    value.len() <= WORD_MAX && value.iter().all(|byte| byte.is_ascii_lowercase() || !is_alnum(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_secrets() {
        for text in "*** * **** xxxx ... null None TRUE <password> <your-token> [REDACTED] [redacted] {password} {{token}} ${PASSWORD} \
             #{password} {0} {} ? ?? $1 $PASSWORD $_POST[ :password @p1 %s %(password)s %PASSWORD% required"
            .split(' ')
        {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
        for text in "hunter2 $ecret ${PASSWORD:-hunter2} <hunter2> @home :D1 %hunter2% xy".split(' ') {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
        assert!(is_placeholder(b""));
        assert!(is_masked(b"Bearer ***") && !is_masked(b"a**b"));
        assert!(!is_placeholder(&b"x".repeat(PLACEHOLDER_MAX + 1)));
    }

    #[test]
    fn random_texts_are_told_from_words() {
        for (text, ends_line, expected) in [
            ("hunter2", true, true),
            ("hunter2", false, false),
            ("correct-horse-9281", false, true),
            ("5f2a91c7", false, true),
            ("123456", true, true),
            ("123456", false, false),
            ("expired", true, false),
            ("db-credentials-2", true, false),
            ("v2", true, false),
            ("RS256", true, false),
            ("2026-11-25T10:00:00Z", true, false),
            ("/var/run/secrets/db1", true, false),
            ("https://a.b/c12", true, false),
            ("Ident(\"a1\")", true, false),
        ] {
            assert_eq!(is_random(text.as_bytes(), ends_line), expected, "{text}");
        }
    }

    #[test]
    fn code_is_told_from_secrets() {
        for (text, is_spaced, expected) in [
            ("get_password()", false, true),
            ("lexer.next(", true, true),
            ("config.secret", true, true),
            ("config.secret", false, true),
            ("correct.horse", false, false),
            ("tokens[", true, true),
            ("Literal::string(value", true, true),
            ("<I", true, true),
            ("letmein", true, false),
            ("hunter2", true, false),
            ("hunter2(", false, false),
            ("(abc)", false, false),
        ] {
            assert_eq!(is_code(text.as_bytes(), b"", is_spaced), expected, "{text}");
        }
    }
}
