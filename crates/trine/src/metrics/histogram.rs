//! A histogram of lengths of time: exponential buckets with fixed bounds, so that any two can be merged.

/// Buckets per doubling.
const PER_DOUBLING: usize = 8;
/// The first bucket ends at 2 to this power, in seconds: 0.93 ns. Nothing that a program times is shorter.
const EXPONENT_MIN: i32 = -30;
/// The last bucket ends at 2 to this power, in seconds: 194 days. What is longer is counted in it.
const EXPONENT_MAX: i32 = 24;
/// Buckets in all: the one that begins at zero, and those of every doubling. 3.4 KiB.
pub(crate) const BUCKETS: usize = 1 + (EXPONENT_MAX - EXPONENT_MIN) as usize * PER_DOUBLING;
/// Two to the power of k/8.
const ROOTS: [f64; PER_DOUBLING] = [
    1.0,
    1.090_507_732_665_257_7,
    1.189_207_115_002_721,
    1.296_839_554_651_009_6,
    std::f64::consts::SQRT_2,
    1.542_210_825_407_940_7,
    1.681_792_830_507_429,
    1.834_008_086_409_342_4,
];
const MANTISSA_BITS: u32 = 52;
const MANTISSA_MASK: u64 = (1 << MANTISSA_BITS) - 1;

/// How often which length of time occurred.
///
/// Units: seconds.
///
/// Bounds: bucket 0 holds 0 to 2⁻³⁰ s; bucket `i` what is above 2^(−30 + (i−1)/8) s, up to and including 2^(−30 + i/8) s; the
/// last ends at 2²⁴ s (194 days) and takes what is longer. They are the same everywhere and for good, the bounds of OpenTelemetry's
/// exponential histogram at scale 3: histograms of threads, processes and hours add up without loss.
///
/// Error: a [`quantile`](Histogram::quantile) is within [`RELATIVE_ERROR`](Histogram::RELATIVE_ERROR) of a value that was
/// recorded, for values from 1 ns to 194 days; count and sum are exact (the sum as floats add).
///
/// ```
/// use trine::metrics::Histogram;
///
/// let mut durations = Histogram::new();
/// for ms in 1..=1_000 {
///     durations.record(f64::from(ms) / 1e3);
/// }
/// let mut other = Histogram::new();
/// other.record(2.0);
/// durations.merge(&other);
/// assert_eq!(durations.count(), 1_001);
/// let median = durations.quantile(0.5).unwrap();
/// assert!((median / 0.501 - 1.0).abs() <= Histogram::RELATIVE_ERROR);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Empty while nothing was recorded.
    buckets: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// Most that a quantile is off, as a share of it: (b − 1) / (b + 1) for buckets that each end at b = 2^(1/8) times their
    /// beginning.
    pub const RELATIVE_ERROR: f64 = 0.0433;

    /// Nothing recorded yet.
    pub const fn new() -> Histogram {
        Histogram { buckets: Vec::new(), sum: 0.0 }
    }

    /// Adds a length of time, in seconds. What is none (negative, infinite, NaN) is left out.
    ///
    /// Cost: a few nanoseconds; the first one allocates 3.4 KiB.
    pub fn record(&mut self, seconds: f64) {
        if let Some(bucket) = bucket_of(seconds) {
            self.grow();
            self.buckets[bucket] += 1;
            self.sum += seconds;
        }
    }

    /// Adds all that another one holds: as if it had been recorded here.
    pub fn merge(&mut self, other: &Histogram) {
        if !other.buckets.is_empty() {
            self.grow();
            self.buckets.iter_mut().zip(&other.buckets).for_each(|(bucket, other)| *bucket += other);
            self.sum += other.sum;
        }
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All recorded seconds together.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The length that a share `q` of those recorded do not exceed: `quantile(0.99)` is the 99th percentile. In seconds.
    ///
    /// `q` below zero is taken as zero, above one as one. `None` when nothing was recorded, and for NaN.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 || q.is_nan() {
            return None;
        }
        let rank = ((q.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count);
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|n| {
            seen += n;
            seen >= rank
        })?;
        if bucket == 0 {
            return Some(0.0);
        }
        let (low, high) = (upper_bound(bucket - 1), upper_bound(bucket));
        Some(2.0 * low * high / (low + high))
    }

    /// The buckets that are not empty, from short to long: the bounds in seconds, the first excluded, the second included,
    /// and how many fell between.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        let bounds = |bucket: usize| (bucket.checked_sub(1).map_or(0.0, upper_bound), upper_bound(bucket));
        self.buckets.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(bucket, count)| {
            let (low, high) = bounds(bucket);
            (low, high, *count)
        })
    }

    /// Adds what a row of counters holds, and its sum.
    pub(crate) fn add(&mut self, counts: impl Iterator<Item = u64>, sum: f64) {
        self.grow();
        self.buckets.iter_mut().zip(counts).for_each(|(bucket, count)| *bucket += count);
        self.sum += sum;
    }

    fn grow(&mut self) {
        if self.buckets.is_empty() {
            self.buckets.resize(BUCKETS, 0);
        }
    }
}

/// Of each sixteenth of a doubling: how many roots every value in it is above, and the mantissa of the one root in it, if any.
const SIXTEENTHS: [(usize, u64); 16] = {
    let mut sixteenths = [(0, u64::MAX); 16];
    let mut at = 0;
    while at < 16 {
        let mut root = 0;
        while root < PER_DOUBLING {
            let mantissa = ROOTS[root].to_bits() & MANTISSA_MASK;
            if mantissa >> (MANTISSA_BITS - 4) < at as u64 {
                sixteenths[at].0 += 1;
            } else if mantissa >> (MANTISSA_BITS - 4) == at as u64 {
                assert!(sixteenths[at].1 == u64::MAX, "two roots in one sixteenth");
                sixteenths[at].1 = mantissa;
            }
            root += 1;
        }
        at += 1;
    }
    sixteenths
};

/// The bucket of a length of time; `None` when it is none.
#[inline]
pub(crate) fn bucket_of(seconds: f64) -> Option<usize> {
    let bits = seconds.to_bits();
    // Above the bits of the largest number are infinity, NaN, and all that is negative.
    if bits > f64::MAX.to_bits() {
        return (seconds == 0.0).then_some(0);
    }
    let exponent = (bits >> MANTISSA_BITS) as i32 - 1023 - EXPONENT_MIN;
    if exponent < 0 {
        return Some(0);
    }
    let mantissa = bits & MANTISSA_MASK;
    let (above, root) = SIXTEENTHS[(mantissa >> (MANTISSA_BITS - 4)) as usize];
    // A bound belongs to the bucket that it ends: a power of two to the doubling before.
    let above = above + usize::from(mantissa > root);
    Some((exponent as usize * PER_DOUBLING + above).min(BUCKETS - 1))
}

/// Where a bucket ends, in seconds.
pub(crate) fn upper_bound(bucket: usize) -> f64 {
    let exponent = EXPONENT_MIN + (bucket / PER_DOUBLING) as i32;
    2f64.powi(exponent) * ROOTS[bucket % PER_DOUBLING]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Histogram {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| histogram.record(*value));
        histogram
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_that_it_ends() {
        for bucket in 0..BUCKETS {
            let bound = upper_bound(bucket);
            assert_eq!(bucket_of(bound), Some(bucket), "{bound}");
            assert_eq!(bucket_of(bound.next_up()), Some((bucket + 1).min(BUCKETS - 1)), "above {bound}");
        }
    }

    #[test]
    fn bounds_are_the_powers_they_are_said_to_be() {
        for bucket in 0..BUCKETS {
            let exact = 2f64.powf(f64::from(EXPONENT_MIN) + bucket as f64 / PER_DOUBLING as f64);
            assert!((upper_bound(bucket) / exact - 1.0).abs() < 1e-14, "{bucket}");
        }
        let base = 2f64.powf(1.0 / PER_DOUBLING as f64);
        let error = (base - 1.0) / (base + 1.0);
        assert!(error < Histogram::RELATIVE_ERROR && Histogram::RELATIVE_ERROR - error < 1e-5, "{error}");
    }

    #[test]
    fn what_is_no_length_of_time_is_left_out() {
        let none = of(&[-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!((none.count(), none.quantile(0.5), none.buckets().count()), (0, None, 0));
        assert_eq!(none, Histogram::new());
        assert_eq!(of(&[1.0]).quantile(f64::NAN), None);
    }

    #[test]
    fn the_shortest_and_the_longest_are_counted_at_the_ends() {
        let ends = of(&[0.0, -0.0, 1e-12, 1e300]);
        let buckets: Vec<_> = ends.buckets().collect();
        assert_eq!(buckets.len(), 2);
        assert_eq!((buckets[0].0, buckets[0].2), (0.0, 3));
        assert_eq!((buckets[1].1, buckets[1].2), (2f64.powi(EXPONENT_MAX), 1));
        assert_eq!(ends.quantile(0.0), Some(0.0));
    }

    /// Lengths of all sizes: a mantissa and a power.
    fn lengths(most: usize) -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec((1.0f64..10.0, -9i32..7).prop_map(|(m, e)| m * 10f64.powi(e)), 1..most)
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_error_of_the_exact_ones(values in lengths(400), q in 0.0f64..=1.0) {
            let histogram = of(&values);
            let mut sorted = values;
            sorted.sort_by(f64::total_cmp);
            let rank = ((q * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len());
            let (found, exact) = (histogram.quantile(q).unwrap(), sorted[rank - 1]);
            prop_assert!((found / exact - 1.0).abs() <= Histogram::RELATIVE_ERROR, "{found} for {exact}");
            prop_assert_eq!(histogram.count(), sorted.len() as u64);
            let sum: f64 = sorted.iter().sum();
            prop_assert!((histogram.sum() / sum - 1.0).abs() < 1e-9);
        }

        #[test]
        fn a_histogram_of_parts_is_the_histogram_of_the_whole(values in lengths(200), cut in 0usize..200) {
            let (one, other) = values.split_at(cut.min(values.len()));
            let (mut merged, whole) = (of(one), of(&values));
            merged.merge(&of(other));
            prop_assert!(merged.buckets().eq(whole.buckets()));
            prop_assert!((merged.sum() / whole.sum() - 1.0).abs() < 1e-9);
            let mut backwards = of(other);
            backwards.merge(&of(one));
            prop_assert!(backwards.buckets().eq(whole.buckets()));
        }

        #[test]
        fn every_length_lies_between_the_bounds_of_its_bucket(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if let Some(bucket) = bucket_of(value) {
                prop_assert!(bucket == BUCKETS - 1 || value <= upper_bound(bucket));
                prop_assert!(bucket == 0 || value > upper_bound(bucket - 1));
            } else {
                prop_assert!(!value.is_finite() || value < 0.0);
            }
        }
    }
}
