//! A process is killed; the next one writes what it left. What happens at random moments is asked by `tests/faults`.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use serde_json::Value;
use trine::{Format, Output, Setup, info, sink::FileSink};

use crate::{
    lines::{assert_counts_up, events, events_in, steps},
    sinks::{Flow, Valve},
    stage::{Case, Place, Stage, poll, to},
};

/// Events of the first process: more than a pipe and a chunk hold.
const EVENTS: u64 = 4_000;
/// Longest that the first process takes to emit them.
const EMITTING_MAX: Duration = Duration::from_secs(20);
/// Longest that the worker takes to render them, behind a sink that takes nothing.
const RENDERED_MAX: Duration = Duration::from_secs(1);
/// Bytes before the version in the header of a ring.
const VERSION_AT: usize = 8;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "what_stdout_may_not_have_had_comes_with_the_next_start_and_is_marked",
        |place| emit_and_wait(place, to(Output::stdout())),
        |stage| {
            // Nobody reads, so the pipe is full before all is written.
            let first = kill_first(stage);
            let second = stage.run();
            second.assert_success();
            // The last line may be torn.
            let whole = &first[..first.rfind('\n').map_or(0, |end| end + 1)];
            let (first, second) = (numbers(&events_in(whole)), events_in(&second.stdout));
            assert!((first.len() as u64) < EVENTS, "it was not stuck");
            assert!(second.iter().all(|event| event["recovered"] == true), "{:?}", second.first());
            let second = numbers(&second);
            assert!(second.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            let all: BTreeSet<u64> = first.iter().chain(&second).copied().collect();
            assert_eq!(all.len() as u64, EVENTS);
            assert_eq!(all.last(), Some(&(EVENTS - 1)));
        },
    ),
    Case::new(
        "what_one_output_refused_is_written_to_it_and_the_others_have_it_once",
        |place| {
            let flow = if place.path("ready").exists() { Flow::Open } else { Flow::Broken };
            let valve = Valve::new(FileSink::new(place.path("valve.jsonl")), flow);
            emit_and_wait(place, to(Output::to(valve)).output(json(place.path("app.jsonl"))));
        },
        |stage| {
            kill_first(stage);
            let second = stage.run();
            second.assert_success();
            assert!(second.stderr.contains("had not written when it ended"), "{second:?}");
            for (name, is_marked) in [("valve.jsonl", true), ("app.jsonl", false)] {
                let events = events(&stage.path(name));
                assert_counts_up(0, &steps(&events)[&0]);
                assert_eq!(events.len() as u64, EVENTS, "{name}");
                assert_eq!(events.iter().any(|event| event["recovered"] == true), is_marked);
            }
            assert_eq!(stage.black_boxes().len(), 0);
        },
    ),
    Case::new(
        "what_another_version_wrote_is_kept_until_that_version_comes",
        |place| emit_and_wait(place, stuck(place)),
        |stage| {
            kill_first(stage);
            let ring = stage.black_boxes()[0].join("ring-0");
            let mut bytes = fs::read(&ring).unwrap();
            bytes[VERSION_AT] = 99;
            fs::write(&ring, &bytes).unwrap();
            for _ in 0..2 {
                let other = stage.run();
                other.assert_success();
                assert!(other.stderr.contains("a ring of version 99"), "{other:?}");
                assert_eq!(stage.black_boxes().len(), 1);
            }
            bytes[VERSION_AT] = 1;
            fs::write(&ring, &bytes).unwrap();
            stage.run().assert_success();
            assert_all_once(stage);
        },
    ),
    Case::new(
        "lines_for_a_file_that_is_no_output_any_more_are_written_to_it",
        |place| {
            to(Output::file(place.path("first.jsonl"))).start();
            if place.path("ready").exists() {
                return;
            }
            // The second list of outputs, of a process that is called after the first.
            stuck(place).start();
            emit();
            // Lines wait for the valve when the process is killed.
            trine::flush(RENDERED_MAX);
            fs::write(place.path("ready"), "").unwrap();
            place.wait();
        },
        |stage| {
            kill_first(stage);
            stage.run().assert_success();
            let mut all = numbers(&events(&stage.path("valve.jsonl")));
            all.extend(numbers(&events(&stage.path("first.jsonl"))));
            assert_eq!(all, (0..EVENTS).collect::<Vec<_>>());
        },
    ),
    Case::new(
        "a_damaged_journal_is_no_reason_to_lose_what_the_rings_hold",
        |place| emit_and_wait(place, stuck(place)),
        |stage| {
            kill_first(stage);
            let directory = stage.black_boxes().remove(0);
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.file_name().unwrap().to_string_lossy().starts_with("state-") {
                    let mut bytes = fs::read(&path).unwrap();
                    // Empty where the worker was killed right after it had made the file: that is damage enough.
                    if let Some(behind_its_begin) = bytes.get_mut(16..) {
                        behind_its_begin.fill(0xa5);
                    }
                    fs::write(&path, bytes).unwrap();
                }
            }
            stage.run().assert_success();
            assert_all_once(stage);
        },
    ),
];

/// A file whose writer is kept waiting in the first process, before it has written anything.
fn stuck(place: &Place) -> Setup {
    let is_first = !place.path("ready").exists();
    let flow = if is_first { Flow::Stuck } else { Flow::Open };
    to(Output::to(Valve::as_file(FileSink::new(place.path("valve.jsonl")), flow)))
}

fn json(path: impl AsRef<Path>) -> Output {
    Output::file(path).format(Format::Json)
}

/// Emits, says so, and waits to be killed; the second time, only starts.
fn emit_and_wait(place: &Place, setup: Setup) {
    let is_first = !place.path("ready").exists();
    setup.start();
    if is_first {
        emit();
        fs::write(place.path("ready"), "").unwrap();
        place.wait();
    }
}

fn emit() {
    for n in 0..EVENTS {
        info!("step_done", thread = 0, n);
    }
}

/// Runs the program until it has emitted, and kills it; what it wrote to stdout.
fn kill_first(stage: &Stage) -> String {
    let running = stage.program().start();
    assert!(poll(EMITTING_MAX, || stage.path("ready").exists()), "it does not get on");
    running.signal(libc::SIGKILL);
    running.finish().stdout
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["n"].as_u64().unwrap()).collect()
}

fn assert_all_once(stage: &Stage) {
    let events = events(&stage.path("valve.jsonl"));
    assert_eq!(numbers(&events), (0..EVENTS).collect::<Vec<_>>());
    assert_eq!(stage.black_boxes().len(), 0);
}
