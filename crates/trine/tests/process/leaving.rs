//! However a process ends, what it emitted before is written.

use std::{
    cell::Cell,
    fmt, fs,
    os::{fd::AsRawFd, unix::process::ExitStatusExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use trine::{Batcher, Output, batch, info, sink::FileSink};

use crate::{
    lines::{assert_counts_up, assert_steps, events, named, steps_only},
    sinks::{Flow, Valve},
    stage::{Case, Place, Stage, poll, text_of, to},
};

/// Events of a simple program: several chunks of the worker's.
const EVENTS: u64 = 1_000;
/// Threads that emit while the process ends.
const THREADS: u64 = 4;
/// Longest that something is waited for which has to come: leaving takes five seconds where a sink is slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// Times that a race is run.
const RACES: usize = 5;

pub(crate) const CASES: &[Case] = &[
    Case::new("events_are_written_when_main_returns", emit, |stage| {
        assert_all(stage, Some(0));
    }),
    Case::new(
        "events_are_written_when_the_program_calls_exit",
        |place| {
            emit(place);
            std::process::exit(3);
        },
        |stage| {
            assert_all(stage, Some(3));
        },
    ),
    Case::new(
        "events_are_written_when_main_panics",
        |place| {
            emit(place);
            panic!("the end of main");
        },
        |stage| {
            let outcome = assert_all(stage, Some(101));
            assert!(outcome.stderr.contains("the end of main"), "{outcome:?}");
        },
    ),
    Case::new(
        "what_waits_in_batches_is_written_when_the_program_exits",
        |place| {
            place.to_file().start();
            // Never dropped: only the end of the process emits it.
            let steps: &'static Batcher = Box::leak(Box::new(Batcher::new(100).max_age(Duration::MAX)));
            batch!(steps, "step_batch_taken", number = 1);
            batch!(steps, "step_batch_taken", number = 2);
            std::process::exit(0);
        },
        |stage| {
            stage.run().assert_quiet_success();
            let events = events(&stage.path("app.jsonl"));
            assert_eq!((events.len(), &events[0]["event_count"]), (1, &2.into()));
        },
    ),
    Case::new(
        "a_batch_is_written_when_its_age_comes_though_nothing_else_happens",
        |place| {
            place.to_file().start();
            let steps = Batcher::new(100).max_age(Duration::from_millis(50));
            batch!(steps, "step_batch_taken", number = 1);
            let patience = Instant::now() + Duration::from_secs(30);
            while fs::metadata(place.path("app.jsonl")).map_or(0, |file| file.len()) == 0 {
                assert!(Instant::now() < patience, "the worker has not emitted the batch");
                thread::sleep(Duration::from_millis(1));
            }
            std::mem::forget(steps);
        },
        |stage| {
            stage.run().assert_quiet_success();
            assert_eq!(events(&stage.path("app.jsonl")).len(), 1);
        },
    ),
    Case::new(
        "a_panic_in_another_thread_loses_nothing_and_main_goes_on",
        |place| {
            place.to_file().start();
            let other = thread::spawn(|| {
                count(1);
                panic!("the end of a thread");
            });
            assert!(other.join().is_err());
            count(0);
        },
        |stage| {
            let outcome = stage.run();
            assert!(outcome.stderr.contains("the end of a thread"), "{outcome:?}");
            outcome.assert_success();
            assert_steps(&events(&stage.path("app.jsonl")), 0..2, EVENTS);
        },
    ),
    Case::new(
        "a_display_that_panics_is_a_marked_value_and_the_program_goes_on",
        |place| {
            place.to_file().start();
            info!("value_shown", value = %Explosive, behind = 1);
            count(0);
        },
        |stage| {
            stage.run().assert_success();
            let events = events(&stage.path("app.jsonl"));
            assert_eq!(events[0]["behind"], 1, "{}", events[0]);
            assert!(events[0]["value"].as_str().unwrap().contains("panicked"), "{}", events[0]);
            assert_steps(&events, 0..1, EVENTS);
        },
    ),
    Case::new(
        "what_came_while_the_last_write_was_slow_is_left_for_the_next_start",
        |place| {
            if place.path("errors").exists() {
                return place.to_file().start();
            }
            to_file(&place.path("errors"));
            let valve = Valve::as_file(FileSink::new(place.path("app.jsonl")), Flow::Stuck);
            to(Output::to(valve.clone())).start();
            info!("step_done", thread = 0, n = 0);
            assert!(poll(PATIENCE, || valve.largest() > 0), "nothing was written");
            // A ring that the pass under way knows nothing of.
            thread::spawn(|| info!("step_done", thread = 1, n = 0)).join().unwrap();
            let errors = place.path("errors");
            thread::spawn(move || {
                assert!(poll(PATIENCE, || text_of(&errors).contains("the process ends with 2 events")));
                valve.set(Flow::Open);
            });
        },
        |stage| {
            stage.run().assert_success();
            stage.run().assert_success();
            assert_steps(&events(&stage.path("app.jsonl")), 0..2, 1);
            assert_eq!(stage.black_boxes(), Vec::<PathBuf>::new());
        },
    ),
    Case::new("sigterm_flushes_when_asked_to", emit_and_wait_flushing, |stage| {
        assert_ends(stage, libc::SIGTERM);
    }),
    Case::new("sigint_flushes_when_asked_to", emit_and_wait_flushing, |stage| {
        assert_ends(stage, libc::SIGINT);
    }),
    Case::new(
        "sigterm_kills_as_ever_when_nobody_asked",
        |place| {
            emit(place);
            place.say("ready");
            place.wait();
        },
        |stage| {
            let mut running = stage.program().start();
            assert_eq!(running.hear(), "ready");
            running.signal(libc::SIGTERM);
            assert_eq!(running.finish().status.signal(), Some(libc::SIGTERM));
        },
    ),
    Case::new(
        "sigterm_amid_emitting_threads_leaves_whole_lines_in_order",
        |place| {
            place.to_file().flush_on_termination().start();
            let counts = emit_for_ever();
            while counts.iter().any(|count| count.load(Ordering::Relaxed) < EVENTS) {
                thread::yield_now();
            }
            place.say("ready");
            place.wait();
        },
        |stage| {
            for _ in 0..RACES {
                let mut running = stage.program().start();
                assert_eq!(running.hear(), "ready");
                running.signal(libc::SIGTERM);
                assert_eq!(running.finish().status.signal(), Some(libc::SIGTERM));
                let steps = steps_only(&stage.path("app.jsonl")).numbers;
                assert_eq!(steps.len() as u64, THREADS);
                for (thread, numbers) in steps {
                    assert_counts_up(thread, &numbers);
                    assert!(numbers.len() as u64 >= EVENTS);
                }
                fs::remove_file(stage.path("app.jsonl")).unwrap();
                // What threads emitted while the process ended would come first in the next.
                stage.forget_black_boxes();
            }
        },
    ),
    Case::new(
        "whatever_other_threads_emitted_before_exit_is_written_whole_and_in_order",
        |place| {
            place.to_file().start();
            let counts = emit_for_ever();
            while counts.iter().any(|count| count.load(Ordering::Relaxed) < EVENTS) {
                thread::yield_now();
            }
            for (thread, count) in counts.iter().enumerate() {
                println!("thread{thread} {}", count.load(Ordering::Acquire));
            }
            std::process::exit(0);
        },
        |stage| {
            for _ in 0..RACES {
                let outcome = stage.run();
                outcome.assert_quiet_success();
                let steps = steps_only(&stage.path("app.jsonl")).numbers;
                for (thread, numbers) in steps {
                    assert_counts_up(thread, &numbers);
                    let promised = outcome.number(&format!("thread{thread}"));
                    assert!(numbers.len() as u64 >= promised, "{} of {promised}", numbers.len());
                }
                fs::remove_file(stage.path("app.jsonl")).unwrap();
                // What threads emitted while the process ended would come first in the next.
                stage.forget_black_boxes();
            }
        },
    ),
    Case::new(
        "thread_locals_may_emit_when_they_are_dropped",
        |place| {
            place.to_file().start();
            thread::spawn(|| with_thread_locals(1)).join().unwrap();
            with_thread_locals(0);
        },
        |stage| {
            stage.run().assert_quiet_success();
            let events = events(&stage.path("app.jsonl"));
            let mut dropped: Vec<_> = named(&events, "local_dropped")
                .iter()
                .map(|event| (event["thread"].as_u64().unwrap(), event["made"].as_str().unwrap().to_owned()))
                .collect();
            dropped.sort();
            let expected = [(0, "after"), (0, "before"), (1, "after"), (1, "before")];
            assert_eq!(dropped, expected.map(|(thread, made)| (thread, made.to_owned())));
        },
    ),
    Case::new(
        "exit_hooks_may_emit_whenever_they_were_set",
        |place| {
            at_exit(runs_last);
            emit(place);
            at_exit(runs_first);
        },
        |stage| {
            stage.run().assert_quiet_success();
            let events = events(&stage.path("app.jsonl"));
            assert_steps(&events, 0..1, EVENTS);
            let hooks: Vec<_> =
                named(&events, "hook_run").iter().map(|event| event["which"].clone()).collect();
            assert_eq!(hooks, ["first", "last"]);
        },
    ),
    Case::new(
        "flush_returns_zero_when_all_is_written",
        |place| {
            emit(place);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            // Not on the way out: everything has to be there by now.
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) };
        },
        |stage| {
            assert_all(stage, Some(0));
        },
    ),
    Case::new(
        "flush_says_what_is_left_when_the_sink_is_stuck_and_zero_when_it_was_let_go",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Stuck);
            to(Output::to(valve.clone())).start();
            count(0);
            let limit = Duration::from_millis(100);
            let begin = Instant::now();
            assert!(trine::flush(limit) > 0);
            let took = begin.elapsed();
            assert!(took >= limit && took < limit + Duration::from_secs(5), "{took:?}");
            valve.set(Flow::Open);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
        },
        |stage| {
            assert_all(stage, Some(0));
        },
    ),
    Case::new(
        "a_stuck_sink_delays_a_change_of_the_levels_by_a_bounded_time",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Stuck);
            to(Output::to(valve.clone())).start();
            count(0);
            let begin = Instant::now();
            trine::set_level("error").unwrap();
            assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
            valve.set(Flow::Open);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            trine::info!("step_unwanted");
            trine::error!("step_wanted");
        },
        |stage| {
            stage.run().assert_success();
            let names: Vec<_> =
                events(&stage.path("app.jsonl")).iter().map(|event| event["event"].clone()).collect();
            assert!(
                names.contains(&"step_wanted".into()) && !names.contains(&"step_unwanted".into()),
                "{names:?}"
            );
        },
    ),
    Case::new(
        "flush_waits_for_an_output_that_recovers_while_another_works",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Broken);
            to(Output::to(valve.clone())).output(Output::file(place.path("other.jsonl"))).start();
            count(0);
            assert!(trine::flush(Duration::from_millis(50)) > 0, "one output has nothing yet");
            let opening = {
                let other = place.path("other.jsonl");
                thread::spawn(move || {
                    let patience = Instant::now() + Duration::from_secs(20);
                    let lines = || {
                        fs::read(&other)
                            .map_or(0, |text| text.split(|byte| *byte == b'\n').count() as u64 - 1)
                    };
                    while lines() < EVENTS && Instant::now() < patience {
                        thread::yield_now();
                    }
                    assert_eq!(lines(), EVENTS, "the other output is not held up");
                    valve.set(Flow::Open);
                })
            };
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            opening.join().unwrap();
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) };
        },
        |stage| {
            stage.run().assert_success();
            assert_steps(&events(&stage.path("app.jsonl")), 0..1, EVENTS);
        },
    ),
    Case::new(
        "a_stuck_sink_delays_leaving_by_a_bounded_time_and_the_loss_is_told",
        |place| {
            let path = place.path("fifo");
            let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
            // SAFETY: `name` is a NUL-terminated string.
            assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
            // Nobody ever reads: opening it for writing waits.
            to(Output::file(path)).start();
            count(0);
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            assert!(outcome.took < Duration::from_secs(12), "{outcome:?}");
            assert!(outcome.stderr.contains("events that no output has taken"), "{outcome:?}");
        },
    ),
];

struct Explosive;

impl fmt::Display for Explosive {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("the display");
    }
}

fn count(thread: u64) {
    for n in 0..EVENTS {
        info!("step_done", thread, n);
    }
}

fn emit(place: &Place) {
    place.to_file().start();
    count(0);
}

fn emit_and_wait_flushing(place: &Place) {
    place.to_file().flush_on_termination().start();
    count(0);
    place.say("ready");
    place.wait();
}

fn assert_all(stage: &Stage, code: Option<i32>) -> crate::stage::Outcome {
    let outcome = stage.run();
    assert_eq!(outcome.status.code(), code, "{outcome:?}");
    assert_steps(&events(&stage.path("app.jsonl")), 0..1, EVENTS);
    outcome
}

fn assert_ends(stage: &Stage, signal: i32) {
    let mut running = stage.program().start();
    assert_eq!(running.hear(), "ready");
    running.signal(signal);
    let outcome = running.finish();
    assert_eq!(outcome.status.signal(), Some(signal), "{outcome:?}");
    assert_steps(&events(&stage.path("app.jsonl")), 0..1, EVENTS);
}

/// Starts threads that never stop; each tells how many events it has emitted.
fn emit_for_ever() -> Vec<Arc<AtomicU64>> {
    let start = |thread| {
        let count = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&count);
        thread::spawn(move || {
            for n in 0.. {
                info!("step_done", thread, n = n as u64);
                told.store(n as u64 + 1, Ordering::Release);
            }
        });
        count
    };
    (0..THREADS).map(start).collect()
}

struct EmitsWhenDropped {
    thread: Cell<u64>,
    made: &'static str,
}

impl Drop for EmitsWhenDropped {
    fn drop(&mut self) {
        info!("local_dropped", thread = self.thread.get(), made = self.made);
    }
}

/// Thread locals are dropped in an order that depends on when they were made: before the first event, and after it.
fn with_thread_locals(thread: u64) {
    thread_local! {
        static BEFORE: EmitsWhenDropped = const { EmitsWhenDropped { thread: Cell::new(0), made: "before" } };
        static AFTER: EmitsWhenDropped = const { EmitsWhenDropped { thread: Cell::new(0), made: "after" } };
    }
    BEFORE.with(|local| local.thread.set(thread));
    info!("step_done", thread, n = 0);
    AFTER.with(|local| local.thread.set(thread));
}

fn at_exit(hook: extern "C" fn()) {
    // SAFETY: a function stays valid; it runs where Rust code may run.
    assert_eq!(unsafe { libc::atexit(hook) }, 0);
}

extern "C" fn runs_last() {
    info!("hook_run", which = "last");
}

extern "C" fn runs_first() {
    info!("hook_run", which = "first");
}

/// Has the process say what it says on stderr in a file.
fn to_file(path: &Path) {
    let file = fs::File::create(path).unwrap();
    // SAFETY: both descriptors are open.
    assert_eq!(unsafe { libc::dup2(file.as_raw_fd(), 2) }, 2);
}
