//! Many threads: all events are there, in each thread's order.

use std::{
    collections::VecDeque,
    sync::{Barrier, mpsc},
    thread,
    time::Duration,
};

use trine::{Delivery, Setup, info};

use crate::{
    lines::{assert_numbers, assert_steps, events, steps_only},
    stage::{Case, Stage},
};

/// Threads that emit at the same time.
const THREADS: u64 = 8;
/// Events of each: a hundred rings full.
const EVENTS: u64 = 100_000;
/// Smallest ring: its callers drain most of it themselves.
const RING_BYTES_TINY: usize = 4 << 10;
/// Rings between those of two threads that take turns: to look at so many takes the worker as long as a turn.
const RINGS_BETWEEN: u64 = 500;
/// Turns of each of the two.
const TURNS: u64 = 10_000;
/// Threads that live for a moment.
const SHORT_LIVED: u64 = 10_000;
/// Most of them alive at a time.
const ALIVE_MAX: u64 = 64;
/// Events of each of them.
const EVENTS_OF_SHORT_LIVED: u64 = 3;
/// Resident memory of a process with [`ALIVE_MAX`] rings: 16 MiB of rings, the threads' stacks, and as much again.
const RESIDENT_KIB_MAX: u64 = 64 << 10;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "eight_threads_lose_nothing_and_keep_their_order",
        |place| emit_from_threads(place.to_file()),
        assert_all_threads,
    ),
    Case::new(
        "eight_threads_that_write_themselves_lose_nothing_and_keep_their_order",
        |place| emit_from_threads(place.to_file().delivery(Delivery::Inline)),
        assert_all_threads,
    ),
    Case::new(
        "eight_threads_with_tiny_rings_lose_nothing_and_keep_their_order",
        |place| emit_from_threads(place.to_file().ring_bytes(RING_BYTES_TINY)),
        assert_all_threads,
    ),
    Case::new(
        "an_event_stands_behind_those_of_other_threads_that_it_happened_after",
        |place| {
            place.to_file().ring_bytes(RING_BYTES_TINY).start();
            let barrier = Barrier::new(RINGS_BETWEEN as usize + 1);
            thread::scope(|scope| {
                let ((to_other, from_one), (to_one, from_other)) = (mpsc::channel(), mpsc::channel());
                info!("step_done", thread = 0, n = 0);
                for thread in 1..=RINGS_BETWEEN {
                    let barrier = &barrier;
                    let emit = move || {
                        info!("step_done", thread, n = thread);
                        barrier.wait();
                        barrier.wait();
                    };
                    scope.spawn(emit);
                }
                barrier.wait();
                scope.spawn(move || {
                    for n in from_one {
                        info!("step_done", thread = RINGS_BETWEEN + 1, n);
                        to_one.send(n + 1).unwrap();
                    }
                });
                let mut n = RINGS_BETWEEN + 1;
                for _ in 0..TURNS {
                    info!("step_done", thread = 0, n);
                    to_other.send(n + 1).unwrap();
                    n = from_other.recv().unwrap();
                }
                drop(to_other);
                barrier.wait();
            });
        },
        |stage| {
            stage.run().assert_quiet_success();
            let events = events(&stage.path("app.jsonl"));
            let numbers = events.iter().map(|event| event["n"].as_u64().unwrap());
            let turns: Vec<u64> = numbers.filter(|n| *n > RINGS_BETWEEN).collect();
            let early = turns.windows(2).find(|pair| pair[0] + 1 != pair[1]);
            assert!(turns.len() as u64 == 2 * TURNS && early.is_none(), "{} {early:?}", turns.len());
        },
    ),
    Case::new(
        "ten_thousand_short_lived_threads_share_few_rings_and_little_memory",
        |place| {
            place.to_file().start();
            let mut alive = VecDeque::new();
            for thread in 0..SHORT_LIVED {
                if alive.len() as u64 == ALIVE_MAX {
                    let oldest: thread::JoinHandle<()> = alive.pop_front().unwrap();
                    oldest.join().unwrap();
                }
                alive.push_back(thread::spawn(move || {
                    for n in 0..EVENTS_OF_SHORT_LIVED {
                        info!("step_done", thread, n);
                    }
                }));
            }
            alive.into_iter().for_each(|thread| thread.join().unwrap());
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            place.say(format_args!("rings {}", maps.matches("/ring-").count()));
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let resident = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            place.say(format_args!("resident_kib {}", resident.trim().trim_end_matches(" kB")));
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_quiet_success();
            assert!((1..=ALIVE_MAX).contains(&outcome.number("rings")), "{outcome:?}");
            assert!(outcome.number("resident_kib") <= RESIDENT_KIB_MAX, "{outcome:?}");
            assert_steps(&events(&stage.path("app.jsonl")), 0..SHORT_LIVED, EVENTS_OF_SHORT_LIVED);
        },
    ),
    Case::new(
        "a_thread_that_changes_over_to_writing_itself_keeps_its_order",
        |place| {
            for round in 0..20 {
                let delivery = if round % 2 == 0 { Delivery::Worker } else { Delivery::Inline };
                place.to_file().delivery(delivery).start();
                (0..50).for_each(|n| info!("step_done", thread = 0, n = round * 50 + n));
            }
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
        },
        |stage| {
            stage.run().assert_quiet_success();
            assert_steps(&events(&stage.path("app.jsonl")), 0..1, 1_000);
        },
    ),
];

fn emit_from_threads(setup: Setup) {
    setup.start();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || (0..EVENTS).for_each(|n| info!("step_done", thread, n)));
        }
    });
}

fn assert_all_threads(stage: &Stage) {
    stage.run().assert_quiet_success();
    let steps = steps_only(&stage.path("app.jsonl"));
    assert_numbers(&steps.numbers, 0..THREADS, EVENTS);
    // RFC 3339 in UTC with microseconds: the text sorts as the time.
    for (thread, times) in &steps.times {
        let step_back = times.windows(2).find(|pair| pair[0] > pair[1]);
        assert!(step_back.is_none(), "thread {thread}: {step_back:?}");
    }
}
