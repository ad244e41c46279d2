//! How many events one event stands for: one, or, where it was sampled, one over its rate.

use std::{iter::Sum, ops::AddAssign};

use crate::scan::line::{Raw, Value};

/// How many events an event stands for, or several together.
///
/// Kept as a whole number of 2^-20ths, so that a sum is the same in whatever order it is made: floats are not so.
///
/// ```
/// use trine_query::weight::Weight;
///
/// let mut sum = Weight::ONE;
/// sum += Weight::of_rate(0.01);
/// assert_eq!(sum.count(), 101.0);
/// assert_eq!(Weight::of_rate(0.0), Weight::ONE); // no rate: nothing is known of others
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(u64);

/// The part of an event that is counted: a millionth, so that the rate 1/3 is right to seven digits. The largest sum is 10^13.
const PARTS: f64 = (1 << 20) as f64;

impl Weight {
    /// No event.
    pub const ZERO: Weight = Weight(0);
    /// An event that stands for itself.
    pub const ONE: Weight = Weight(1 << 20);

    /// Of an event that was kept at this rate. What is no rate (zero, above one, NaN) says nothing: one.
    pub fn of_rate(rate: f64) -> Weight {
        if rate > 0.0 && rate <= 1.0 { Weight((PARTS / rate).round() as u64) } else { Weight::ONE }
    }

    /// Of an event with this `sample_rate`.
    pub fn of_field(rate: Option<Raw<'_>>) -> Weight {
        let Some(rate) = rate else { return Weight::ONE };
        match rate.value(&mut String::new()) {
            Ok(Value::Text(text)) => text.parse().map_or(Weight::ONE, Weight::of_rate),
            _ => rate.number().map_or(Weight::ONE, Weight::of_rate),
        }
    }

    /// As a number of events.
    pub fn count(self) -> f64 {
        self.0 as f64 / PARTS
    }

    /// Whether it stands for others too.
    pub fn is_sampled(self) -> bool {
        self > Weight::ONE
    }

    /// Of an event in a batch: both were sampled.
    #[must_use]
    pub fn times(self, other: Weight) -> Weight {
        let product = (u128::from(self.0) * u128::from(other.0)) >> 20;
        Weight(u64::try_from(product).unwrap_or(u64::MAX))
    }

    /// Without what another holds; zero where that is more.
    #[must_use]
    pub fn less(self, other: Weight) -> Weight {
        Weight(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Weight {
    fn add_assign(&mut self, other: Weight) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl Sum for Weight {
    fn sum<I: Iterator<Item = Weight>>(weights: I) -> Weight {
        weights.fold(Weight::ZERO, |mut sum, weight| {
            sum += weight;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_rate_is_an_event_that_stands_for_itself() {
        for rate in [0.0, -1.0, 1.5, f64::NAN, f64::INFINITY] {
            assert_eq!(Weight::of_rate(rate), Weight::ONE, "{rate}");
        }
        let field = |text: &'static [u8]| Weight::of_field(Some(Raw::of(text).unwrap()));
        assert_eq!(field(b"0.5").count(), 2.0);
        assert_eq!(field(b"\"0.5\"").count(), 2.0);
        assert_eq!(field(b"null"), Weight::ONE);
        assert_eq!(Weight::of_field(None), Weight::ONE);
    }

    #[test]
    fn tiny_rates_do_not_overflow() {
        let huge = Weight::of_rate(f64::MIN_POSITIVE);
        assert_eq!(huge.times(huge), huge);
        let mut sum = huge;
        sum += huge;
        assert_eq!(sum, huge);
        assert_eq!(Weight::ONE.less(huge), Weight::ZERO);
    }
}
