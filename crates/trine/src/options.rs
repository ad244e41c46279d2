//! The options of one event, written before its name: `sample:`, `cause:`.

use std::{any::type_name_of_val, error::Error};

use trine_ring::{
    Arg,
    record::{Block, BlockBuilder},
};

use crate::{
    callsite::{Callsite, NEEDS_SAMPLING},
    sample::{Decision, IntoSample, Kind},
    tally,
};

/// Longest chain of causes that is followed; a longer one is a loop or no help.
const CAUSES_MAX: usize = 32;

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
    pub fn cause<E: Cause + ?Sized>(&mut self, error: &E) -> bool {
        let causes =
            std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
        let chain: Vec<&dyn Error> = causes.take(CAUSES_MAX).map(|cause| cause as &dyn Error).collect();
        self.fields
            .set("error_type", &Arg::Str(type_name_of_val(error)))
            .set("error_message", &Arg::Display(&error))
            .set("error_chain", &Arg::Dyn(&chain));
        true
    }

    pub(crate) fn finish(self) -> Option<Block> {
        (!self.fields.is_empty()).then(|| self.fields.finish_once())
    }
}

/// What `cause:` takes: any error.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error",
    note = "write `cause: &error`, where `error` is a `std::error::Error`; if that is in a box, `cause: &*error`"
)]
pub trait Cause: Error {}

#[diagnostic::do_not_recommend]
impl<E: Error + ?Sized> Cause for E {}
