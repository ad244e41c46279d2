//! The threads that fulfil orders.

use std::{thread, time::Instant};

use trine::{Logger, bind};

use crate::{fulfill::fulfill, ledger::Ledger, order::Order};

/// Whether orders have a logger of their own. A rehearsal does without, so that its price is part of the measured one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    On,
    Off,
}

/// Fulfils orders on so many threads until they have emitted so many events, and then what the last orders still need.
pub(crate) fn open(threads: u64, events: u64, binding: Binding) -> Ledger {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let share = events * (worker + 1) / threads - events * worker / threads;
                scope.spawn(move || work(worker, threads, share, binding))
            })
            .collect();
        let mut sum = Ledger::new();
        for worker in workers {
            sum.add(&worker.join().expect("a worker does not panic"));
        }
        sum
    })
}

/// One thread: every order whose number, divided by `threads`, leaves `worker`.
fn work(worker: u64, threads: u64, events: u64, binding: Binding) -> Ledger {
    let mut ledger = Ledger::new();
    let mut number = worker;
    while ledger.events() < events {
        let mut order = Order::numbered(number);
        let start = Instant::now();
        let log = match binding {
            Binding::On => bind!(order_id = order.id, worker),
            Binding::Off => Logger::new(),
        };
        let outcome = fulfill(&log, &mut order);
        drop(log); // Its price is part of the events' price.
        ledger.enter(outcome, start.elapsed());
        number += threads;
    }
    ledger
}
