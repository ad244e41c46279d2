//! The options of one event, written before its name: `sample:`, `cause:`.

use trine_ring::{
    Arg,
    record::{Block, BlockBuilder},
};

use crate::{
    callsite::{Callsite, NEEDS_SAMPLING},
    error::{Facts, Failure},
    sample::{Decision, IntoSample, Kind, Sample},
    tally,
};

/// What the options of one event add to it, and what sampling has decided so far.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Options {
    fields: BlockBuilder,
    sampling: Sampling,
}

#[derive(Debug, Default)]
enum Sampling {
    /// Nothing was said.
    #[default]
    Unsaid,
    /// It takes the event's key to decide.
    Open(Kind),
    /// It is kept, and says so.
    Kept,
}

impl Options {
    /// No option yet.
    #[inline]
    pub fn new() -> Options {
        Options::default()
    }

    /// `sample: rate`: false when the event is dropped, which is counted. A rule for its name wins over what is said here.
    #[inline]
    pub fn sample(&mut self, site: &'static Callsite, sample: impl IntoSample) -> bool {
        let sample = match site.needs() & NEEDS_SAMPLING {
            0 => sample.into_sample(),
            _ => site.sample_rule().unwrap_or_else(|| sample.into_sample()),
        };
        match sample.0 {
            Kind::ByKey(_) => {
                self.sampling = Sampling::Open(sample.0);
                true
            }
            kind => self.decide(site, kind, |_| false),
        }
    }

    /// As [`Options::sample`], by a rule that decides without a key; `None` when the event is dropped.
    #[inline]
    pub(crate) fn by_rule(site: &'static Callsite, rule: Sample) -> Option<Options> {
        match rule.0.decide(site.sample_state(), |_| false) {
            Decision::Drop => {
                tally::count_sampled_out(site);
                None
            }
            Decision::Keep { rate } => {
                let mut options = Options::new();
                options.keep(rate);
                Some(options)
            }
        }
    }

    /// Whether the event is kept, now that its arguments are there: by its key, or by a rule for its name.
    pub(crate) fn keeps(
        &mut self,
        site: &'static Callsite,
        with_key: impl FnOnce(&mut dyn FnMut(&str)) -> bool,
    ) -> bool {
        match std::mem::replace(&mut self.sampling, Sampling::Kept) {
            Sampling::Kept => true,
            Sampling::Open(kind) => self.decide(site, kind, with_key),
            Sampling::Unsaid => match site.sample_rule() {
                Some(rule) => self.decide(site, rule.0, with_key),
                None => true,
            },
        }
    }

    #[inline]
    fn decide(
        &mut self,
        site: &'static Callsite,
        kind: Kind,
        with_key: impl FnOnce(&mut dyn FnMut(&str)) -> bool,
    ) -> bool {
        match kind.decide(site.sample_state(), with_key) {
            Decision::Drop => {
                tally::count_sampled_out(site);
                false
            }
            Decision::Keep { rate } => {
                self.keep(rate);
                true
            }
        }
    }

    fn keep(&mut self, rate: f64) {
        self.sampling = Sampling::Kept;
        self.fields.set("sampled", &Arg::Bool(true)).set("sample_rate", &Arg::F64(rate));
    }

    /// `cause: &error`: adds what is known of an error. Always true: the event is kept.
    pub fn cause(&mut self, error: Failure<'_>) -> bool {
        self.facts(&Facts::of(&error));
        true
    }

    /// Adds what is known of an error.
    pub(crate) fn facts(&mut self, facts: &Facts) {
        facts.fields(&mut |key, value| self.set(key, value));
    }

    /// Adds a field.
    pub(crate) fn set(&mut self, key: &str, value: &Arg<'_>) {
        self.fields.set(key, value);
    }

    pub(crate) fn finish(self) -> Option<Block> {
        (!self.fields.is_empty()).then(|| self.fields.finish_once())
    }
}
