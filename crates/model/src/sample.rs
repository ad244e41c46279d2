//! One decision per key: whether the events of a trace, a request or a user are kept, the same wherever it is asked.
//!
//! A key becomes 56 bits of randomness, and is kept when they reach a threshold that the rate gives. Whoever decides by
//! the same key and rate, in any process and language, keeps the same; whoever keeps more keeps all that others keep.
//!
//! 1. **Randomness.** A W3C trace id (32 lower-case hex digits) is random itself: its last 14 digits, as a number. Of any other
//!    key, FNV-1a with 64 bits over its bytes ([`key::hash`]), mixed by the finalizer of MurmurHash3
//!    (`h ^= h >> 33; h *= 0xff51afd7ed558ccd; h ^= h >> 33; h *= 0xc4ceb9fe1a85ec53; h ^= h >> 33`), shifted right by 8.
//! 2. **Threshold.** `round((1 - rate) * 2^56)`.
//! 3. **Kept** when randomness >= threshold.
//!
//! For trace ids this is the consistent probability sampling of OpenTelemetry, so a trace that its samplers keep at a rate
//! is kept here at the same rate.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>; Appleby, MurmurHash3, `fmix64`.
//!
//! ```
//! use trine_model::sample;
//!
//! assert_eq!(sample::randomness("4bf92f3577b34da6a3ce929d0e0e4736"), 0xce929d0e0e4736);
//! assert_eq!(sample::randomness("req_123"), 0x96baf32f05a799);
//! assert!(sample::keeps("req_123", 1.0));
//! assert!(sample::keeps("req_123", 0.9) && !sample::keeps("req_123", 0.1));
//! ```

use crate::key;

/// Bits of randomness that a decision looks at. What a W3C trace id promises to have.
const BITS: u32 = 56;
/// Digits of a W3C trace id.
const TRACE_ID_DIGITS: usize = 32;

/// The 56 bits that stand for a key.
///
/// Cost: about a nanosecond per byte.
pub const fn randomness(key: &str) -> u64 {
    match trace_id(key) {
        Some(bits) => bits,
        None => mix(key::hash(key)) >> (u64::BITS - BITS),
    }
}

/// Whether a key's events are kept at this rate: none at zero and below (and NaN), all at one and above.
pub fn keeps(key: &str, rate: f64) -> bool {
    // NaN is neither: it keeps nothing.
    rate > 0.0 && randomness(key) >= threshold(rate)
}

/// The least randomness that is kept.
fn threshold(rate: f64) -> u64 {
    // A float conversion saturates: a rate above one gives zero.
    ((1.0 - rate) * (1u64 << BITS) as f64).round() as u64
}

/// The last 56 bits of a W3C trace id, if this is one. One of zeros alone is not.
const fn trace_id(key: &str) -> Option<u64> {
    let bytes = key.as_bytes();
    if bytes.len() != TRACE_ID_DIGITS {
        return None;
    }
    let (mut at, mut bits, mut is_zero) = (0, 0u64, true);
    while at < bytes.len() {
        let digit = match bytes[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        is_zero = is_zero && digit == 0;
        bits = bits << 4 | digit as u64;
        at += 1;
    }
    if is_zero { None } else { Some(bits & ((1 << BITS) - 1)) }
}

/// The finalizer of MurmurHash3: every bit of the input changes half of those of the output.
const fn mix(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of `make` that are kept of a hundred thousand.
    fn kept(rate: f64, make: impl Fn(u32) -> String) -> f64 {
        (0..100_000).filter(|n| keeps(&make(*n), rate)).count() as f64
    }

    #[test]
    fn the_share_that_is_kept_is_the_rate() {
        for rate in [0.01_f64, 0.1, 0.5, 0.99] {
            let sigma = (100_000.0 * rate * (1.0 - rate)).sqrt();
            for make in [|n| format!("req_{n}"), |n| format!("{n}"), |n| format!("user-{n:08}@example.com")] {
                let kept = kept(rate, make);
                assert!((kept - 100_000.0 * rate).abs() < 4.0 * sigma, "{rate}: {kept} like {}", make(7));
            }
        }
    }

    #[test]
    fn who_keeps_more_keeps_all_that_others_keep() {
        for n in 0..1_000 {
            let key = format!("req_{n}");
            let kept: Vec<bool> = [0.01, 0.1, 0.5, 0.9, 1.0].iter().map(|rate| keeps(&key, *rate)).collect();
            assert!(kept.is_sorted(), "{key}: {kept:?}");
        }
    }

    #[test]
    fn rates_out_of_range_keep_all_or_nothing() {
        for (rate, expected) in [(1.0, true), (7.0, true), (0.0, false), (-1.0, false), (f64::NAN, false)] {
            assert!((0..1_000).all(|n| keeps(&format!("k{n}"), rate) == expected), "{rate}");
        }
    }

    /// The vectors of docs/sampling.md, which other languages are tested with as well.
    #[test]
    fn documented_keys_have_their_documented_randomness() {
        assert_eq!(randomness("req_123"), 0x96baf32f05a799);
        assert_eq!(randomness("user:1"), 0x4ce53ee4648cef);
        assert_eq!(randomness("4bf92f3577b34da6a3ce929d0e0e4736"), 0xce929d0e0e4736);
    }

    #[test]
    fn a_trace_id_is_its_own_randomness() {
        assert_eq!(randomness("00000000000000000000000000000001"), 1);
        assert!(keeps("000000000000000000ffffffffffffff", 1e-9));
        // Upper case, zeros alone, another length: hashed like any other text.
        for other in ["4BF92F3577B34DA6A3CE929D0E0E4736", &"0".repeat(32), "4bf92f3577b34da6a3ce929d0e0e473"]
        {
            assert_eq!(randomness(other), mix(key::hash(other)) >> 8);
        }
    }
}
