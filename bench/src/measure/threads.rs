//! W2 to a null writer on one thread and on two, each on its own core.

use std::sync::Barrier;
use std::time::Instant;

use super::rate::{batch_len, median};
use super::{Report, repeat, row};
use crate::clock;
use crate::contestant::Contestant;

/// Rounds of about [`ROUND_BATCHES`] half milliseconds; the median round counts.
const ROUNDS: usize = 7;
const ROUND_BATCHES: u64 = 60;

/// Adds `threads1_meps`, `threads2_meps` (million events per second) and `scaling`.
pub fn measure<C: Contestant>(contestant: &C, report: &mut Report) {
    let batch =
        contestant.in_context(|context| batch_len(&mut |n| repeat(n, |i| contestant.w2(context, row(i)))));
    let one = million_per_second(contestant, 1, batch * ROUND_BATCHES);
    let two = million_per_second(contestant, 2, batch * ROUND_BATCHES);
    report.insert("threads1_meps".to_owned(), one);
    report.insert("threads2_meps".to_owned(), two);
    report.insert("scaling".to_owned(), two / one);
}

fn million_per_second<C: Contestant>(contestant: &C, threads: usize, events: u64) -> f64 {
    let barrier = Barrier::new(threads);
    let mut rounds = vec![0.0; ROUNDS];
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|core| {
                let barrier = &barrier;
                scope.spawn(move || thread(contestant, core, events, barrier))
            })
            .collect();
        for thread in running {
            for (total, rate) in rounds.iter_mut().zip(thread.join().expect("a contestant does not panic")) {
                *total += rate;
            }
        }
    });
    median(&mut rounds)
}

/// This thread's rate in every round. A thread that finishes early is slightly flattered; the median evens it out.
fn thread<C: Contestant>(contestant: &C, core: usize, events: u64, barrier: &Barrier) -> Vec<f64> {
    clock::pin(core);
    contestant.in_context(|context| {
        (0..ROUNDS)
            .map(|_| {
                barrier.wait();
                let start = Instant::now();
                repeat(events, |i| contestant.w2(context, row(i)));
                events as f64 / start.elapsed().as_nanos() as f64 * 1e3
            })
            .collect()
    })
}
