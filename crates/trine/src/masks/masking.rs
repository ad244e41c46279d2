//! What is masked: keys, texts, and what makes pseudonyms.

use std::borrow::Cow;

use trine_model::mask::{Detectors, KeyPolicy, MASKED, Treatment};
use trine_ring::{
    Arg,
    record::{self, Record, Text, ValueRef},
};

use super::shown::Shown;
use crate::{
    event::EventRef,
    mask::{Masks, Pseudonymizer},
};

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

    /// True when there is no secret in the text.
    pub(super) fn is_clean_text(&self, text: &[u8]) -> bool {
        self.detectors.is_clean(text)
    }

    /// What may be shown of the text.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Vec::new();
        if !self.detectors.mask(text.as_bytes(), &mut masked) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// True when the value can be shown as it is: no text in it holds a secret, no key in it names one.
    pub(super) fn is_clean(&self, value: &ValueRef<'_>) -> bool {
        match value {
            ValueRef::Str(text) | ValueRef::Failed(text) => self.is_clean_text(text.as_bytes()),
            ValueRef::List(list) => list.items().all(|item| self.is_clean(&item)),
            ValueRef::Map(map) => map.entries().all(|(key, value)| self.is_clean_entry(key, &value)),
            _ => true,
        }
    }

    fn is_clean_entry(&self, key: Text<'_>, value: &ValueRef<'_>) -> bool {
        self.is_clean_text(key.as_bytes())
            && match self.treatment(&key.to_str()) {
                None => self.is_clean(value),
                Some(_) => *value == ValueRef::Null || *value == *MASKED,
            }
    }

    /// The value as it may be shown.
    pub(super) fn show<'a>(&'a self, value: ValueRef<'a>, treatment: Option<Treatment>) -> Shown<'a> {
        Shown { masking: self, value, treatment }
    }

    /// The event as it may be shown: itself, unless one of its call's texts holds a secret. `bytes` is where it is written then;
    /// kept by the caller, so that its memory is used again.
    ///
    /// What else there is in it was looked at before it was stored: see [the module](super).
    #[inline]
    pub(crate) fn shown<'a>(&self, event: EventRef<'a>, bytes: &'a mut Vec<u8>) -> EventRef<'a> {
        let is_clean = |value| match value {
            ValueRef::Str(text) => self.is_clean_text(text.as_bytes()),
            _ => true,
        };
        if event.record.values().all(is_clean) { event } else { self.masked(event, bytes) }
    }

    #[cold]
    fn masked<'a>(&self, event: EventRef<'a>, bytes: &'a mut Vec<u8>) -> EventRef<'a> {
        let record = event.record;
        let shown: Vec<Shown<'_>> = record.values().map(|value| self.show(value, None)).collect();
        let args: Vec<Arg<'_>> = shown.iter().map(|shown| Arg::Dyn(shown)).collect();
        bytes.clear();
        record::encode(bytes, record.site(), record.ticks(), &args, &[record.values().blocks_bytes()]);
        record::set_flags(bytes, record.flags());
        // What was just written is a record.
        Record::new(bytes).map_or(event, |record| EventRef { record, ..event })
    }
}
