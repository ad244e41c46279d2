//! The fields of a run: those of its start, encoded once for all its events, and those recorded on the way.
//!
//! Every value of an operation passes one of two functions here, [`start`] and [`record`]: what judges keys or values
//! before they are encoded belongs into them.

use trine_ring::{
    Arg, clock,
    record::{FieldBuffer, KeptValues, RunIds, RunStart},
};

use super::site::{OWN_KEYS, OperationSite};
use crate::{
    callsite::{Callsite, NEEDS_MASKING},
    emit,
    error::Facts,
    logger::Logger,
    masks,
};

/// Encodes the fields of the call and the ids, which all events of the run carry, and emits the start when it is on.
#[inline(always)]
pub(super) fn start(
    kept: &mut KeptValues,
    site: &'static OperationSite,
    logger: Option<&Logger>,
    args: &[Arg<'_>],
    ids: RunIds,
) -> Started {
    let [of_root, of_child] = &site.started;
    let started = if ids.parent == 0 { of_root } else { of_child };
    let context = logger.and_then(Logger::block).unwrap_or_default();
    // Asked first: the first time this is what finds out whether the masks name a key.
    if started.is_on() && started.needs() & NEEDS_MASKING == 0 {
        return Started { ticks: emit::push_start(started, args, ids, context, kept), is_seen: true };
    }
    start_rarely(kept, site, started, args, ids, context)
}

/// As [`start`], where the masks name a key, or nobody sees the start but perhaps the end.
#[cold]
#[inline(never)]
fn start_rarely(
    kept: &mut KeptValues,
    site: &'static OperationSite,
    started: &'static Callsite,
    args: &[Arg<'_>],
    ids: RunIds,
    context: &[u8],
) -> Started {
    let (ticks, is_seen) = (clock::ticks(), started.is_on());
    let mut begin = |args: &[Arg<'_>]| {
        if is_seen {
            emit::push_start_slowly(started, args, ids, context, kept, ticks);
        } else {
            masks::written(args, |args| kept.encode(&RunStart { args, ids, context }));
        }
    };
    if started.needs() & NEEDS_MASKING == 0 {
        begin(args);
    } else {
        masks::named(site.keys, args, begin);
    }
    Started { ticks, is_seen }
}

/// When a run started, and whether anybody saw it.
pub(super) struct Started {
    pub(super) ticks: u64,
    pub(super) is_seen: bool,
}

/// Sets a field that was recorded on the way. The keys that are an operation's own are kept with a `_` behind them.
pub(super) fn record(recorded: &mut FieldBuffer, key: &str, value: &Arg<'_>) {
    masks::field(key, value, |value| {
        if OWN_KEYS.contains(&key) {
            recorded.set(&format!("{key}_"), value);
        } else {
            recorded.set(key, value);
        }
    });
}

/// The fields of an ending, behind its duration: how it failed, what was recorded, the run's. A key comes once: the first
/// wins.
pub(super) fn ending(
    fields: &mut FieldBuffer,
    facts: Option<&Facts>,
    reason: Option<&str>,
    recorded: &FieldBuffer,
    site: &OperationSite,
    kept: &KeptValues,
) {
    fields.clear();
    if let Some(facts) = facts {
        fields.set("error", &facts.message.as_arg());
    }
    if let Some(reason) = reason {
        fields.set("reason", &Arg::Str(reason));
    }
    if let Some(facts) = facts {
        facts.fields(&mut |key, value| fields.set(key, value));
    }
    fields.extend_missing(recorded);
    fields.extend_missing_kept(site.keys, kept);
}
