//! A panic is an event, unless Trine catches it; and nothing that a panic meets on its way stops the program.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use trine::{
    Delivery, EventEdit, Output, Sink, StackTraces, Verdict, WriteError, bind, debug, info, scope,
    sink::FileSink, timed,
};

use crate::{
    lines::{events, named},
    stage::{Case, Place, to},
};

/// Name of the event.
const PANICKED: &str = "runtime_thread_panicked";
/// Longest that a program may take that panics once while its sink is stuck: the hook waits for a second, leaving for five.
const STUCK_MAX: Duration = Duration::from_secs(20);

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "a_panic_is_an_event_with_thread_place_and_message",
        |place| {
            place.to_file().start();
            let _scope = scope!(service = "shop");
            let other = thread::Builder::new().name("checkout".into()).spawn(|| {
                let _scope = scope!(request_id = "req_1");
                panic!("no route to {}", "host");
            });
            assert!(other.unwrap().join().is_err());
            assert!(thread::spawn(|| std::panic::panic_any(7_u8)).join().is_err());
            panic!("the end of main");
        },
        |stage| {
            let outcome = stage.run();
            assert_eq!(outcome.status.code(), Some(101), "{outcome:?}");
            assert!(outcome.stderr.contains("no route to host"), "the hook that was there ran: {outcome:?}");
            let events = events(&stage.path("app.jsonl"));
            let [first, second, third] = named(&events, PANICKED)[..] else { panic!("{events:?}") };
            assert_eq!((&first["thread"], &first["level"]), (&"checkout".into(), &"critical".into()));
            assert_eq!(first["message"], "no route to host");
            assert_eq!((&first["request_id"], &first["service"]), (&"req_1".into(), &Value::Null));
            let location = first["location"].as_str().unwrap();
            assert!(location.contains("panics.rs:"), "{location}");
            assert!(first["error_fingerprint"].as_str().is_some_and(|text| text.len() == 16));
            assert_eq!(first["stack_trace"], Value::Null, "nobody asked for one");
            assert_eq!((&second["thread"], &second["message"]), (&"<unnamed>".into(), &Value::Null));
            assert_eq!((&third["thread"], &third["message"]), (&"main".into(), &"the end of main".into()));
            assert_eq!(third["service"], "shop");
        },
    ),
    Case::new(
        "a_panic_that_aborts_the_process_is_written_before",
        |place| {
            struct PanicsAgain;
            impl Drop for PanicsAgain {
                fn drop(&mut self) {
                    panic!("the second");
                }
            }
            place.to_file().start();
            let _again = PanicsAgain;
            panic!("the first");
        },
        |stage| {
            assert_eq!(stage.run().status.code(), None, "a signal ended it");
            let events = events(&stage.path("app.jsonl"));
            let messages: Vec<_> = named(&events, PANICKED).iter().map(|event| &event["message"]).collect();
            // The third is the standard library's, which then ends it.
            assert_eq!(messages[..2], ["the first", "the second"]);
        },
    ),
    Case::new(
        "a_stack_trace_comes_when_the_variables_ask",
        |place| {
            place.to_file().start();
            assert!(catch_unwind(deep_inside).is_err());
        },
        |stage| {
            for (variable, value, is_wanted) in [
                ("RUST_BACKTRACE", "1", true),
                ("RUST_LIB_BACKTRACE", "1", true),
                ("TRINE_STACK_TRACES", "on", true),
                ("TRINE_STACK_TRACES", "auto", false),
            ] {
                let _ = std::fs::remove_file(stage.path("app.jsonl"));
                stage.program().env(variable, value).start().finish().assert_success();
                let events = events(&stage.path("app.jsonl"));
                let trace = named(&events, PANICKED)[0]["stack_trace"].as_str();
                assert_eq!(trace.is_some(), is_wanted, "{variable}={value}");
                let first = trace.map(|trace| trace.lines().next().unwrap());
                assert!(first.is_none_or(|frame| frame.ends_with("panics::deep_inside")), "{trace:?}");
            }
        },
    ),
    Case::new(
        "stack_traces_and_panic_events_can_be_turned_off_from_outside_and_inside",
        |place| {
            let setup = trine::setup().level("info").output(Output::file(place.path("app.jsonl")));
            match std::env::var("SAID").as_deref() {
                Ok("inside") => setup.panic_events(false).stack_traces(StackTraces::Off).start(),
                _ => setup.start(),
            }
            trine::error!(cause: &io::Error::other("x"), "file_read_failed");
            let caught = catch_unwind(|| {
                let _operation = timed!("file_import");
                panic!("nobody shall hear");
            });
            assert!(caught.is_err());
        },
        |stage| {
            let variables =
                [("TRINE_PANIC_EVENTS", "off"), ("TRINE_STACK_TRACES", "off"), ("SAID", "outside")];
            std::fs::write(stage.path("quiet.toml"), "panic_events = false\nstack_traces = \"off\"\n")
                .unwrap();
            let file = [("TRINE_CONFIG", "quiet.toml"), ("SAID", "outside"), ("RUST_LIB_BACKTRACE", "1")];
            let inside = [("SAID", "inside"), ("RUST_LIB_BACKTRACE", "1"), ("RUST_BACKTRACE", "1")];
            for said in [variables, file, inside] {
                let _ = std::fs::remove_file(stage.path("app.jsonl"));
                let program = stage.program().env("RUST_BACKTRACE", "1");
                let program = said.iter().fold(program, |program, (name, value)| program.env(name, value));
                program.start().finish().assert_success();
                let events = events(&stage.path("app.jsonl"));
                assert!(named(&events, PANICKED).is_empty(), "{said:?}");
                assert_eq!(named(&events, "file_read_failed")[0]["stack_trace"], Value::Null, "{said:?}");
                let end = named(&events, "file_import_failed")[0];
                assert_eq!(end["error"], "nobody shall hear", "the hook is there all the same");
            }
        },
    ),
    Case::new(
        "a_panic_that_trine_catches_is_no_event",
        |place| {
            for (delivery, name) in [(Delivery::Worker, "worker.jsonl"), (Delivery::Inline, "inline.jsonl")] {
                let file = FileSink::new(place.path(name));
                to(Output::to(Fragile { file, fails: AtomicBool::new(true) }))
                    .delivery(delivery)
                    .stage(|event: &mut EventEdit<'_>| {
                        assert_ne!(event.name(), "stage_panic_wanted");
                        Verdict::Keep
                    })
                    .start();
                info!("stage_panic_wanted");
                info!("sink_panic_wanted");
                trine::flush(Duration::from_secs(5));
                info!("value_shown", value = %Explosive, debugged = ?Explosive, listed = [Marked]);
                let log = bind!(bound = %Explosive);
                trine::error!(log, cause: &Explosive, "order_create_failed");
                timed!("order_create").fail(&Explosive);
                // Where it is the program's own panic, it counts.
                assert!(
                    catch_unwind(|| timed!("file_import").run(|| -> u8 { panic!("the program's own") }))
                        .is_err()
                );
                trine::flush(Duration::from_secs(5));
            }
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            for name in ["worker.jsonl", "inline.jsonl"] {
                let events = events(&stage.path(name));
                let panicked: Vec<_> =
                    named(&events, PANICKED).iter().map(|event| &event["message"]).collect();
                assert_eq!(panicked, ["the program's own"], "{name}");
                let shown = named(&events, "value_shown")[0];
                assert_eq!(shown["value"], "<Display panicked: the display>", "{name}");
            }
        },
    ),
    Case::new(
        "a_sink_or_a_stage_that_always_panics_does_not_abort_a_program_that_panics",
        |_| {
            for delivery in [Delivery::Inline, Delivery::Worker] {
                to(Output::to(Broken))
                    .delivery(delivery)
                    .stage(|event: &mut EventEdit<'_>| {
                        assert_ne!(event.name(), PANICKED, "the stage");
                        Verdict::Keep
                    })
                    .start();
                assert!(thread::spawn(|| panic!("the program's own")).join().is_err());
                assert!(catch_unwind(|| panic!("another")).is_err());
            }
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            assert!(outcome.took < STUCK_MAX, "{outcome:?}");
        },
    ),
    Case::new(
        "a_panic_while_the_sinks_own_lock_is_held_waits_no_longer_than_said",
        |_| {
            static LOCK: Mutex<()> = Mutex::new(());
            struct Locked;
            impl fmt::Debug for Locked {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("Locked")
                }
            }
            impl Sink for Locked {
                fn write(&self, _: &[u8]) -> Result<(), WriteError> {
                    drop(LOCK.lock());
                    Ok(())
                }
                fn may_wait(&self) -> bool {
                    false
                }
                fn describe(&self) -> String {
                    "locked".to_owned()
                }
            }
            to(Output::to(Locked)).delivery(Delivery::Inline).start();
            let held = LOCK.lock();
            assert!(catch_unwind(|| panic!("with the lock")).is_err());
            drop(held);
            info!("program_ended");
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            assert!(outcome.took < STUCK_MAX, "{outcome:?}");
        },
    ),
    Case::new(
        "debug_events_that_wait_for_a_failure_are_let_out_by_a_panic",
        |place| {
            trine::setup().level("info").output(Output::file(place.path("app.jsonl"))).force().start();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let _scope = scope!(keep_debug_on_failure, request_id = "req_1");
                debug!("database_query_started", table = "orders");
                panic!("no such order");
            }));
            assert!(caught.is_err());
        },
        |stage| {
            stage.run().assert_success();
            let events = events(&stage.path("app.jsonl"));
            assert_eq!(named(&events, "database_query_started")[0]["table"], "orders");
            assert_eq!(named(&events, PANICKED)[0]["request_id"], "req_1");
        },
    ),
    Case::new(
        "a_hook_set_later_takes_over_and_may_pass_on",
        |place| {
            place.to_file().start();
            let ours = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                info!("hook_called");
                ours(panic);
            }));
            assert!(catch_unwind(|| panic!("passed on")).is_err());
        },
        |stage| {
            stage.run().assert_success();
            let events = events(&stage.path("app.jsonl"));
            assert_eq!((named(&events, "hook_called").len(), named(&events, PANICKED).len()), (1, 1));
        },
    ),
    Case::new("many_threads_that_panic_at_once_are_an_event_each", panic_in_threads, |stage| {
        stage.run().assert_success();
        let events = events(&stage.path("app.jsonl"));
        let mut threads: Vec<_> = named(&events, PANICKED)
            .iter()
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect();
        threads.sort();
        assert_eq!(threads, (10..10 + THREADS).map(|n| format!("thread {n}")).collect::<Vec<_>>());
    }),
];

/// Threads that panic at once.
const THREADS: u32 = 16;

fn panic_in_threads(place: &Place) {
    place.to_file().start();
    let threads: Vec<_> = (10..10 + THREADS).map(|n| thread::spawn(move || panic!("thread {n}"))).collect();
    threads.into_iter().for_each(|thread| assert!(thread.join().is_err()));
}

#[inline(never)]
fn deep_inside() {
    panic!("deep inside");
}

/// An error that cannot be shown.
struct Explosive;

impl fmt::Display for Explosive {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("the display")
    }
}

impl fmt::Debug for Explosive {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("the debug")
    }
}

impl std::error::Error for Explosive {}

/// A value that panics while it is written.
struct Marked;

impl trine::Value for Marked {
    fn encode(&self, _: trine::ValueWriter<'_>) {
        panic!("the value");
    }
}

/// A file whose first write panics.
#[derive(Debug)]
struct Fragile {
    file: FileSink,
    fails: AtomicBool,
}

impl Sink for Fragile {
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        assert!(!self.fails.swap(false, Ordering::Relaxed), "the sink");
        self.file.write(lines)
    }
    fn flush(&self) -> io::Result<()> {
        self.file.flush()
    }
    fn describe(&self) -> String {
        "fragile".to_owned()
    }
}

/// A sink that always panics, and that callers may write to.
#[derive(Debug)]
struct Broken;

impl Sink for Broken {
    fn write(&self, _: &[u8]) -> Result<(), WriteError> {
        panic!("the sink");
    }
    fn may_wait(&self) -> bool {
        false
    }
    fn describe(&self) -> String {
        "broken".to_owned()
    }
}
