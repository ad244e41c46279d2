//! The key that decides for all events of a trace, a correlation or a request.

use std::fmt::Write;

use trine_ring::{
    Arg,
    record::{BlockRef, ValueRef},
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
    let value = block.fields().find(|(k, _)| *k == *key).map(|(_, value)| value);
    match value {
        Some(ValueRef::Str(text)) => decide(&text.to_str()),
        Some(ValueRef::U64(number)) => decide(&number.to_string()),
        Some(ValueRef::I64(number)) => decide(&number.to_string()),
        _ => return false,
    }
    true
}

/// Text, and numbers by their digits. What must run the user's code to be read is formatted here, once more.
fn of_arg(arg: &Arg<'_>, decide: &mut dyn FnMut(&str)) -> bool {
    match arg {
        Arg::Str(text) => decide(text),
        Arg::U64(number) => decide(&number.to_string()),
        Arg::I64(number) => decide(&number.to_string()),
        Arg::Display(value) => {
            let mut text = String::new();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write!(text, "{value}")));
            if !matches!(outcome, Ok(Ok(()))) {
                return false;
            }
            decide(&text);
        }
        _ => return false,
    }
    true
}
