//! The events of an operation's run, which share what was kept of its start.

use trine_ring::{
    Arg, Producer, Push, clock,
    record::{KeptValues, RunIds, RunStart},
};

use super::{Body, LOCAL, Local, context, push_slowly, wake_if_parked};
use crate::{callsite::Callsite, masks, pipeline};

/// The first event of an operation's run. Its values and its context are left in `kept`, for the others; the time is
/// returned.
#[inline(always)]
pub(crate) fn push_start(
    site: &'static Callsite,
    args: &[Arg<'_>],
    ids: RunIds,
    context: &[u8],
    kept: &mut KeptValues,
) -> u64 {
    let ticks = clock::ticks();
    let is_done = push_run(site, |producer, scope| {
        producer.push_start(site.id(), ticks, &RunStart { args, ids, context }, kept, scope) == Push::Done
    });
    if !is_done {
        push_start_slowly(site, args, ids, context, kept, ticks);
    }
    ticks
}

/// As [`push_start`] where the short way cannot be gone, or the masks have changed the arguments.
#[cold]
#[inline(never)]
pub(crate) fn push_start_slowly(
    site: &'static Callsite,
    args: &[Arg<'_>],
    ids: RunIds,
    context: &[u8],
    kept: &mut KeptValues,
    ticks: u64,
) {
    // Not as one `RunStart`: one that is handed over here is put together on the short way, too.
    masks::written(args, |args| kept.encode(&RunStart { args, ids, context }));
    push_kept(site, None, kept, ticks);
}

/// The last event of a run, with nothing more to say than how long it took.
#[inline(always)]
pub(crate) fn push_end(ticks: u64, site: &'static Callsite, duration_ms: f64, kept: &KeptValues) {
    let is_done = push_run(site, |producer, scope| {
        producer.push_end(site.id(), ticks, duration_ms, kept, scope) == Push::Done
    });
    if !is_done {
        push_kept(site, Some(duration_ms), kept, ticks);
    }
}

/// An event of a run, of what was kept, by the longer way.
#[cold]
#[inline(never)]
fn push_kept(site: &'static Callsite, first: Option<f64>, kept: &KeptValues, ticks: u64) {
    push_slowly(site, &[], &[], Body::Kept(first, kept), ticks);
    wake_if_parked(pipeline::flags());
}

/// The short way of an operation's event; false when it cannot be gone.
#[inline(always)]
fn push_run(site: &'static Callsite, push: impl FnOnce(&mut Producer, &[u8]) -> bool) -> bool {
    let flags = pipeline::flags();
    let done = LOCAL.try_with(|local| {
        let Ok(mut local) = local.try_borrow_mut() else { return false };
        let Local { producer: Some(producer), tally, scope, is_diverted: false, .. } = &mut *local else {
            return false;
        };
        let is_done = flags & pipeline::FLAG_INLINE == 0 && push(producer, context(Some(scope)));
        if is_done && !tally.count(site) {
            site.count_apart();
        }
        is_done
    });
    wake_if_parked(flags);
    matches!(done, Ok(true))
}

/// Another event of a run: at a time that was read before, with its fields as a block and the run's context.
#[inline(never)]
pub(crate) fn push_at_length(
    ticks: u64,
    site: &'static Callsite,
    context: &[u8],
    fields: &[u8],
    duration_ms: f64,
) {
    let flags = pipeline::flags();
    // Not the short way of `push`: with a second caller that would no longer be inlined, which costs every event 4 %.
    push_slowly(site, context, fields, Body::Args(&[Arg::F64(duration_ms)]), ticks);
    wake_if_parked(flags);
}
