//! Quantiles: exact for few numbers, from a histogram for many.
//!
//! The histogram's buckets are as wide as their numbers are large: 128 for each doubling, found from a float's bits without a
//! logarithm. Merging adds them up, so any split of the input gives the same answer.

/// So many numbers of a group are kept as they are; beyond, they go into a histogram.
pub const QUANTILE_EXACT_MAX: usize = 4_096;
/// Largest error of a quantile from a histogram, as a share of its value: half a bucket.
pub const QUANTILE_ERROR: f64 = 1.0 / 256.0;

/// Bits of the mantissa that tell buckets apart.
const BUCKET_BITS: u32 = 7;
const SHIFT: u32 = 52 - BUCKET_BITS;

/// What is known of the numbers of a group.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Quantiles {
    /// Numbers, and the events each stands for, while they are few.
    exact: Vec<(f64, f64)>,
    negative: Buckets,
    positive: Buckets,
    min: f64,
    max: f64,
    has_buckets: bool,
}

/// Buckets of numbers of one sign, from a first one on.
#[derive(Clone, Debug, Default)]
struct Buckets {
    first: usize,
    weights: Vec<f64>,
}

impl Quantiles {
    /// Takes a number in; how many bytes of memory that took. What is no number is left out.
    #[inline]
    pub(super) fn add(&mut self, number: f64, weight: f64) -> usize {
        if number.is_nan() {
            return 0;
        }
        if self.has_buckets {
            return self.add_to_buckets(number, weight);
        }
        let before = self.exact.capacity();
        self.exact.push((number, weight));
        if self.exact.len() > QUANTILE_EXACT_MAX {
            return self.spill();
        }
        (self.exact.capacity() - before) * size_of::<(f64, f64)>()
    }

    fn spill(&mut self) -> usize {
        if !self.has_buckets {
            (self.min, self.max) = (f64::INFINITY, f64::NEG_INFINITY);
            self.has_buckets = true;
        }
        std::mem::take(&mut self.exact)
            .into_iter()
            .map(|(number, weight)| self.add_to_buckets(number, weight))
            .sum()
    }

    fn add_to_buckets(&mut self, number: f64, weight: f64) -> usize {
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        let bucket = (number.abs().to_bits() >> SHIFT) as usize;
        if number.is_sign_negative() && number != 0.0 {
            self.negative.add(bucket, weight)
        } else {
            self.positive.add(bucket, weight)
        }
    }

    pub(super) fn merge(&mut self, other: Quantiles) {
        if other.has_buckets {
            self.spill();
            self.negative.merge(&other.negative);
            self.positive.merge(&other.positive);
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
        }
        for (number, weight) in other.exact {
            self.add(number, weight);
        }
    }

    /// The number below which this share of them lies, between neighbours in proportion; `None` where there is none.
    pub(super) fn at(&self, quantile: f64) -> Option<f64> {
        if !self.has_buckets {
            let mut exact = self.exact.clone();
            exact.sort_by(|a, b| a.0.total_cmp(&b.0));
            return interpolated(&exact, quantile);
        }
        let negative = self
            .negative
            .weights
            .iter()
            .enumerate()
            .rev()
            .map(|(place, weight)| (-middle(self.negative.first + place), *weight));
        let positive = self
            .positive
            .weights
            .iter()
            .enumerate()
            .map(|(place, weight)| (middle(self.positive.first + place), *weight));
        let all: Vec<(f64, f64)> = negative.chain(positive).filter(|(_, weight)| *weight > 0.0).collect();
        interpolated(&all, quantile).map(|number| number.clamp(self.min, self.max))
    }
}

/// The number at a share of sorted ones, each there as often as its weight says. With weights of one, as spreadsheets and
/// SQL's `percentile_cont` have it.
fn interpolated(sorted: &[(f64, f64)], quantile: f64) -> Option<f64> {
    let total: f64 = sorted.iter().map(|(_, weight)| weight).sum();
    let position = quantile.clamp(0.0, 1.0) * (total - 1.0).max(0.0);
    let mut before = 0.0;
    let mut places = sorted.iter();
    while let Some((number, weight)) = places.next() {
        // This number is at the places from `before` to `before + weight - 1`.
        let last = before + weight - 1.0;
        if position <= last {
            return Some(*number);
        }
        if position < last + 1.0 {
            let share = position - last;
            return Some(match places.as_slice().first() {
                Some((next, _)) => number + (next - number) * share,
                None => *number,
            });
        }
        before += weight;
    }
    sorted.last().map(|(number, _)| *number)
}

/// The middle of a bucket.
fn middle(bucket: usize) -> f64 {
    let low = f64::from_bits((bucket as u64) << SHIFT);
    let high = f64::from_bits((bucket as u64 + 1) << SHIFT);
    if high.is_finite() { low + (high - low) / 2.0 } else { low }
}

impl Buckets {
    #[inline]
    fn add(&mut self, bucket: usize, weight: f64) -> usize {
        if let Some(place) = bucket.checked_sub(self.first)
            && let Some(slot) = self.weights.get_mut(place)
        {
            *slot += weight;
            return 0;
        }
        self.grow(bucket, weight)
    }

    #[cold]
    fn grow(&mut self, bucket: usize, weight: f64) -> usize {
        let before = self.weights.capacity();
        if self.weights.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let missing = self.first - bucket;
            self.weights.splice(0..0, std::iter::repeat_n(0.0, missing));
            self.first = bucket;
        }
        let place = bucket - self.first;
        if place >= self.weights.len() {
            self.weights.resize(place + 1, 0.0);
        }
        self.weights[place] += weight;
        (self.weights.capacity() - before) * size_of::<f64>()
    }

    fn merge(&mut self, other: &Buckets) {
        for (place, weight) in other.weights.iter().enumerate() {
            if *weight > 0.0 {
                self.add(other.first + place, *weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(numbers: &[f64]) -> Quantiles {
        let mut quantiles = Quantiles::default();
        for number in numbers {
            quantiles.add(*number, 1.0);
        }
        quantiles
    }

    #[test]
    fn few_numbers_are_exact() {
        let quantiles = of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(quantiles.at(0.5), Some(2.5));
        assert_eq!((quantiles.at(0.0), quantiles.at(1.0)), (Some(1.0), Some(4.0)));
        assert_eq!(of(&[]).at(0.5), None);
        assert_eq!(of(&[7.0]).at(0.99), Some(7.0));
    }

    #[test]
    fn a_weight_is_that_number_so_many_times() {
        let mut weighted = Quantiles::default();
        weighted.add(1.0, 3.0);
        weighted.add(10.0, 2.0);
        let plain = of(&[1.0, 1.0, 1.0, 10.0, 10.0]);
        for quantile in [0.0, 0.25, 0.5, 0.6, 0.75, 1.0] {
            assert_eq!(weighted.at(quantile), plain.at(quantile), "{quantile}");
        }
    }

    proptest! {
        // Each case needs more numbers than are kept as they are.
        #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

        #[test]
        fn many_numbers_are_within_the_error_however_they_are_split(
            numbers in prop::collection::vec(prop_oneof![-1e6..1e6_f64, 0.0..1.0_f64, Just(0.0)], 5_000..6_000),
            quantile in 0.0..1.0_f64,
            split in 0_usize..6_000,
        ) {
            let mut sorted: Vec<(f64, f64)> = numbers.iter().map(|number| (*number, 1.0)).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            let whole = of(&numbers);
            let split = split.min(numbers.len());
            let mut merged = of(&numbers[..split]);
            merged.merge(of(&numbers[split..]));
            prop_assert_eq!(whole.at(quantile), merged.at(quantile));
            // Within the error of one of the two numbers it lies between.
            let place = (quantile * (numbers.len() - 1) as f64) as usize;
            let (low, high) = (sorted[place].0, sorted[(place + 1).min(sorted.len() - 1)].0);
            let slack = QUANTILE_ERROR * low.abs().max(high.abs()) + f64::MIN_POSITIVE;
            let found = whole.at(quantile).unwrap();
            prop_assert!((low - slack..=high + slack).contains(&found), "{} {} {}", low, found, high);
        }
    }
}
