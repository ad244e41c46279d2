//! How many distinct values: exact for few, from a HyperLogLog sketch for many.
//!
//! Source: Flajolet et al., "HyperLogLog", 2007; the estimate is Ertl's ("New cardinality estimation algorithms for HyperLogLog
//! sketches", 2017), which needs no tables and no special case for small or large counts.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use crate::engine::value::Val;

/// So many distinct values of a group are counted exactly, by their 64-bit hashes.
pub const DISTINCT_EXACT_MAX: usize = 10_000;
/// Standard error beyond that, as a share of the count: 1.04 divided by the square root of the registers.
pub const DISTINCT_ERROR: f64 = 0.008_125;

/// Bits of a hash that choose a register.
const REGISTER_BITS: u32 = 14;
const REGISTERS: usize = 1 << REGISTER_BITS;
/// Bits of a hash that are left.
const REST_BITS: u32 = 64 - REGISTER_BITS;

/// The distinct values of a group.
#[derive(Clone, Debug)]
pub(in crate::engine) enum Distinct {
    Exact(HashSet<u64, BuildHasherDefault<Already>>),
    Sketch(Vec<u8>),
}

impl Default for Distinct {
    fn default() -> Self {
        Distinct::Exact(HashSet::default())
    }
}

/// For numbers that are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl Distinct {
    /// Takes a value in; how many bytes of memory that took.
    pub(super) fn add(&mut self, val: &Val<'_>) -> usize {
        let mut key = Vec::with_capacity(64);
        val.encode(&mut key);
        self.add_hash(crate::engine::hash::fixed(&key))
    }

    fn add_hash(&mut self, hash: u64) -> usize {
        match self {
            Distinct::Exact(set) => {
                let before = set.capacity();
                set.insert(hash);
                if set.len() <= DISTINCT_EXACT_MAX {
                    return (set.capacity() - before) * (size_of::<u64>() + 1);
                }
                let mut registers = vec![0; REGISTERS];
                set.iter().for_each(|hash| note(&mut registers, *hash));
                *self = Distinct::Sketch(registers);
                0
            }
            Distinct::Sketch(registers) => {
                note(registers, hash);
                0
            }
        }
    }

    pub(super) fn merge(&mut self, other: Distinct) {
        match other {
            Distinct::Exact(set) => set.into_iter().for_each(|hash| {
                self.add_hash(hash);
            }),
            Distinct::Sketch(mut registers) => {
                match self {
                    Distinct::Exact(set) => set.iter().for_each(|hash| note(&mut registers, *hash)),
                    Distinct::Sketch(own) => {
                        registers
                            .iter_mut()
                            .zip(own)
                            .for_each(|(register, own)| *register = (*register).max(*own));
                    }
                }
                *self = Distinct::Sketch(registers);
            }
        }
    }

    pub(super) fn count(&self) -> i128 {
        match self {
            Distinct::Exact(set) => set.len() as i128,
            Distinct::Sketch(registers) => estimate(registers).round() as i128,
        }
    }
}

/// Where the first one stands among the bits that are left, for the register that the others choose.
fn note(registers: &mut [u8], hash: u64) {
    let register = (hash >> REST_BITS) as usize;
    let rank = (hash << REGISTER_BITS).leading_zeros().min(REST_BITS) as u8 + 1;
    registers[register] = registers[register].max(rank);
}

fn estimate(registers: &[u8]) -> f64 {
    let mut counts = [0_u32; REST_BITS as usize + 2];
    registers.iter().for_each(|rank| counts[usize::from(*rank)] += 1);
    let m = REGISTERS as f64;
    let mut z = m * tau(1.0 - f64::from(counts[REST_BITS as usize + 1]) / m);
    for rank in (1..=REST_BITS as usize).rev() {
        z = 0.5 * (z + f64::from(counts[rank]));
    }
    z += m * sigma(f64::from(counts[0]) / m);
    m * m / (2.0 * std::f64::consts::LN_2 * z)
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: std::ops::Range<i128>) -> Distinct {
        let mut distinct = Distinct::default();
        for number in numbers {
            distinct.add(&Val::Int(number));
        }
        distinct
    }

    #[test]
    fn few_values_are_counted_exactly() {
        assert_eq!(of(0..0).count(), 0);
        let mut distinct = of(0..DISTINCT_EXACT_MAX as i128);
        distinct.merge(of(5_000..DISTINCT_EXACT_MAX as i128));
        assert_eq!(distinct.count(), DISTINCT_EXACT_MAX as i128);
        distinct.add(&Val::Float(3.0));
        assert_eq!(distinct.count(), DISTINCT_EXACT_MAX as i128);
    }

    #[test]
    fn many_values_are_counted_within_the_error() {
        for count in [10_001, 50_000, 300_000] {
            let counted = of(0..count).count();
            let error = (counted - count).abs() as f64 / count as f64;
            assert!(error < 4.0 * DISTINCT_ERROR, "{count}: {counted}");
        }
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let whole = of(0..40_000).count();
        for split in [10, 20_000, 39_990] {
            let mut merged = of(0..split);
            merged.merge(of(split..40_000));
            assert_eq!(merged.count(), whole);
        }
    }
}
