//! The key that decides for all events of a trace, a correlation or a request.

use trine_ring::{
    Arg,
    record::{self, BlockRef, Record, ValueRef},
};

use crate::{callsite::Callsite, logger::Logger};

/// Keys that decide, the first there is.
const KEYS: [&str; 3] = ["trace_id", "correlation_id", "request_id"];

/// Calls `decide` with the text of the event's key; false when it has none.
///
/// Shape: for each of [`KEYS`] the call's own fields, then the logger's, then the scope's.
pub(crate) fn key_of(
    site: &Callsite,
    args: &[Arg<'_>],
    logger: Option<&Logger>,
    scope: &Logger,
    decide: &mut dyn FnMut(&str),
) -> bool {
    for key in KEYS {
        if let Some(arg) = site.keys().iter().position(|k| *k == key).and_then(|at| args.get(at))
            && of_arg(arg, decide)
        {
            return true;
        }
        let blocks = [logger, Some(scope)].into_iter().flatten().filter_map(Logger::fields_ref);
        for block in blocks {
            if of_block(block, key, decide) {
                return true;
            }
        }
    }
    false
}

fn of_block(block: BlockRef<'_>, key: &str, decide: &mut dyn FnMut(&str)) -> bool {
    block.fields().find(|(k, _)| *k == *key).is_some_and(|(_, value)| of_value(&value, decide))
}

/// Plain text as it is; everything else as it would be read from the record, formatted once more.
fn of_arg(arg: &Arg<'_>, decide: &mut dyn FnMut(&str)) -> bool {
    if let Arg::Str(text) = arg {
        decide(text);
        return true;
    }
    let mut bytes = Vec::new();
    record::encode(&mut bytes, 0, 0, std::slice::from_ref(arg), &[]);
    Record::new(&bytes)
        .and_then(|record| record.values().next())
        .is_some_and(|value| of_value(&value, decide))
}

/// Text, and numbers by their digits. Nothing else is an id.
fn of_value(value: &ValueRef<'_>, decide: &mut dyn FnMut(&str)) -> bool {
    match value {
        ValueRef::Str(text) => decide(&text.to_str()),
        ValueRef::U64(number) => decide(&number.to_string()),
        ValueRef::I64(number) => decide(&number.to_string()),
        ValueRef::U128(number) => decide(&number.to_string()),
        _ => return false,
    }
    true
}
