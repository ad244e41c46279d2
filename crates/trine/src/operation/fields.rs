//! The fields of a run: those of its start, encoded once for all its events, and those recorded on the way.
//!
//! Every value of an operation passes one of two functions here, [`start`] and [`record`]: what judges keys or values
//! before they are encoded belongs into them.

use std::fmt::Display;

use trine_model::key;
use trine_ring::{Arg, record::FieldBuffer};

use super::{
    current,
    id::OperationId,
    site::{OWN_KEYS, OperationSite},
};

/// Encodes the fields of the call, then the ids: what all events of the run carry.
#[inline]
pub(super) fn start(
    fields: &mut FieldBuffer,
    site: &OperationSite,
    args: &[Arg<'_>],
    id: OperationId,
    parent: Option<OperationId>,
) {
    const KEYS: &[&str] = &["operation_id", "parent"];
    const MASK: u64 = key::mask_bit("operation_id");
    const MASK_PARENT: u64 = key::mask_bit("parent");
    if !args.is_empty() {
        fields.append_masked(site.keys, args, site.key_mask);
    }
    let id = id.digits();
    match parent {
        None => fields.append_masked(&KEYS[..1], &[current::text_of(&id)], MASK),
        Some(parent) => {
            let parent = parent.digits();
            let ids = [current::text_of(&id), current::text_of(&parent)];
            fields.append_masked(KEYS, &ids, MASK | MASK_PARENT);
        }
    }
}

/// Sets a field that was recorded on the way. The keys that are an operation's own are kept with a `_` behind them.
pub(super) fn record(recorded: &mut FieldBuffer, key: &str, value: &Arg<'_>) {
    if OWN_KEYS.contains(&key) {
        recorded.set(&format!("{key}_"), value);
    } else {
        recorded.set(key, value);
    }
}

/// The fields of an ending, behind its duration: how it failed, what was recorded, the run's. A key comes once: the first
/// wins.
pub(super) fn ending(
    error: Option<&dyn Display>,
    reason: Option<&str>,
    recorded: &FieldBuffer,
    run: &FieldBuffer,
) -> FieldBuffer {
    let mut fields = FieldBuffer::new(current::buffer());
    if let Some(error) = error {
        fields.set("error", &Arg::Display(&error));
    }
    if let Some(reason) = reason {
        fields.set("reason", &Arg::Str(reason));
    }
    fields.extend_missing(recorded);
    fields.extend_missing(run);
    fields
}
