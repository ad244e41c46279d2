//! Logs that look like a shop's, made up: for demos, benchmarks and tests.
//!
//! The same settings give the same bytes, on every machine. Lines are as Trine writes them (docs/format.md §1), in the order of
//! their times.
//!
//! ```
//! use trine_query::generate::{Generator, Settings};
//!
//! let mut text = Vec::new();
//! let mut generator = Generator::new(Settings { events: 1_000, ..Settings::default() });
//! while generator.line(&mut text) {}
//! assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1_000);
//! ```
//!
//! # What is in them?
//! A shop of some services, some hours of its day: requests, log-ins, orders with their payments, queries and transactions, imports.
//! Events of one request share `request_id`, `trace_id` and `user_id`. Durations have long tails. One request in some dozens fails;
//! a few operations are started and never end; cache hits are sampled (`sample_rate` 0.01); imports report their items
//! in batches. From minute 35 to 45 of every second hour the payment provider is in trouble: payments are slow, and a
//! third of them fails.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io::{self, Write},
};

use self::{flow::Pending, random::Random};
use crate::scan::time::SECOND_NS;

mod flow;
mod line;
mod random;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Chooses one of many logs. Default 1.
    pub seed: u64,
    /// How many lines. Default 100,000.
    pub events: u64,
    /// When the log begins. Nanoseconds since 1970-01-01 UTC. Default 2025-10-24T08:00:00Z.
    pub start_ns: i64,
    /// Events per second of the log's time, in the mean over its hours; held between a thousandth and a billion. Default 250: five
    /// million events take five and a half hours.
    pub rate: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { seed: 1, events: 100_000, start_ns: 1_761_292_800 * SECOND_NS, rate: 250.0 }
    }
}

/// Events of a flow in the mean, by which the rate of flows follows from that of events. Measured; a test compares.
const EVENTS_PER_FLOW: f64 = 4.13;
/// Bounds of [`Settings::rate`].
const RATE_MIN: f64 = 1e-3;
const RATE_MAX: f64 = 1e9;
/// Bytes that [`write`] gathers before it writes.
const CHUNK_BYTES: usize = 256 << 10;

/// Makes a log, line by line.
#[derive(Debug)]
pub struct Generator {
    random: Random,
    settings: Settings,
    /// Lines still to be made.
    left: u64,
    /// When the next flow begins.
    arrival_ns: i64,
    /// Events of the flows that have begun, by their time.
    pending: BinaryHeap<Reverse<Pending>>,
    /// How many events there have been, so that those of one nanosecond have an order.
    made: u64,
}

impl Generator {
    /// A log with these settings.
    pub fn new(settings: Settings) -> Generator {
        let rate = if settings.rate.is_nan() { RATE_MIN } else { settings.rate.clamp(RATE_MIN, RATE_MAX) };
        Generator {
            random: Random::new(settings.seed),
            settings: Settings { rate, ..settings },
            left: settings.events,
            arrival_ns: settings.start_ns,
            pending: BinaryHeap::new(),
            made: 0,
        }
    }

    /// Appends the next line, with its line feed; false when all are made.
    pub fn line(&mut self, out: &mut Vec<u8>) -> bool {
        if self.left == 0 {
            return false;
        }
        while self.pending.peek().is_none_or(|Reverse(next)| next.at_ns >= self.arrival_ns) {
            self.begin_flow();
        }
        let Some(Reverse(next)) = self.pending.pop() else { return false };
        line::write(&next, out);
        self.left -= 1;
        true
    }

    fn begin_flow(&mut self) {
        let Generator { random, pending, made, .. } = self;
        let is_trouble = is_trouble(self.arrival_ns, self.settings.start_ns);
        flow::begin(self.arrival_ns, is_trouble, random, &mut |mut event: Pending| {
            *made += 1;
            event.number = *made;
            pending.push(Reverse(event));
        });
        let flows_per_s =
            self.settings.rate * tide(self.arrival_ns, self.settings.start_ns) / EVENTS_PER_FLOW;
        let wait_ns = random.exponential() / flows_per_s * SECOND_NS as f64;
        self.arrival_ns = self.arrival_ns.saturating_add((wait_ns as i64).max(1));
    }
}

/// Writes a whole log; how many bytes it has.
///
/// Errors: those of the writer.
pub fn write(settings: Settings, out: &mut impl Write) -> io::Result<u64> {
    let mut generator = Generator::new(settings);
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4_096);
    let mut bytes = 0;
    loop {
        let goes_on = generator.line(&mut chunk);
        if chunk.len() >= CHUNK_BYTES || !goes_on {
            out.write_all(&chunk)?;
            bytes += chunk.len() as u64;
            chunk.clear();
        }
        if !goes_on {
            return Ok(bytes);
        }
    }
}

/// How busy the shop is, as a share of its mean: between 0.6 and 1.4, up and down in four hours.
fn tide(now_ns: i64, start_ns: i64) -> f64 {
    const PERIOD_NS: i64 = 4 * 3_600 * SECOND_NS;
    let phase = now_ns.saturating_sub(start_ns).rem_euclid(PERIOD_NS) as f64 / PERIOD_NS as f64;
    1.0 + 0.4 * (if phase < 0.5 { phase * 4.0 - 1.0 } else { 3.0 - phase * 4.0 })
}

/// Whether the payment provider is in trouble.
fn is_trouble(now_ns: i64, start_ns: i64) -> bool {
    const MINUTE_NS: i64 = 60 * SECOND_NS;
    (35..45).contains(&(now_ns.saturating_sub(start_ns) / MINUTE_NS % 120))
}
