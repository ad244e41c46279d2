//! Keys that name secrets: their values are masked before they enter a ring.
//!
//! A key counts in any case and with `-`, `.` or `_` between its words, whole or as the end of a longer one: `password`,
//! `X-Api-Key`, `db_password`. What only speaks of a secret (`token_id`, `password_changed`) is left alone.

use std::sync::{Arc, LazyLock};

use trine_ring::{Arg, record::BlockBuilder};

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

/// Which keys are masked.
#[derive(Debug, Default)]
pub(crate) struct Masks {}

static DEFAULTS: LazyLock<Arc<Masks>> = LazyLock::new(Arc::default);

impl Masks {
    /// What is masked where nothing is said.
    pub(crate) fn defaults() -> Arc<Masks> {
        Arc::clone(&DEFAULTS)
    }

    /// True when values under this key are masked.
    pub(crate) fn names(&self, key: &str) -> bool {
        SECRET_KEYS.iter().any(|secret| ends_in_words(key.as_bytes(), secret.as_bytes()))
    }

    /// Sets a field of a context.
    pub(crate) fn set(&self, builder: &mut BlockBuilder, key: &str, arg: &Arg<'_>) {
        builder.set(key, if self.names(key) { masked(arg) } else { arg });
    }

    /// Hands the arguments to `emit`, with a mask in place of those whose keys are named.
    pub(crate) fn with_masked(&self, keys: &[&str], args: &[Arg<'_>], emit: impl FnOnce(&[Arg<'_>])) {
        if !keys.iter().any(|key| self.names(key)) {
            return emit(args);
        }
        let masked: Vec<Arg<'_>> = keys
            .iter()
            .zip(args)
            .map(|(key, arg)| if self.names(key) { *masked(arg) } else { *arg })
            .collect();
        emit(&masked);
    }
}

/// The mask; what is nothing stays nothing.
fn masked<'a>(arg: &Arg<'_>) -> &'a Arg<'a> {
    if matches!(arg, Arg::Null) { &Arg::Null } else { &Arg::Str(MASKED) }
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
        let masks = Masks::default();
        for key in ["password", "Password", "db_password", "X-Api-Key", "http.authorization", "token"] {
            assert!(masks.names(key), "{key}");
        }
        for key in ["token_id", "token_type", "session_id", "key", "password_changed", "secretary", "mytoken"]
        {
            assert!(!masks.names(key), "{key}");
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
