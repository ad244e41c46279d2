//! What `health()` says is what happened, seen from outside.

use std::{collections::BTreeMap, fs, thread, time::Duration};

use trine::{Batcher, Delivery, Format, Output, batch, debug, error, info, sink::FileSink};

use crate::{
    lines::{events, lost, named},
    sinks::{Flow, Valve},
    stage::{Case, Place, Stage, text_of, to},
};

/// Events of each name.
const EVENTS: u64 = 100;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "lines_and_bytes_of_every_output_are_counted",
        |place| say_what_two_files_take(place, Delivery::Worker),
        assert_two_files_were_counted,
    ),
    Case::new(
        "lines_and_bytes_of_every_output_are_counted_by_inline_delivery",
        |place| say_what_two_files_take(place, Delivery::Inline),
        assert_two_files_were_counted,
    ),
    Case::new(
        "what_one_broken_output_loses_by_inline_delivery_says_nothing_of_the_other",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("valve.jsonl")), Flow::Broken);
            let both =
                to(Output::to(valve)).output(Output::file(place.path("app.jsonl")).format(Format::Json));
            both.delivery(Delivery::Inline).start();
            (0..EVENTS).for_each(|n| info!("step_done", n));
            let health = trine::health();
            let text = text_of(&place.path("app.jsonl"));
            // Losses are told while the program runs, though there is no worker.
            assert!(text.contains("trine_events_lost"));
            assert_eq!((health.written, health.lost), (text.lines().count() as u64, EVENTS));
            assert_eq!(health.lost_by_name, BTreeMap::from([("step_done", EVENTS)]));
            assert!(health.sink_errors >= EVENTS);
        },
        |stage| {
            stage.run().assert_success();
            let events = events(&stage.path("app.jsonl"));
            assert_eq!(named(&events, "step_done").len() as u64, EVENTS);
            assert_eq!(lost(&events), BTreeMap::from([("step_done".to_owned(), EVENTS)]));
        },
    ),
    Case::new(
        "what_is_lost_with_the_reader_of_a_pipe_is_counted_by_name",
        |place| {
            to(Output::stdout()).start();
            place.wait();
            for n in 0..EVENTS {
                info!("step_done", n);
                error!("step_walk_failed", n);
            }
            while trine::health().lost < 2 * EVENTS {
                trine::flush(Duration::from_millis(10));
            }
            let lost = trine::health().lost_by_name;
            let text: Vec<String> = lost.iter().map(|(name, events)| format!("{name} {events}\n")).collect();
            fs::write(place.path("lost"), text.concat()).unwrap();
        },
        |stage| {
            let mut running = stage.program().start();
            running.close_stdout();
            running.go_on();
            running.finish().assert_success();
            assert_eq!(text_of(&stage.path("lost")), "step_done 100\nstep_walk_failed 100\n");
        },
    ),
    Case::new(
        "flush_says_how_many_events_wait_for_a_stuck_sink",
        |place| {
            let valve = Valve::new(FileSink::new(place.path("app.jsonl")), Flow::Stuck);
            to(Output::to(valve.clone())).start();
            let moment = Duration::from_millis(100);
            (0..EVENTS).for_each(|n| info!("step_done", n));
            assert_eq!(trine::flush(moment), EVENTS, "all from the ring, or rendered");
            // Others go another way than into a ring: through a batch, a capture, an event that needs to be encoded first.
            let batch = Batcher::new(100);
            (0..EVENTS).for_each(|n| batch!(batch, "step_batch_taken", n));
            let captured = trine::testing::capture();
            (0..EVENTS).for_each(|n| info!("step_done", n));
            drop(captured);
            (0..EVENTS).for_each(|n| info!("step_done", n = %n, list = [n, n]));
            let threads: Vec<_> = (0..4).map(|n| thread::spawn(move || info!("step_done", n))).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(trine::flush(moment), EVENTS + 1 + EVENTS + 4, "a batch is one event");
            valve.set(Flow::Open);
            assert_eq!(trine::flush(Duration::from_secs(30)), 0);
            valve.set(Flow::Stuck);
            info!("step_done", n = 0);
            assert_eq!(trine::flush(moment), 1, "what was written waits no more");
            valve.set(Flow::Open);
        },
        |stage| stage.run().assert_quiet_success(),
    ),
    #[cfg(feature = "gzip")]
    Case::new(
        "a_process_that_ends_finishes_the_compression_of_closed_files",
        |place| {
            let file = FileSink::new(place.path("app.jsonl")).rotate_bytes(1_000);
            to(Output::to(file.compress(trine::sink::file::Compression::Gzip))).start();
            (0..EVENTS).for_each(|n| info!("step_done", n));
        },
        |stage| {
            stage.run().assert_quiet_success();
            let files = fs::read_dir(&stage.directory).unwrap().map(|file| file.unwrap().file_name());
            let names: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
            let compressed = names.iter().filter(|name| name.ends_with(".jsonl.gz")).count();
            assert!(compressed > 5 && compressed + 1 == names.len(), "{names:?}");
        },
    ),
    Case::new(
        "flush_may_be_told_to_wait_for_ever",
        |place| {
            place.to_file().start();
            info!("step_done", n = 0);
            assert_eq!(trine::flush(Duration::MAX), 0);
        },
        |stage| stage.run().assert_quiet_success(),
    ),
];

/// Two outputs, of which the second takes errors only.
fn say_what_two_files_take(place: &Place, delivery: Delivery) {
    let errors = Output::file(place.path("errors.log")).format(Format::Logfmt).level("error");
    trine::setup()
        .output(Output::file(place.path("app.jsonl")).format(Format::Json))
        .output(errors)
        .delivery(delivery)
        .force()
        .start();
    for n in 0..EVENTS {
        debug!("step_walk_started", n);
        info!("step_done", n);
        error!("step_walk_failed", n);
    }
    assert_eq!(trine::flush(Duration::from_secs(10)), 0);
    let health = trine::health();
    assert_eq!((health.lost, health.sink_errors), (0, 0));
    place.say(format_args!("written {}", health.written));
    place.say(format_args!("bytes {}", health.written_bytes));
}

fn assert_two_files_were_counted(stage: &Stage) {
    let outcome = stage.run();
    outcome.assert_quiet_success();
    let texts = ["app.jsonl", "errors.log"].map(|file| text_of(&stage.path(file)));
    let lines = |text: &String| text.lines().count() as u64;
    assert_eq!(texts.each_ref().map(lines), [2 * EVENTS, EVENTS]);
    assert_eq!(outcome.number("written"), 3 * EVENTS);
    assert_eq!(outcome.number("bytes"), texts.iter().map(|text| text.len() as u64).sum::<u64>());
}
