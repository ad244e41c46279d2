//! Chance that is the same on every machine: integers, and floats by additions and multiplications alone, which IEEE 754 rounds in one
//! way. The system's `ln` and `exp` differ in their last digits.

/// A stream of random numbers.
///
/// Source: SplitMix64, "Fast Splittable Pseudorandom Number Generators", Steele, Lea, Flood, 2014.
#[derive(Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// True so many times of a thousand.
    pub(super) fn per_mille(&mut self, times: u64) -> bool {
        self.below(1_000) < times
    }

    /// One of a list, the first ones more often: each of the first half about three times as often as each of the second.
    pub(super) fn favour(&mut self, count: usize) -> u8 {
        let count = count as u64;
        self.below(count).min(self.below(count)) as u8
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Waiting times of things that happen at any moment, of mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -ln(self.unit())
    }

    /// A duration around `typical_us`: half are shorter, one in six is longer than 1.8 times that, and one in two hundred is
    /// ten times as long again. Microseconds, at least 1.
    pub(super) fn duration_us(&mut self, typical_us: f64) -> u64 {
        /// The width of the logarithm's bell.
        const SIGMA: f64 = 0.6;
        // A sum of four is a bell to the eye; its variance is 4 / 12.
        let bell = (self.unit() + self.unit() + self.unit() + self.unit() - 2.0) * 1.732_050_807_568_877_2;
        let tail = if self.below(200) == 0 { 10.0 } else { 1.0 };
        (typical_us * exp(SIGMA * bell) * tail).max(1.0) as u64
    }
}

/// The natural logarithm of a positive number, to some ten digits.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i64 - 1_023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    // ln m = 2 artanh((m - 1) / (m + 1)), with m from 1 to 2.
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let square = z * z;
    let mut sum = 0.0;
    for odd in [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = sum * square + 1.0 / odd;
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * z * sum
}

/// The exponential function for small numbers, to some ten digits.
fn exp(x: f64) -> f64 {
    // e^x = (e^(x/16))^16, by eight terms of the series.
    let part = x / 16.0;
    let mut sum = 1.0;
    for term in [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        sum = 1.0 + sum * part / term;
    }
    (0..4).fold(sum, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_near_those_of_the_system() {
        for x in [1e-16, 0.001, 0.3, 0.999, 1.0, 1.5, 7.0] {
            assert!((ln(x) - x.ln()).abs() < 1e-8, "{x}");
        }
        for x in [-2.5, -1.0, 0.0, 0.1, 2.5] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-8, "{x}");
        }
    }

    #[test]
    fn durations_have_their_median_and_a_long_tail() {
        let mut random = Random::new(7);
        let mut durations: Vec<u64> = (0..100_000).map(|_| random.duration_us(1_000.0)).collect();
        durations.sort_unstable();
        assert!((950..1_050).contains(&durations[50_000]), "{}", durations[50_000]);
        assert!(durations[99_700] > 4_000, "{}", durations[99_700]);
        let mean = (0..100_000).map(|_| random.exponential()).sum::<f64>() / 100_000.0;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
    }
}
