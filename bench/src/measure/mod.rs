//! What a contestant's own process does: one measurement, printed as `name value` lines for the driver.

pub mod allocations;
pub mod burst;
pub mod paced;
pub mod patterns;
pub mod rate;
pub mod show;
pub mod sustained;
pub mod threads;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::clock;
use crate::contestant::{Contestant, Inline};
use crate::output::Output;
use crate::workload::{REQUESTS, REQUESTS_LEN, WIDES};

/// The core of the measured thread; workers start on [`CORE_WORKER`].
pub const CORE_CALLER: usize = 0;
pub const CORE_WORKER: usize = 1;

/// Named numbers, in a stable order.
pub type Report = BTreeMap<String, f64>;

/// One measurement, as it is given on the command line.
#[derive(Clone, Debug)]
pub struct Task {
    pub measure: Measure,
    /// The file of queued contestants, and of `show`. Unused otherwise.
    pub path: PathBuf,
    /// How much to do: the meaning is the measurement's (milliseconds per workload, bursts, events).
    pub amount: u64,
}

/// The measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// ns per event to a null writer, allocations, two threads.
    Inline,
    /// Bursts and paced events to a file, allocations.
    Caller,
    /// As fast as possible until the file is complete.
    Sustained,
    /// A few events of every workload to a file, for the eye and for the check.
    Show,
}

impl Measure {
    pub const ALL: [(&'static str, Self); 4] = [
        ("inline", Self::Inline),
        ("caller", Self::Caller),
        ("sustained", Self::Sustained),
        ("show", Self::Show),
    ];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, measure)| *measure)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, measure)| *measure == self).map_or("", |(name, _)| name)
    }
}

/// Runs a measurement of a contestant that renders on the caller's thread.
pub fn inline<C: Inline>(task: &Task) -> Report {
    clock::pin(CORE_CALLER);
    let output = if task.measure == Measure::Show { Output::File(task.path.clone()) } else { Output::Null };
    let contestant = C::start(&output);
    let mut report = Report::new();
    if task.measure == Measure::Show {
        show::inline(&contestant);
    } else {
        rates(&contestant, task.amount as f64, &mut report);
        threads::measure(&contestant, &mut report);
    }
    contestant.finish();
    report
}

fn rates<C: Inline>(contestant: &C, ms: f64, report: &mut Report) {
    let mut both = |workload: &str, event: &mut dyn FnMut(u64)| {
        report.insert(format!("{workload}_ns"), rate::ns_per_event(ms, event));
        report.insert(format!("{workload}_allocations"), allocations::per_event(event));
    };
    both("w1", &mut |n| repeat(n, |i| contestant.w1(row(i))));
    contestant.in_context(|context| both("w2", &mut |n| repeat(n, |i| contestant.w2(context, row(i)))));
    both("w3", &mut |n| repeat(n, |i| contestant.w3(row(i))));
    if contestant.w4(&REQUESTS[0], &WIDES[0]) {
        both("w4", &mut |n| {
            repeat(n, |i| {
                std::hint::black_box(contestant.w4(row(i), &WIDES[i & (REQUESTS_LEN - 1)]));
            });
        });
    }
}

/// Runs a measurement of a contestant with a thread of its own.
pub fn queued<C: Contestant>(task: &Task) -> Report {
    // Threads inherit the core of the thread that starts them; some contestants start theirs with the first event.
    clock::pin(CORE_WORKER);
    let contestant = C::start(&Output::File(task.path.clone()));
    let mut report = Report::new();
    let finish = contestant.in_context(|context| {
        if task.measure == Measure::Show {
            show::queued(&contestant, context);
            return None;
        }
        contestant.w2(context, &REQUESTS[0]);
        clock::pin(CORE_CALLER);
        let mut event = |n| repeat(n, |i| contestant.w2(context, row(i)));
        match task.measure {
            Measure::Sustained => Some(sustained::emit(task.amount, &mut event)),
            _ => {
                burst::measure(task.amount, &mut event, &mut report);
                paced::measure(task.amount, |i| contestant.w2(context, row(i)), &mut report);
                report.insert("w2_allocations".to_owned(), allocations::per_event(&mut event));
                for (name, pattern) in contestant.patterns() {
                    patterns::measure(
                        task.amount,
                        name,
                        &mut event,
                        &mut |n| pattern(context, n),
                        &mut report,
                    );
                }
                None
            }
        }
    });
    contestant.finish();
    if let Some(emitted) = finish {
        // One more: the event that woke the worker.
        emitted.complete(&task.path, task.amount + 1, &mut report);
    }
    report
}

/// The row of the `i`-th event, hidden from the optimiser.
#[inline(always)]
pub fn row(i: usize) -> &'static crate::workload::Request {
    std::hint::black_box(&REQUESTS[i & (REQUESTS_LEN - 1)])
}

#[inline(always)]
pub fn repeat(n: u64, mut event: impl FnMut(usize)) {
    for i in 0..n as usize {
        event(i);
    }
}
