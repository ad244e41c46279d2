//! Counts and durations: exact however events travel, and whatever becomes of them.

use std::{
    thread,
    time::{Duration, Instant},
};

use trine::{Delivery, Output, debug, info, sink::FileSink};

use crate::{
    lines::events,
    sinks::{Flow, Valve},
    stage::{Case, Place, Stage, to},
};

/// Threads that emit at once.
const THREADS: u64 = 8;
/// Events of each.
const EVENTS: u64 = 20_000;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "eight_threads_are_counted_and_timed_to_the_last_event",
        |place| {
            place.to_file().start();
            run_amid_readers();
        },
        assert_all_written,
    ),
    Case::new(
        "eight_threads_that_write_themselves_are_counted_and_timed_to_the_last_event",
        |place| {
            place.to_file().delivery(Delivery::Inline).start();
            run_amid_readers();
        },
        assert_all_written,
    ),
    Case::new(
        "eight_threads_with_tiny_rings_are_counted_and_timed_to_the_last_event",
        |place| {
            place.to_file().ring_bytes(4096).start();
            run_amid_readers();
        },
        assert_all_written,
    ),
    Case::new(
        "an_event_too_large_for_its_ring_is_counted_once_and_timed_once",
        |place| {
            place.to_file().ring_bytes(4096).start();
            let text = "x".repeat(100_000);
            info!("step_walk_completed", text, duration_ms = 500);
            assert_counted_and_timed(1, 0.5);
        },
        |stage| stage.run().assert_quiet_success(),
    ),
    Case::new(
        "what_is_lost_has_happened",
        |place| {
            let valve = stuck(place);
            to(Output::to(valve.clone())).ring_bytes(4096).start();
            // At `debug`, nobody waits for a sink that is stuck.
            (0..EVENTS).for_each(|n| debug!("step_done", n));
            assert_eq!(trine::counts()["step_done"], EVENTS);
            let lost = trine::health().lost_by_name["step_done"];
            assert!((1..EVENTS).contains(&lost), "{lost}");
            valve.set(Flow::Open);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            let text = trine::metrics::prometheus();
            for line in [
                format!("trine_events_total{{event=\"step_done\",level=\"debug\"}} {EVENTS}"),
                format!("trine_events_lost_total{{event=\"step_done\"}} {lost}"),
                "trine_events_total{event=\"trine_events_lost\",level=\"warning\"} 1".to_owned(),
            ] {
                assert!(text.contains(&format!("\n{line}\n")), "{line} is not in\n{text}");
            }
            place.say(format_args!("lost {lost}"));
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            let written = events(&stage.path("app.jsonl"));
            let written = written.iter().filter(|event| event["event"] == "step_done").count() as u64;
            assert_eq!(written + outcome.number("lost"), EVENTS);
        },
    ),
    Case::new(
        "metrics_do_not_wait_for_a_stuck_sink_beyond_their_bound",
        |place| {
            let valve = stuck(place);
            to(Output::to(valve.clone())).start();
            info!("step_walk_completed", duration_ms = 500);
            // The worker is inside the sink when nobody can flush.
            assert!(trine::flush(Duration::from_millis(100)) > 0);
            info!("step_walk_completed", duration_ms = 500);
            let begin = Instant::now();
            let text = trine::metrics::prometheus();
            // 200 ms are promised; the machine may be busy.
            assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
            assert!(
                text.contains("trine_operation_runs_total{operation=\"step_walk\",outcome=\"ok\"} 2\n"),
                "{text}"
            );
            valve.set(Flow::Open);
            assert_counted_and_timed(2, 1.0);
        },
        |stage| stage.run().assert_success(),
    ),
];

fn stuck(place: &Place) -> Valve {
    Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Stuck)
}

/// Threads that emit while others ask how much it is.
fn run_amid_readers() {
    let walk = || (0..EVENTS).for_each(|n| info!("step_walk_completed", n, duration_ms = 500));
    let threads: Vec<_> = (0..THREADS).map(|_| thread::spawn(walk)).collect();
    let (mut counted, mut timed) = (0, 0);
    while !threads.iter().all(thread::JoinHandle::is_finished) {
        if let Some(walk) = trine::metrics::operations().first() {
            assert!((counted..=THREADS * EVENTS).contains(&walk.ok), "{} after {counted}", walk.ok);
            let count = walk.durations.count();
            assert!((timed..=THREADS * EVENTS).contains(&count), "{count} after {timed}");
            (counted, timed) = (walk.ok, count);
        }
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_counted_and_timed(THREADS * EVENTS, (THREADS * EVENTS) as f64 / 2.0);
}

#[track_caller]
fn assert_counted_and_timed(events: u64, seconds: f64) {
    assert_eq!(trine::flush(Duration::from_secs(30)), 0);
    assert_eq!(trine::counts()["step_walk_completed"], events);
    let walk = &trine::metrics::operations()[0];
    assert_eq!((walk.operation, walk.runs, walk.ok, walk.failed), ("step_walk", events, events, 0));
    assert_eq!((walk.durations.count(), walk.durations.sum()), (events, seconds));
}

fn assert_all_written(stage: &Stage) {
    stage.run().assert_quiet_success();
    assert_eq!(events(&stage.path("app.jsonl")).len() as u64, THREADS * EVENTS);
}
