//! Random numbers for decisions and ids: fast, per thread, and no secret.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

thread_local! {
    static STATE: Cell<u64> = Cell::new(seed());
}

/// The process is in it because a fork copies the keys of `RandomState`.
fn seed() -> u64 {
    RandomState::new().hash_one(("trine", std::process::id())) | 1
}

/// In the child of a fork: the thread's numbers must not be those that the parent draws next.
pub(crate) fn renew() {
    let _ = STATE.try_with(|state| state.set(seed()));
}

/// Sixty-four random bits, from a generator of the thread's own, seeded by the system: xorshift64*.
///
/// Cost: a few instructions. In a thread that is ending: always the same.
///
/// Source: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
#[inline]
pub(crate) fn bits() -> u64 {
    let next = STATE.try_with(|state| {
        let mut x = state.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        state.set(x);
        x
    });
    next.unwrap_or(1).wrapping_mul(0x2545_F491_4F6C_DD1D)
}

/// A number in `0.0..1.0`.
#[inline]
pub(crate) fn unit() -> f64 {
    (bits() >> 11) as f64 / (1u64 << 53) as f64
}
