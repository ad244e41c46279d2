//! Quantiles of lengths of time: exact for few, within a bound for many, the same in whatever order they come.

use crate::weight::Weight;

/// So many lengths are kept as they are, and quantiles are exact: 16 KiB. Beyond, they are counted in buckets.
pub const EXACT_MAX: usize = 1_000;
/// Buckets per doubling, as a power of two.
const PER_DOUBLING_BITS: u32 = 6;
/// Longest length that has a bucket of its own: beyond, 292 years.
const NS_MAX: u64 = i64::MAX as u64;

/// How often which length of time occurred.
///
/// Error: none up to [`EXACT_MAX`] lengths; beyond, a quantile is within [`Durations::RELATIVE_ERROR`] of one that occurred. Minimum and
/// maximum are exact. What is told does not depend on the order of [`record`](Durations::record) and [`merge`](Durations::merge).
///
/// ```
/// use trine_query::{operations::Durations, weight::Weight};
///
/// let mut durations = Durations::default();
/// for ms in 1..=100 {
///     durations.record(ms as f64, Weight::ONE);
/// }
/// assert_eq!(durations.quantile_ms(0.95), Some(95.0));
/// assert_eq!(durations.max_ms(), Some(100.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Durations {
    /// Nanoseconds and weight, as long as there are few.
    exact: Vec<(u64, Weight)>,
    /// Weights by bucket, once there are many.
    buckets: Vec<Weight>,
    recorded: u64,
    total: Weight,
    max_ns: u64,
}

impl Durations {
    /// Most that a quantile is off, as a share of it: half a bucket.
    pub const RELATIVE_ERROR: f64 = 1.0 / 128.0;

    /// Adds a length. What is none (negative, NaN, infinite) is left out.
    pub fn record(&mut self, ms: f64, weight: Weight) {
        if ms >= 0.0 && ms.is_finite() {
            self.add((ms * 1e6).round() as u64, weight);
        }
    }

    pub(super) fn add(&mut self, ns: u64, weight: Weight) {
        let ns = ns.min(NS_MAX);
        self.recorded += 1;
        self.total += weight;
        self.max_ns = self.max_ns.max(ns);
        if self.buckets.is_empty() {
            self.exact.push((ns, weight));
            self.spill();
        } else {
            self.count(ns, weight);
        }
    }

    /// Adds all that another holds.
    pub fn merge(&mut self, other: &Durations) {
        self.recorded += other.recorded;
        self.total += other.total;
        self.max_ns = self.max_ns.max(other.max_ns);
        self.exact.extend_from_slice(&other.exact);
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), Weight::ZERO);
        }
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(own, other)| *own += *other);
        self.spill();
    }

    /// From the list into the buckets, once it is too long.
    fn spill(&mut self) {
        if self.exact.len() > EXACT_MAX || !self.buckets.is_empty() {
            for (ns, weight) in std::mem::take(&mut self.exact) {
                self.count(ns, weight);
            }
        }
    }

    fn count(&mut self, ns: u64, weight: Weight) {
        let bucket = bucket_of(ns);
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, Weight::ZERO);
        }
        self.buckets[bucket] += weight;
    }

    /// How many lengths were added; each once, whatever its weight.
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// The length that a share `q` does not exceed, in milliseconds. `None` when there is none.
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        if self.recorded == 0 {
            return None;
        }
        let rank = q.clamp(0.0, 1.0) * self.total.count();
        let mut seen = Weight::ZERO;
        let mut reaches = |weight: Weight| {
            seen += weight;
            seen.count() >= rank
        };
        let ns = if self.buckets.is_empty() {
            let mut sorted = self.exact.clone();
            sorted.sort_unstable();
            sorted.iter().find(|(_, weight)| reaches(*weight)).map_or(self.max_ns, |(ns, _)| *ns)
        } else {
            let filled = self.buckets.iter().enumerate().filter(|(_, weight)| **weight > Weight::ZERO);
            let bucket = { filled }.find(|(_, weight)| reaches(**weight));
            bucket.map_or(self.max_ns, |(bucket, _)| middle_of(bucket).min(self.max_ns))
        };
        Some(ns as f64 / 1e6)
    }

    /// The longest, in milliseconds.
    pub fn max_ms(&self) -> Option<f64> {
        (self.recorded > 0).then_some(self.max_ns as f64 / 1e6)
    }
}

/// The bucket of a length: the place of its highest bit, and the bits behind that.
fn bucket_of(ns: u64) -> usize {
    let low = 1_u64 << PER_DOUBLING_BITS;
    if ns < low {
        return ns as usize;
    }
    let doubling = ns.ilog2() - PER_DOUBLING_BITS;
    ((doubling as usize) << PER_DOUBLING_BITS) + (ns >> doubling) as usize
}

fn middle_of(bucket: usize) -> u64 {
    let low = 1_usize << PER_DOUBLING_BITS;
    if bucket < 2 * low {
        return bucket as u64;
    }
    let doubling = (bucket >> PER_DOUBLING_BITS) - 1;
    let begin = ((bucket - (doubling << PER_DOUBLING_BITS)) as u64) << doubling;
    begin + (1 << doubling) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(lengths: &[u64]) -> Durations {
        let mut durations = Durations::default();
        lengths.iter().for_each(|ns| durations.add(*ns, Weight::ONE));
        durations
    }

    #[test]
    fn every_length_is_near_the_middle_of_its_bucket() {
        let mut before = 0;
        for bits in 0..63 {
            for ns in [1_u64 << bits, (1 << bits) + (1 << bits) / 3, (1 << bits) * 2 - 1] {
                let bucket = bucket_of(ns);
                assert!(bucket >= before, "{ns}");
                before = bucket;
                let off = middle_of(bucket).abs_diff(ns) as f64 / ns as f64;
                assert!(off <= Durations::RELATIVE_ERROR, "{ns} {off}");
            }
        }
    }

    #[test]
    fn a_weight_counts_as_so_many() {
        let mut durations = Durations::default();
        durations.record(1.0, Weight::of_rate(0.01));
        durations.record(50.0, Weight::ONE);
        assert_eq!(durations.quantile_ms(0.5), Some(1.0));
        assert_eq!(durations.quantile_ms(1.0), Some(50.0));
        assert_eq!(durations.recorded(), 2);
    }

    #[test]
    fn what_is_no_length_is_left_out() {
        let mut durations = Durations::default();
        for ms in [-1.0, f64::NAN, f64::INFINITY] {
            durations.record(ms, Weight::ONE);
        }
        assert_eq!((durations.quantile_ms(0.5), durations.max_ms()), (None, None));
        durations.record(1e300, Weight::ONE);
        assert_eq!(durations.max_ms(), Some(NS_MAX as f64 / 1e6));
    }

    proptest! {
        #[test]
        fn quantiles_are_near_the_exact_ones_however_the_lengths_are_spread_over_parts(
            lengths in prop::collection::vec(0_u64..10_000_000, 1..3_000), cut in 0.0..1.0_f64, q in 0.0..1.0_f64,
        ) {
            let (one, two) = lengths.split_at((cut * lengths.len() as f64) as usize);
            let (mut merged, other) = (of(two), of(one));
            merged.merge(&other);
            let whole = of(&lengths);
            prop_assert_eq!(merged.quantile_ms(q), whole.quantile_ms(q));
            prop_assert_eq!(merged.max_ms(), whole.max_ms());
            let mut sorted = lengths.clone();
            sorted.sort_unstable();
            let rank = ((q * lengths.len() as f64).ceil() as usize).max(1);
            let exact = sorted[rank - 1] as f64 / 1e6;
            let error = if lengths.len() <= EXACT_MAX { 0.0 } else { Durations::RELATIVE_ERROR };
            prop_assert!((whole.quantile_ms(q).unwrap() - exact).abs() <= exact * error + 1e-9);
        }
    }
}
