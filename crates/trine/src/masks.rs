//! Keys that name secrets: their values are masked before they enter a ring.
//!
//! A key counts in any case and with `-`, `.` or `_` between its words, whole or as the end of a longer one: `password`,
//! `X-Api-Key`, `db_password`. What only speaks of a secret (`token_id`, `password_changed`) is left alone.

use trine_ring::Arg;

/// What stands for a secret.
const MASKED: &str = "***";

/// Ends of keys whose values are secrets.
const SECRET_KEYS: [&str; 16] = [
    "access_token",
    "api_key",
    "apikey",
    "auth_token",
    "authorization",
    "client_secret",
    "cookie",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "pwd",
    "refresh_token",
    "secret",
    "secret_key",
    "token",
];

/// True when values under this key are masked.
pub(crate) fn names(key: &str) -> bool {
    SECRET_KEYS.iter().any(|secret| ends_in_words(key.as_bytes(), secret.as_bytes()))
}

/// The value as it may be written under this key.
pub(crate) fn value<'a>(key: &str, arg: &Arg<'a>) -> Arg<'a> {
    match arg {
        // What is nothing stays nothing.
        Arg::Null => Arg::Null,
        _ if names(key) => Arg::Str(MASKED),
        arg => *arg,
    }
}

/// The values as they may be written under these keys.
pub(crate) fn values<'a>(keys: &[&str], args: &[Arg<'a>]) -> Vec<Arg<'a>> {
    keys.iter().zip(args).map(|(key, arg)| value(key, arg)).collect()
}

/// True when `key` is `words`, or ends in them behind a separator.
fn ends_in_words(key: &[u8], words: &[u8]) -> bool {
    let is_separator = |byte: u8| matches!(byte, b'_' | b'-' | b'.');
    let Some(start) = key.len().checked_sub(words.len()) else { return false };
    let is_same = key[start..]
        .iter()
        .zip(words)
        .all(|(a, b)| a.eq_ignore_ascii_case(b) || (*b == b'_' && is_separator(*a)));
    is_same && (start == 0 || is_separator(key[start - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bind, info, testing};

    #[test]
    fn keys_that_name_secrets_are_told_from_those_that_speak_of_them() {
        for key in ["password", "Password", "db_password", "X-Api-Key", "http.authorization", "token"] {
            assert!(names(key), "{key}");
        }
        for key in ["token_id", "token_type", "session_id", "key", "password_changed", "secretary", "mytoken"]
        {
            assert!(!names(key), "{key}");
        }
    }

    #[test]
    fn a_secret_is_masked_in_the_call_and_in_the_context() {
        let captured = testing::capture();
        let none: Option<&str> = None;
        info!(bind!(api_key = "hush"), "auth_login_success", user_id = 7, password = "hush", token = none);
        let event = format!("{:?}", captured.events());
        assert!(!event.contains("hush") && event.matches("***").count() == 2, "{event}");
        assert!(event.contains("Null"), "{event}");
    }
}
