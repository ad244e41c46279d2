//! What became of the orders, counted without a look at the events.

use std::time::Duration;

use crate::stopwatch::Stopwatch;

/// How an order ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Shipped,
    /// Shipped, but the mail to the customer came back.
    ShippedUnannounced,
    NotPaid,
    OutOfStock,
    NotShipped,
}

/// Orders by outcome, and the time that they took.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    outcomes: [u64; 5],
    /// Of all threads together.
    busy: Duration,
    /// Orders that went through all departments.
    complete: Stopwatch,
}

/// Events of an order that goes through all departments.
const EVENTS_COMPLETE: u32 = 10;

/// How often an operation ran.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Runs {
    pub(crate) operation: &'static str,
    pub(crate) started: u64,
    pub(crate) failed: u64,
}

impl Ledger {
    pub(crate) fn new() -> Ledger {
        Ledger { outcomes: [0; 5], busy: Duration::ZERO, complete: Stopwatch::new() }
    }

    pub(crate) fn enter(&mut self, outcome: Outcome, time: Duration) {
        self.outcomes[outcome as usize] += 1;
        self.busy += time;
        if let Outcome::Shipped = outcome {
            self.complete.enter(time);
        }
    }

    pub(crate) fn add(&mut self, other: &Ledger) {
        self.outcomes.iter_mut().zip(other.outcomes).for_each(|(sum, count)| *sum += count);
        self.busy += other.busy;
        self.complete.add(&other.complete);
    }

    pub(crate) fn orders(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// The operations in the order of the flow. Who pays and gets nothing is refunded.
    pub(crate) fn operations(&self) -> [Runs; 6] {
        let of = |outcome: Outcome| self.outcomes[outcome as usize];
        let runs = |operation, started, failed| Runs { operation, started, failed };
        let unfulfilled = of(Outcome::NotPaid) + of(Outcome::OutOfStock) + of(Outcome::NotShipped);
        let paid = self.orders() - of(Outcome::NotPaid);
        let reserved = paid - of(Outcome::OutOfStock);
        let shipped = reserved - of(Outcome::NotShipped);
        [
            runs("order_fulfill", self.orders(), unfulfilled),
            runs("payment_charge", self.orders(), of(Outcome::NotPaid)),
            runs("inventory_reserve", paid, of(Outcome::OutOfStock)),
            runs("shipping_create", reserved, of(Outcome::NotShipped)),
            runs("notification_send", shipped, of(Outcome::ShippedUnannounced)),
            runs("payment_refund", paid - shipped, 0),
        ]
    }

    /// Events at the level `info` and above: each operation has a start and an end.
    pub(crate) fn events(&self) -> u64 {
        self.operations().iter().map(|runs| 2 * runs.started).sum()
    }

    /// What an event and the work around it took a thread, on average. Nanoseconds.
    pub(crate) fn event_ns_mean(&self) -> f64 {
        self.busy.as_nanos() as f64 / self.events().max(1) as f64
    }

    /// The same, in half of all orders that went through all departments.
    pub(crate) fn event_ns_median(&self) -> f64 {
        self.complete.median_ns() / f64::from(EVENTS_COMPLETE)
    }
}
