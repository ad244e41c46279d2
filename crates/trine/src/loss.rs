//! Loss is an event: `trine_events_lost` says how many of which.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use trine_ring::{Arg, clock, record};

use crate::{
    callsite::{self, Callsite},
    pipeline::SELF_LEVEL,
    tally,
};

/// Least time between two reports, so that a long trouble does not fill the log with its own description.
const REPORT_PAUSE: Duration = Duration::from_secs(1);

static SITE: Callsite =
    Callsite::new("trine_events_lost", SELF_LEVEL, (module_path!(), file!(), line!()), &["lost", "names"]);

/// Losses that were told.
static TOLD: AtomicU64 = AtomicU64::new(0);

/// True when something was lost of which no event tells yet.
#[inline]
pub(crate) fn is_untold() -> bool {
    callsite::lost_total() != TOLD.load(Ordering::Relaxed)
}

/// Remembers what has been reported.
pub(crate) struct LossReport {
    total: u64,
    names: BTreeMap<&'static str, u64>,
    last: Option<Instant>,
}

impl LossReport {
    pub(crate) const fn new() -> LossReport {
        LossReport { total: 0, names: BTreeMap::new(), last: None }
    }

    /// The record of the event, when something was lost since the last one. `now` also within the pause.
    pub(crate) fn due(&mut self, now: bool) -> Option<(&'static Callsite, Vec<u8>)> {
        let total = callsite::lost_total();
        let is_early = self.last.is_some_and(|last| last.elapsed() < REPORT_PAUSE);
        if total == self.total || (is_early && !now) {
            return None;
        }
        let lost = total - self.total;
        self.total = total;
        TOLD.store(total, Ordering::Relaxed);
        self.last = Some(Instant::now());
        let all = callsite::lost_by_name();
        let names: BTreeMap<&str, u64> = all
            .iter()
            .map(|(name, count)| (*name, count - self.names.get(name).copied().unwrap_or(0)))
            .filter(|(_, count)| *count > 0)
            .collect();
        self.names = all;
        if SITE.id() == 0 {
            SITE.register();
        }
        SITE.count_apart();
        tally::set_aside();
        let mut bytes = Vec::new();
        record::encode(&mut bytes, SITE.id(), clock::ticks(), &[Arg::U64(lost), Arg::Dyn(&names)], &[]);
        Some((&SITE, bytes))
    }
}
