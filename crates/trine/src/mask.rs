//! Masks: values that are never shown whole, and what of them is shown.
//!
//! ```
//! use trine::{Secret, info, mask};
//!
//! let captured = trine::testing::capture();
//! let password = Secret::new("hunter2");
//! info!("user_login", email = mask::email("user@example.com"), password, card = mask::card("4111 1111 1111 1111"));
//! let line = format!("{:?}", captured.events());
//! assert!(line.contains("u***@example.com") && line.contains("****-****-****-1111") && !line.contains("hunter2"));
//! ```
//!
//! There are four ways to keep a secret out of the log, from the surest to the most forgiving:
//!
//! - **The type**: [`Secret`] shows nothing, [`Masked`] shows what its mask shows, wherever they are logged or printed.
//! - **The call**: [`email`], [`card`], [`phone`], [`iban`], [`ip`], [`token`], [`keep_last`], [`pseudonym`] around a value.
//! - **The key**: what stands under a key that names a secret (`password`, `X-Api-Key`, `cardNumber`) is masked, at any depth.
//! - **The form**: texts are searched for what has the form of a secret: card numbers, tokens, private keys, `password=...`.
//!
//! The first three work before an event is stored anywhere. See `docs/masks.md` for the keys and forms, and for what is
//! searched where; [`Masks`] and `[masks]` in `trine.toml` change them.

mod masked;
mod pseudonym;
mod rules;
mod secret;

pub(crate) use self::pseudonym::is_pseudonym;
pub use trine_model::mask::{
    Detectors, KeyPolicy, Kind, MASKED, Treatment, card, email, iban, ip, keep_last, phone, token,
};

pub use self::{
    masked::Masked,
    pseudonym::{
        PSEUDONYM_KEY_BYTES_MAX, PSEUDONYM_KEY_BYTES_MIN, PSEUDONYM_LETTERS, PseudonymKeyError,
        Pseudonymizer, pseudonym,
    },
    rules::{MASK_RULES_MAX, Masks, set_masks},
    secret::Secret,
};
