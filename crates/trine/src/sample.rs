//! Sampling: which events are kept when there are too many of a kind.
//!
//! ```
//! use std::time::Duration;
//! use trine::{debug, info, sample};
//!
//! info!(sample: 0.01, "cache_hit", key = "user:123");                      // one in a hundred, by chance
//! info!(sample: sample::per_second(100), "page_view", page = "/");         // at most a hundred a second
//! info!(sample: sample::first(10).then_every(100), "item_processed");      // the first ten of each second, then every 100th
//! debug!(sample: sample::by_key(0.1), "database_query_started");           // all or nothing of a trace or request
//! info!(sample: sample::by(0.1, "user_123"), "feature_accessed");          // all or nothing of this key
//! ```
//!
//! What is kept says so: `sampled` is true, and `sample_rate` is the share that was kept, so that an event stands for
//! `1 / sample_rate` events and sums over those weights are right. What is dropped is counted (`trine::counts()` counts
//! what happened, not what was kept), and evaluates no argument where the decision needs none.
//!
//! # Can it be changed while the program runs?
//! Yes, by name: `TRINE_SAMPLE=cache_hit=0.01,database_query=first:10/100`, `sample` in `trine.toml`, [`Setup::sample`] or
//! [`set_sampling`]. A rule wins over what the code says. Events at `error` and above are kept whatever the rules say, unless
//! a rule ends in `!`; where a `sample:` stands in an `error!`, it was asked for.
//!
//! # What does "by key" look at?
//! The first of `trace_id`, `correlation_id` and `request_id` that the event has, in its own fields, its logger's or the
//! scope's. Whoever decides by the same key at the same rate keeps the same: see [`trine_model::sample`]. An event without
//! such a field is kept by chance.
//!
//! [`Setup::sample`]: crate::Setup::sample

mod fields;
mod rules;
mod state;

use std::time::Duration;

use trine_model::sample::keeps;

pub use self::rules::{RATE_RULES_MAX, SampleRules, set_sampling};
pub(crate) use self::{
    fields::key_of,
    rules::{read, rule_for, rule_number},
    state::SampleState,
};
use trine_ring::clock;

use crate::random;

/// Period of [`first`] and [`per_second`].
const PERIOD: Duration = Duration::from_secs(1);
/// From this period on a coarse clock will do: it is wrong by a hundredth at most.
const COARSE_PERIOD_MIN: Duration = Duration::from_nanos(100 * clock::COARSE_NS);

/// How a kind of event is sampled. From a rate (`0.01`) or the functions of [this module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample(pub(crate) Kind);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// By chance, at this rate.
    Rate(f64),
    /// The first `first` of a period, then every `every`th; zero is none.
    First { first: u32, every: u32, period: Duration },
    /// By the event's key, at this rate.
    ByKey(f64),
    /// Decided already.
    Decided { keep: bool, rate: f64 },
}

/// At most so many events a second, for each place in the code.
///
/// The first that come are kept; each that is kept stands for those dropped since the one before.
pub const fn per_second(events: u32) -> Sample {
    Sample(Kind::First { first: events, every: 0, period: PERIOD })
}

/// The first `events` of each second, for each place in the code; see [`Sample::then_every`] and [`Sample::per`].
pub const fn first(events: u32) -> Sample {
    per_second(events)
}

/// This share of all traces (or correlations, or requests), each of them whole. See the [module](self) for the key.
pub const fn by_key(rate: f64) -> Sample {
    Sample(Kind::ByKey(rate))
}

/// This share of all keys: the same answer for the same key, in every process and language.
pub fn by(rate: f64, key: &str) -> Sample {
    Sample(Kind::Decided { keep: keeps(key, rate), rate })
}

impl Sample {
    /// After the first ones, every `nth` is kept, too, and says that it stands for so many.
    #[must_use]
    pub const fn then_every(self, nth: u32) -> Sample {
        match self.0 {
            Kind::First { first, period, .. } => Sample(Kind::First { first, every: nth, period }),
            _ => self,
        }
    }

    /// The period in which the first ones are counted. Default: a second. At least a millisecond.
    #[must_use]
    pub const fn per(self, period: Duration) -> Sample {
        match self.0 {
            Kind::First { first, every, .. } => Sample(Kind::First { first, every, period }),
            _ => self,
        }
    }
}

impl Sample {
    /// True when it decides before the arguments are looked at.
    #[inline]
    pub(crate) fn needs_no_key(&self) -> bool {
        !matches!(self.0, Kind::ByKey(_))
    }
}

/// What can stand behind `sample:`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a way to sample",
    label = "not a rate",
    note = "write a rate from 0.0 to 1.0, as in `sample: 0.01`, or a function of `trine::sample`, as in \
            `sample: sample::per_second(100)`"
)]
pub trait IntoSample {
    fn into_sample(self) -> Sample;
}

impl IntoSample for Sample {
    #[inline]
    fn into_sample(self) -> Sample {
        self
    }
}

impl IntoSample for f64 {
    #[inline]
    fn into_sample(self) -> Sample {
        Sample(Kind::Rate(self))
    }
}

impl IntoSample for f32 {
    #[inline]
    fn into_sample(self) -> Sample {
        Sample(Kind::Rate(self.into()))
    }
}

/// What becomes of one event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    Drop,
    /// Kept; it stands for `1 / rate` events.
    Keep {
        rate: f64,
    },
}

impl Decision {
    fn keep_if(keep: bool, rate: f64) -> Decision {
        // A rate above one keeps all, and each stands for itself.
        if keep { Decision::Keep { rate: rate.min(1.0) } } else { Decision::Drop }
    }
}

impl Kind {
    /// Decides where no key is needed, or looks for the key.
    ///
    /// A clock is read only where the kind asks for it; a coarse one where the period is long enough.
    #[inline]
    pub(crate) fn decide(
        self,
        state: &SampleState,
        with_key: impl FnOnce(&mut dyn FnMut(&str)) -> bool,
    ) -> Decision {
        match self {
            Kind::Rate(rate) => Decision::keep_if(random::unit() < rate, rate),
            Kind::Decided { keep, rate } => Decision::keep_if(keep, rate),
            Kind::First { first, every, period } => {
                let now_ns =
                    if period >= COARSE_PERIOD_MIN { clock::coarse_ns() } else { clock::monotonic_ns() };
                state.count(first, every, period, now_ns)
            }
            Kind::ByKey(rate) => {
                let mut keep = false;
                let has_key = with_key(&mut |key| keep = keeps(key, rate));
                Decision::keep_if(if has_key { keep } else { random::unit() < rate }, rate)
            }
        }
    }
}
