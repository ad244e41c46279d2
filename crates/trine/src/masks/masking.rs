//! What is masked: keys, texts, and what makes pseudonyms.

use std::borrow::Cow;

use trine_model::mask::{Detectors, KeyPolicy, Treatment};
use trine_ring::record::ValueRef;

use super::shown::Shown;
use crate::mask::{Masks, Pseudonymizer, is_pseudonym};

/// Which keys are masked, what texts are searched for, and what makes pseudonyms. Never changed, only replaced.
#[derive(Clone, Debug)]
pub(crate) struct Masking {
    keys: KeyPolicy,
    detectors: Detectors,
    pseudonymizer: Pseudonymizer,
}

impl Masking {
    /// What is always masked, with these changes. What is wrong in them is reported.
    pub(crate) fn new(masks: &Masks) -> Masking {
        let pseudonymizer = masks.pseudonymizer();
        if masks.is_plain() {
            return Masking { keys: KeyPolicy::default(), detectors: Detectors::default(), pseudonymizer };
        }
        let keys = masks.key_policy();
        let detectors = Detectors::default().keys(keys.clone());
        let detectors =
            masks.kinds().fold(
                detectors,
                |detectors, (kind, is_on)| {
                    if is_on { detectors.with(kind) } else { detectors.without(kind) }
                },
            );
        Masking { keys, detectors, pseudonymizer }
    }

    pub(crate) fn pseudonymizer(&self) -> &Pseudonymizer {
        &self.pseudonymizer
    }

    /// True when values under one of these keys are masked.
    pub(crate) fn names_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.treatment(key).is_some())
    }

    /// What becomes of a value under this key.
    pub(super) fn treatment(&self, key: &str) -> Option<Treatment> {
        self.keys.treatment(key)
    }

    /// What the treatment shows of a text.
    pub(crate) fn apply(&self, treatment: Treatment, text: &str) -> String {
        match treatment {
            Treatment::Pseudonym if is_pseudonym(text) => text.to_owned(),
            Treatment::Pseudonym => self.pseudonymizer.of(text),
            treatment => treatment.apply(text),
        }
    }

    /// True when there is no secret in the text.
    pub(super) fn is_clean_text(&self, text: &[u8]) -> bool {
        self.detectors.is_clean(text)
    }

    /// What may be shown of the text.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.first(text, text.len())
    }

    /// What may be shown of the first `bytes` of the text, which end a character. All of it is looked at.
    pub(super) fn first<'a>(&self, text: &'a str, bytes: usize) -> Cow<'a, str> {
        let mut masked = Vec::new();
        if !self.detectors.mask_first(text.as_bytes(), bytes, &mut masked) {
            return Cow::Borrowed(&text[..bytes]);
        }
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// The value as it may be shown.
    pub(super) fn show<'a>(&'a self, value: ValueRef<'a>, treatment: Option<Treatment>) -> Shown<'a> {
        Shown { masking: self, value, treatment }
    }
}
