//! What victims of one batch do, chosen at random from a seed.

use std::fmt;

/// Words a plan is written as.
pub(crate) const WORDS: usize = 4;

/// What the victims of a batch do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Threads that emit.
    pub(crate) threads: usize,
    /// Memory per thread.
    pub(crate) ring_bytes: usize,
    /// Size at which the file is closed and a new one begun.
    pub(crate) rotate_bytes: u64,
    /// A second output, of another format, into one file.
    pub(crate) has_second: bool,
}

impl Plan {
    pub(crate) fn choose(random: &mut Random) -> Plan {
        let of = |random: &mut Random, values: &[u64]| values[(random.next() % values.len() as u64) as usize];
        Plan {
            threads: 1 + (random.next() % 8) as usize,
            ring_bytes: of(random, &[4 << 10, 64 << 10, 1 << 20]) as usize,
            rotate_bytes: of(random, &[10_000, 300_000, 5_000_000]),
            has_second: random.next().is_multiple_of(2),
        }
    }

    pub(crate) fn words(&self) -> [String; WORDS] {
        [
            self.threads.to_string(),
            self.ring_bytes.to_string(),
            self.rotate_bytes.to_string(),
            self.has_second.to_string(),
        ]
    }

    pub(crate) fn read(words: &[&str]) -> Option<Plan> {
        let [threads, ring_bytes, rotate_bytes, has_second] = words else { return None };
        Some(Plan {
            threads: threads.parse().ok()?,
            ring_bytes: ring_bytes.parse().ok()?,
            rotate_bytes: rotate_bytes.parse().ok()?,
            has_second: has_second.parse().ok()?,
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = if self.has_second { ", two outputs" } else { "" };
        let Plan { threads, ring_bytes, rotate_bytes, .. } = self;
        write!(f, "{threads} threads, rings of {ring_bytes}, files of {rotate_bytes}{second}")
    }
}

/// A generator of random numbers: xorshift64*.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    /// In `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() % (1 << 32)) as f64 / (1_u64 << 32) as f64
    }
}
