//! A fork: both processes go on emitting, nothing is lost, nothing is written twice, nothing waits for a thread that is gone.

use std::{collections::BTreeSet, thread, time::Duration};

use trine::{Batcher, Delivery, Output, batch, info, sink::FileSink};

use crate::{
    lines::{assert_counts_up, assert_steps, events, steps},
    sinks::{Flow, Valve},
    stage::{Case, Stage, to},
};

/// Events of a process that emits for itself.
const EVENTS: u64 = 500;
/// Threads that emit while the process forks.
const THREADS: u64 = 3;
/// Events of each of them: enough to go on during all forks.
const EVENTS_OF_THREAD: u64 = 10_000;
/// Forks amid emitting threads.
const FORKS: u64 = 12;
/// Events of each child of those.
const EVENTS_OF_CHILD: u64 = 50;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "parent_and_child_both_emit_after_a_fork_with_an_idle_worker",
        |place| {
            place.to_file().start();
            count(0, 0..EVENTS);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            let child = fork(|| count(1, 0..EVENTS));
            count(0, EVENTS..2 * EVENTS);
            wait_for(child);
        },
        assert_parent_and_child,
    ),
    Case::new(
        "what_waits_in_the_rings_is_written_by_the_parent_alone",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Broken);
            to(Output::to(valve.clone())).start();
            count(0, 0..EVENTS);
            let child = fork(|| {
                // The child has its own copy of the valve's state.
                valve.set(Flow::Open);
                count(1, 0..EVENTS);
            });
            wait_for(child);
            valve.set(Flow::Open);
            count(0, EVENTS..2 * EVENTS);
        },
        |stage| {
            stage.run().assert_success();
            assert_written_by_both(stage);
        },
    ),
    Case::new(
        "a_child_that_forks_again_loses_nothing",
        |place| {
            place.to_file().start();
            count(0, 0..EVENTS);
            let child = fork(|| {
                count(1, 0..EVENTS);
                let grandchild = fork(|| count(2, 0..EVENTS));
                wait_for(grandchild);
            });
            wait_for(child);
        },
        |stage| {
            stage.run().assert_quiet_success();
            assert_steps(&events(&stage.path("app.jsonl")), 0..3, EVENTS);
        },
    ),
    Case::new(
        "forks_amid_emitting_threads_neither_lose_nor_repeat_nor_hang",
        |place| {
            place.to_file().start();
            fork_amid_threads();
        },
        assert_forks_amid_threads,
    ),
    Case::new(
        "forks_amid_emitting_threads_with_tiny_rings_neither_lose_nor_repeat_nor_hang",
        |place| {
            place.to_file().ring_bytes(4 << 10).start();
            fork_amid_threads();
        },
        assert_forks_amid_threads,
    ),
    Case::new(
        "forks_amid_threads_that_write_themselves_neither_lose_nor_repeat_nor_hang",
        |place| {
            place.to_file().delivery(Delivery::Inline).start();
            fork_amid_threads();
        },
        assert_forks_amid_threads,
    ),
    Case::new(
        "a_child_counts_from_zero_and_its_parent_goes_on",
        |place| {
            place.to_file().start();
            count(0, 0..EVENTS);
            info!("step_walk_completed", duration_ms = 250);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            let child = fork(|| {
                assert_eq!((trine::counts().len(), trine::metrics::operations().len()), (0, 0));
                // At once: a counter that both threads had would miss some.
                let other = thread::spawn(|| count(2, 0..EVENTS_OF_THREAD));
                count(1, 0..EVENTS_OF_THREAD);
                other.join().unwrap();
                info!("step_walk_completed", duration_ms = 500);
                assert_walks_and_steps(0.5, 2 * EVENTS_OF_THREAD);
            });
            count(0, EVENTS..2 * EVENTS);
            assert_walks_and_steps(0.25, 2 * EVENTS);
            wait_for(child);
        },
        |stage| stage.run().assert_quiet_success(),
    ),
    Case::new(
        "parent_and_child_draw_ids_of_their_own",
        |place| {
            place.to_file().start();
            // The thread has its generators already, which the child gets a copy of.
            let draw = || {
                // The part of a UUID that is not the time.
                let random = trine::correlation_id().as_str()[19..].to_owned();
                let operation = trine::timed!("id_draw").id().unwrap();
                info!("id_draw_counted", random, operation);
            };
            draw();
            let child = fork(draw);
            draw();
            wait_for(child);
        },
        |stage| {
            stage.run().assert_quiet_success();
            for key in ["random", "operation"] {
                let drawn = events(&stage.path("app.jsonl"));
                let drawn: BTreeSet<_> = drawn.iter().filter_map(|event| event[key].as_str()).collect();
                assert_eq!(drawn.len(), 3, "{key}: {drawn:?}");
            }
        },
    ),
    Case::new(
        "what_waits_in_a_batch_is_emitted_by_the_parent_alone",
        |place| {
            place.to_file().start();
            let steps = Batcher::new(100).max_age(Duration::MAX);
            batch!(steps, "step_batch_taken", of = "parent");
            let child = fork(|| batch!(steps, "step_batch_taken", of = "child"));
            wait_for(child);
        },
        |stage| {
            stage.run().assert_quiet_success();
            let mut taken: Vec<_> = events(&stage.path("app.jsonl"))
                .iter()
                .flat_map(|batch| batch["events"].as_array().unwrap().clone())
                .map(|event| event["of"].as_str().unwrap().to_owned())
                .collect();
            taken.sort_unstable();
            assert_eq!(taken, ["child", "parent"]);
        },
    ),
    Case::new(
        "a_fork_does_not_wait_for_a_stuck_sink_without_a_bound",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Stuck);
            to(Output::to(valve.clone())).start();
            count(0, 0..EVENTS);
            // The worker is inside the sink when nobody can flush.
            assert!(trine::flush(Duration::from_millis(100)) > 0);
            let child = fork(|| count(1, 0..1));
            valve.set(Flow::Open);
            count(0, EVENTS..2 * EVENTS);
            wait_for(child);
        },
        |stage| {
            stage.run().assert_success();
            // The child cannot know what state the sink was in: its event may be lost, the parent's may not.
            let steps = steps(&events(&stage.path("app.jsonl")));
            assert_counts_up(0, &steps[&0]);
            assert_eq!(steps[&0].len() as u64, 2 * EVENTS);
        },
    ),
];

fn count(thread: u64, numbers: std::ops::Range<u64>) {
    for n in numbers {
        info!("step_done", thread, n);
    }
}

/// Runs `child` in a child, which then leaves as a program does.
fn fork(child: impl FnOnce()) -> i32 {
    // SAFETY: the child runs Rust code of this test only; that it may is what the test is about.
    match unsafe { libc::fork() } {
        0 => {
            child();
            std::process::exit(0);
        }
        pid => {
            assert!(pid > 0, "fork failed");
            pid
        }
    }
}

fn wait_for(child: i32) {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child failed");
}

/// One walk, which took so long, and that many steps have been counted in this process.
#[track_caller]
fn assert_walks_and_steps(seconds: f64, steps: u64) {
    assert_eq!(trine::flush(Duration::from_secs(30)), 0);
    let counts = trine::counts();
    assert_eq!((counts["step_walk_completed"], counts["step_done"]), (1, steps));
    let operations = trine::metrics::operations();
    let walk = operations.iter().find(|stats| stats.operation == "step_walk").unwrap();
    assert_eq!((walk.ok, walk.durations.count(), walk.durations.sum()), (1, 1, seconds));
}

fn fork_amid_threads() {
    let threads: Vec<_> =
        (0..THREADS).map(|thread| thread::spawn(move || count(thread, 0..EVENTS_OF_THREAD))).collect();
    for child in 0..FORKS {
        wait_for(fork(|| {
            count(THREADS + child, 0..EVENTS_OF_CHILD);
            assert_eq!(trine::counts()["step_done"], EVENTS_OF_CHILD);
        }));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(trine::counts()["step_done"], THREADS * EVENTS_OF_THREAD);
}

fn assert_forks_amid_threads(stage: &Stage) {
    stage.run().assert_quiet_success();
    let steps = steps(&events(&stage.path("app.jsonl")));
    assert_eq!(steps.len() as u64, THREADS + FORKS);
    for (thread, numbers) in steps {
        assert_counts_up(thread, &numbers);
        assert_eq!(numbers.len() as u64, if thread < THREADS { EVENTS_OF_THREAD } else { EVENTS_OF_CHILD });
    }
}

fn assert_parent_and_child(stage: &Stage) {
    stage.run().assert_quiet_success();
    assert_written_by_both(stage);
}

fn assert_written_by_both(stage: &Stage) {
    let steps = steps(&events(&stage.path("app.jsonl")));
    for (thread, count) in [(0, 2 * EVENTS), (1, EVENTS)] {
        assert_counts_up(thread, &steps[&thread]);
        assert_eq!(steps[&thread].len() as u64, count);
    }
    assert_eq!(steps.len(), 2);
}
