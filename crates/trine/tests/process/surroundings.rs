//! What a black box meets outside of its process: a second process of the service, another program in its place, a shared memory that is
//! too small, a directory of somebody else's.

use std::{fs, os::unix::process::CommandExt, process::Command, thread, time::Duration};

use trine::{Output, info};

use crate::{
    lines::{assert_steps, events},
    stage::{Case, Place, poll, text_of, to},
    trouble::{mount, unmount},
};

/// Events of each process or thread.
const EVENTS: u64 = 300;
/// Threads that want a ring of 1 MiB each.
const THREADS: u64 = 8;
/// Shared memory for some of them.
const SHARED_KIB: u64 = 4 << 10;
/// Longest that a program may take to become another.
const EXEC_MAX: Duration = Duration::from_secs(20);
/// Somebody else.
const NOBODY: u32 = 65_534;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "two_processes_of_one_service_have_one_log_and_a_black_box_each",
        |place| {
            // By number, in the order of their starts.
            let thread = (0..).find(|number| !place.path(&format!("started-{number}")).exists()).unwrap();
            fs::write(place.path(&format!("started-{thread}")), "").unwrap();
            to(Output::file(place.path("logs/app.jsonl"))).start();
            (0..EVENTS).for_each(|n| info!("step_done", thread, n));
            place.say("ready");
            place.wait();
        },
        |stage| {
            // Nobody can write yet.
            let start = || {
                let mut running = stage.program().start();
                assert_eq!(running.hear(), "ready");
                running
            };
            let [first, second] = [start(), start()];
            assert_eq!(stage.black_boxes().len(), 2);
            first.signal(libc::SIGKILL);
            first.finish();
            fs::create_dir(stage.path("logs")).unwrap();
            let third = start();
            assert_eq!(
                stage.black_boxes().len(),
                2,
                "that of the dead one is written and gone, the second lives"
            );
            for mut running in [second, third] {
                running.go_on();
                running.finish().assert_success();
            }
            assert_steps(&events(&stage.path("logs/app.jsonl")), 0..3, EVENTS);
            assert_eq!(stage.black_boxes().len(), 0);
        },
    ),
    Case::new(
        "what_was_emitted_before_an_exec_is_written_by_the_next_start",
        |place| {
            to(Output::file(place.path("logs/app.jsonl"))).start();
            if place.path("logs").exists() {
                return;
            }
            (0..EVENTS).for_each(|n| info!("step_done", thread = 0, n));
            panic!("{}", Command::new("cat").exec());
        },
        |stage| {
            let mut other = stage.program().start();
            let name = format!("/proc/{}/comm", other.pid());
            assert!(poll(EXEC_MAX, || fs::read_to_string(&name).is_ok_and(|name| name == "cat\n")));
            fs::create_dir(stage.path("logs")).unwrap();
            // The process lives, as another program.
            stage.run().assert_success();
            assert_steps(&events(&stage.path("logs/app.jsonl")), 0..1, EVENTS);
            assert_eq!(stage.black_boxes().len(), 0);
            other.close_stdout();
            other.signal(libc::SIGKILL);
            other.finish();
        },
    ),
    Case::new(
        "a_small_shared_memory_holds_the_rings_of_some_threads_and_one_line_says_so",
        emit_from_threads,
        |stage| {
            let shared = stage.path("shared");
            fs::create_dir(&shared).unwrap();
            if let Err(error) = mount(&shared, SHARED_KIB) {
                println!("skipped a_small_shared_memory...: no tmpfs can be mounted here: {error}");
                return;
            }
            let outcome = stage.program().env("TRINE_BLACK_BOX", &shared).start().finish();
            unmount(&shared);
            outcome.assert_success();
            assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
            assert!(outcome.stderr.contains("no black box for all events"), "{outcome:?}");
            // Of those in shared memory, some: a file for each, and no room for all.
            assert!((1..THREADS).contains(&outcome.number("rings")), "{outcome:?}");
            assert_steps(&events(&stage.path("app.jsonl")), 0..THREADS, EVENTS);
        },
    ),
    Case::new("a_directory_of_another_user_is_left_alone_and_one_line_says_so", emit_from_threads, |stage| {
        fs::create_dir(&stage.black_box).unwrap();
        if let Err(error) = std::os::unix::fs::chown(&stage.black_box, Some(NOBODY), None) {
            println!("skipped a_directory_of_another_user...: it cannot be given away here: {error}");
            return;
        }
        let outcome = stage.run();
        outcome.assert_success();
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
        assert!(outcome.stderr.contains("it belongs to another user"), "{outcome:?}");
        assert_eq!(fs::read_dir(&stage.black_box).unwrap().count(), 0);
        assert_steps(&events(&stage.path("app.jsonl")), 0..THREADS, EVENTS);
    }),
];

/// Emits from threads that all have their rings at once, and says how many of those are files.
fn emit_from_threads(place: &Place) {
    place.to_file().start();
    let all = std::sync::Barrier::new(THREADS as usize + 1);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let all = &all;
            scope.spawn(move || {
                (0..EVENTS).for_each(|n| info!("step_done", thread, n));
                all.wait();
                all.wait();
            });
        }
        all.wait();
        let maps = text_of("/proc/self/maps".as_ref());
        let rings = maps.lines().filter(|line| line.contains("/ring-")).count();
        place.say(format_args!("rings {rings}"));
        all.wait();
    });
}
