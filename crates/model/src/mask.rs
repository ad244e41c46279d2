//! Masks: what of a secret may be shown, which keys name secrets, and where secrets stand in a text.
//!
//! ```
//! use trine_model::mask::{self, Detectors, KeyPolicy, Treatment};
//!
//! // What may be shown of a value whose nature is known:
//! assert_eq!(mask::email("user@example.com"), "u***@example.com");
//! assert_eq!(mask::card("4111 1111 1111 1111"), "****-****-****-1111");
//! // Which keys name secrets, whatever their values look like:
//! assert_eq!(KeyPolicy::default().treatment("db_password"), Some(Treatment::Redact));
//! assert_eq!(KeyPolicy::default().treatment("token_id"), None);
//! // Secrets inside a text, known by their form:
//! let mut out = Vec::new();
//! assert!(Detectors::default().mask(b"GET /?api_key=5f2a91c7 failed", &mut out));
//! assert_eq!(out, b"GET /?api_key=*** failed");
//! ```
//!
//! All of it is pure: no I/O, no state, no dependency, total over any input, and time linear in the input.

mod detect;
mod keys;
mod partial;
mod treatment;
mod unknown;

pub(crate) use self::unknown::UnknownWord;
pub use self::{
    detect::{Detectors, Finding, Findings, GROWTH_MAX, Kind},
    keys::{KEY_LETTERS_MAX, KeyPolicy},
    partial::{KEPT_CHARS_MAX, MASKED_BYTES_MAX, card, email, iban, ip, keep_last, phone, token},
    treatment::Treatment,
};

/// What stands for a secret.
pub const MASKED: &str = "***";
