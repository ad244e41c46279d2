//! A full ring and a sink that takes nothing: what is lost is counted, to the event.

use std::{
    thread,
    time::{Duration, Instant},
};

use trine::{Output, debug, info, sink::FileSink};

use crate::{
    lines::{events, lost, named},
    sinks::{Flow, Valve},
    stage::{Case, Place, Stage, to},
};

/// Threads that emit into the trouble.
const THREADS: u64 = 3;
/// Events of each of them, of each level: many rings full.
const EVENTS: u64 = 5_000;
/// Longest an event at `info` waits per stall, as documented.
const STALL: Duration = Duration::from_secs(1);
/// What a loaded machine may add to any time.
const GRACE: Duration = Duration::from_secs(4);

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "with_a_broken_sink_written_and_lost_are_exactly_what_was_emitted",
        |place| overwhelm(place, Flow::Broken),
        assert_all_accounted_for,
    ),
    Case::new(
        "with_a_stuck_sink_written_and_lost_are_exactly_what_was_emitted",
        |place| overwhelm(place, Flow::Stuck),
        assert_all_accounted_for,
    ),
    Case::new(
        "with_two_outputs_of_which_one_is_broken_nothing_is_lost_to_the_other",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Broken);
            to(Output::to(valve)).output(Output::file(place.path("other.jsonl"))).ring_bytes(4 << 10).start();
            emit_from_threads();
            trine::flush(Duration::from_millis(100));
            // The exit would wait for the broken one.
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) };
        },
        |stage| {
            stage.run().assert_success();
            let events = events(&stage.path("other.jsonl"));
            assert_eq!(named(&events, "step_done").len() as u64, THREADS * EVENTS);
            assert_eq!(named(&events, "detail_seen").len() as u64, THREADS * EVENTS);
        },
    ),
    Case::new(
        "a_sink_that_may_wait_is_given_small_pieces",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Stuck);
            to(Output::to(valve.clone())).start();
            for n in 0..EVENTS {
                info!("step_done", n);
            }
            valve.set(Flow::Open);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            place.say(format_args!("largest {}", valve.largest()));
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            // All that waited would be more; so would a chunk for a sink that is prompt.
            assert!((32 << 10..80 << 10).contains(&outcome.number("largest")), "{outcome:?}");
        },
    ),
    Case::new(
        "debug_is_lost_at_once_and_info_waits_once_per_stall",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Broken);
            to(Output::to(valve.clone())).ring_bytes(4 << 10).start();
            for _ in 0..2 {
                let (fast, slow) = (timed(|| debug!("detail_seen")), timed(|| info!("step_done")));
                place.say(format_args!("fast_ms {}\nslow_ms {}", fast.as_millis(), slow.as_millis()));
                valve.set(Flow::Open);
                assert_eq!(trine::flush(Duration::from_secs(30)), 0);
                valve.set(Flow::Broken);
            }
            valve.set(Flow::Open);
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            let times = |key: &str| -> Vec<Duration> {
                let lines = outcome.stdout.lines().filter_map(|line| line.strip_prefix(key));
                lines.map(|ms| Duration::from_millis(ms.trim().parse().unwrap())).collect()
            };
            let (fast, slow) = (times("fast_ms"), times("slow_ms"));
            assert_eq!((fast.len(), slow.len()), (2, 2));
            // Each stall begins anew, since the ring was empty in between.
            assert!(fast.iter().all(|time| *time < STALL), "{outcome:?}");
            assert!(slow.iter().all(|time| *time >= STALL && *time < STALL + GRACE), "{outcome:?}");
        },
    ),
];

/// How long some rings full of events take.
fn timed(emit: impl Fn()) -> Duration {
    let begin = Instant::now();
    (0..EVENTS).for_each(|_| emit());
    begin.elapsed()
}

fn emit_from_threads() {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for n in 0..EVENTS {
                    debug!("detail_seen", thread, n);
                    info!("step_done", thread, n);
                }
            });
        }
    });
}

fn overwhelm(place: &Place, flow: Flow) {
    let valve = Valve::new(FileSink::new(place.path("app.jsonl")), flow);
    to(Output::to(valve.clone())).ring_bytes(4 << 10).start();
    emit_from_threads();
    valve.set(Flow::Open);
    assert_eq!(trine::flush(Duration::from_secs(30)), 0);
    let health = trine::health();
    place.say(format_args!("lost {}", health.lost));
    for name in ["step_done", "detail_seen"] {
        place.say(format_args!("{name} {}", health.lost_by_name.get(name).copied().unwrap_or(0)));
    }
}

fn assert_all_accounted_for(stage: &Stage) {
    let outcome = stage.run();
    outcome.assert_success();
    let events = events(&stage.path("app.jsonl"));
    let lost = lost(&events);
    let mut sum = 0;
    for name in ["step_done", "detail_seen"] {
        let told = lost.get(name).copied().unwrap_or(0);
        let written = named(&events, name).len() as u64;
        assert_eq!(written + told, THREADS * EVENTS, "{name}: {written} written, {told} lost");
        assert_eq!(told, outcome.number(name), "the events and `health` agree about {name}");
        assert!(told > 0, "{name}: the rings cannot have held all of it");
        sum += told;
    }
    assert_eq!(sum, outcome.number("lost"));
    let totals: u64 =
        named(&events, "trine_events_lost").iter().map(|event| event["lost"].as_u64().unwrap()).sum();
    assert_eq!(sum, totals);
}
