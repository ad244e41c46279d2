//! The masks in force, and where they are laid over values.
//!
//! Keys decide before anything is stored: those of a callsite once ([`Masking::names_any`]), then by [`named`]; those of contexts,
//! of operations and of stages by [`field`]; those inside values by [`written`] and [`cover`]. Texts are searched where that
//! does not delay the caller: plain texts of calls where they are rendered ([`Screen::shown`]). What is formatted at the call
//! anyway, what contexts hold and what errors say ([`first`]) is searched before it is stored, and not again.

mod masking;
mod screen;
mod shown;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    cell::Cell,
    sync::{Arc, OnceLock},
};

use trine_model::mask::{MASKED, Treatment};
use trine_ring::{
    Arg,
    record::{self, Record, ValueRef},
};

use self::screen::Known;
use self::shown::Shown;
pub(crate) use self::{masking::Masking, screen::Screen};
use crate::{config::Settings, pipeline};

thread_local! {
    /// The masks that this thread used last.
    static SEEN: Cell<Option<Seen>> = const { Cell::new(None) };
}

/// Masks, the version of the configuration that they are of, and which texts hold nothing that they cover.
struct Seen {
    version: u64,
    masking: Arc<Masking>,
    known: Known,
}

/// Hands over the masks in force. The user's code may run in `f`, and may come here again.
///
/// Cost: a few nanoseconds; a look at the configuration after it changed, and in a thread that ends.
pub(crate) fn with<T>(f: impl FnOnce(&Masking) -> T) -> T {
    with_known(|masking, _| f(masking))
}

/// As [`with`], with what the thread remembers of texts.
fn with_known<T>(f: impl FnOnce(&Masking, &mut Known) -> T) -> T {
    let version = pipeline::version();
    // Taken out while it is used: no count of references that all threads would pass around.
    let seen = SEEN.try_with(Cell::take).ok().flatten().filter(|seen| seen.version == version);
    let mut seen = seen.unwrap_or_else(|| Seen { version, masking: in_force(), known: Known::default() });
    let done = f(&seen.masking, &mut seen.known);
    let _ = SEEN.try_with(|place| place.set(Some(seen)));
    done
}

/// What was configured; before the start, what the file and the variables say, for contexts that are bound so early.
#[cold]
fn in_force() -> Arc<Masking> {
    static BEFORE_THE_START: OnceLock<Arc<Masking>> = OnceLock::new();
    if let Some(config) = pipeline::config() {
        return config.masking.clone();
    }
    let load = || {
        // What is wrong in them is reported at the start.
        let (settings, _) = Settings::load_from_process(Settings::default());
        Arc::new(Masking::new(&settings.masks.unwrap_or_default()))
    };
    BEFORE_THE_START.get_or_init(load).clone()
}

/// Hands over the arguments as they may be written under these keys: one of which names a secret.
pub(crate) fn named<T>(keys: &[&str], args: &[Arg<'_>], f: impl FnOnce(&[Arg<'_>]) -> T) -> T {
    with(|masking| {
        let treatments: Vec<_> = keys.iter().map(|key| masking.treatment(key)).collect();
        let is_simple = |(treatment, arg): (&Option<Treatment>, &Arg<'_>)| {
            matches!(treatment, Some(Treatment::Redact)) || (treatment.is_none() && arg.is_plain())
        };
        if !treatments.iter().zip(args).all(is_simple) {
            return relayed(masking, &treatments, args, f);
        }
        let args = treatments.iter().zip(args).map(|(treatment, arg)| match (treatment, arg) {
            // What is nothing stays nothing.
            (None, _) | (Some(_), Arg::Null) => *arg,
            (Some(_), _) => Arg::Str(MASKED),
        });
        f(&args.collect::<Vec<_>>())
    })
}

/// Hands over the arguments, and in place of those that write themselves what may be shown of what they wrote.
pub(crate) fn written<T>(args: &[Arg<'_>], f: impl FnOnce(&[Arg<'_>]) -> T) -> T {
    if args.iter().all(Arg::is_plain) {
        return f(args);
    }
    with(|masking| relayed(masking, &[], args, f))
}

/// Hands over what may be shown of the arguments, read from a record of them.
fn relayed<T>(
    masking: &Masking,
    treatments: &[Option<Treatment>],
    args: &[Arg<'_>],
    f: impl FnOnce(&[Arg<'_>]) -> T,
) -> T {
    let mut bytes = Vec::new();
    record::encode(&mut bytes, 0, 0, args, &[]);
    let treatments = treatments.iter().copied().chain(std::iter::repeat(None));
    let shown: Vec<_> =
        values(&bytes).zip(treatments).map(|(value, treatment)| masking.show(value, treatment)).collect();
    f(&shown.iter().map(|shown| Arg::Dyn(shown)).collect::<Vec<_>>())
}

/// Looks at those values of an encoded record that wrote themselves; `encode` writes it anew where something in them is not to be
/// shown. Plain texts are looked at where they are rendered.
pub(crate) fn cover(record: &mut Vec<u8>, args: &[Arg<'_>], encode: impl FnOnce(&mut Vec<u8>, &[Arg<'_>])) {
    with_known(|masking, known| {
        if are_clean(masking, known, record, args) {
            return;
        }
        let bare = std::mem::take(record);
        let shown: Vec<Shown<'_>> = values(&bare).map(|value| masking.show(value, None)).collect();
        encode(record, &shown.iter().map(|shown| Arg::Dyn(shown)).collect::<Vec<_>>());
    });
}

/// True when nothing in the values that wrote themselves is to be covered.
fn are_clean(masking: &Masking, known: &mut Known, record: &[u8], args: &[Arg<'_>]) -> bool {
    let Some(record) = Record::new(record) else { return true };
    let mut values = record.values();
    let mut behind = 0;
    for arg in args {
        if arg.is_plain() {
            behind += 1;
            continue;
        }
        match values.nth(std::mem::take(&mut behind)) {
            Some(value) if known.is_clean_value(masking, &value) => {}
            Some(_) => return false,
            None => return true,
        }
    }
    true
}

/// Searches the plain texts of an encoded record, too, for one that is not rendered by itself; the rest of it was looked at before.
pub(crate) fn cover_texts(record: &mut Vec<u8>) {
    with_known(|masking, known| {
        let Some(read) = Record::new(record) else { return };
        if read.values().any_text(|text| !known.is_clean(masking, text)) {
            let mut masked = Vec::new();
            masking.write_masked(&read, &mut masked);
            *record = masked;
        }
    });
}

/// Hands over the value as it may be written under this key, looked at in full: for fields that are not looked at again.
pub(crate) fn field(key: &str, value: &Arg<'_>, put: impl FnOnce(&Arg<'_>)) {
    with(|masking| match (masking.treatment(key), value) {
        (_, Arg::Null) => put(value),
        (Some(Treatment::Redact), _) => put(&Arg::Str(MASKED)),
        (None, Arg::Str(text)) if masking.is_clean_text(text.as_bytes()) => put(value),
        (None, value) if value.is_plain() && !matches!(value, Arg::Str(_)) => put(value),
        (treatment, value) => {
            let mut bytes = Vec::new();
            record::encode(&mut bytes, 0, 0, std::slice::from_ref(value), &[]);
            let value = values(&bytes).next().unwrap_or(ValueRef::Null);
            put(&Arg::Dyn(&masking.show(value, treatment)));
        }
    });
}

/// What may be shown of the first `bytes` of a text that says what went wrong; all of it is looked at. The gate of all error text,
/// before it is stored anywhere.
pub(crate) fn first(text: &str, bytes: usize) -> Cow<'_, str> {
    with(|masking| masking.first(text, bytes))
}

fn values(record: &[u8]) -> impl Iterator<Item = ValueRef<'_>> {
    Record::new(record).into_iter().flat_map(|record| record.values())
}
