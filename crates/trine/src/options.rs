//! The options of one event, written before its name: `sample:`, `cause:`.

use std::{
    any::type_name_of_val,
    cell::Cell,
    error::Error,
    hash::{BuildHasher, RandomState},
};

use trine_ring::{
    Arg,
    record::{Block, BlockBuilder},
};

/// Longest chain of causes that is followed; a longer one is a loop or no help.
const CAUSES_MAX: usize = 32;

/// What the options of one event add to it.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Options {
    fields: BlockBuilder,
}

impl Options {
    /// No option yet.
    pub fn new() -> Options {
        Options::default()
    }

    /// `sample: rate`: keeps this share of the events. True when this one is kept; it then says so.
    ///
    /// A rate of one or more keeps all, zero or less (and NaN) none.
    pub fn sample(&mut self, rate: f64) -> bool {
        let kept = random() < rate;
        if kept {
            self.fields.set("sampled", &Arg::Bool(true)).set("sample_rate", &Arg::F64(rate));
        }
        kept
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

/// A number in `0.0..1.0`, from a generator of the thread's own: xorshift64*, seeded by the system.
///
/// Source: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
fn random() -> f64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one("trine") | 1);
    }
    STATE.with(|state| {
        let mut x = state.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        state.set(x);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    })
}
