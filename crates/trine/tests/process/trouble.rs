//! Outputs that do not work: the program goes on, says so once, and writes what it can when it can.

use std::{
    fs,
    io::Write,
    thread,
    time::{Duration, Instant},
};

use trine::{Output, info};

use crate::{
    lines::{assert_counts_up, assert_steps, events, events_in, lost, named, steps},
    stage::{Case, Place, Stage, poll, text_of, to},
};

/// Events that fit the ring many times over.
const EVENTS: u64 = 500;
/// Longest that a test waits for the worker to notice that a sink works again: it looks ten times a second.
const RECOVERY_MAX: Duration = Duration::from_secs(20);
/// An event larger than any ring that is not asked for: 256 KiB by default.
const LARGE_BYTES: usize = 5 << 20;
/// How many of them.
const LARGE: u64 = 3;
/// Size of the full disk.
const DISK_KIB: u64 = 128;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "a_missing_directory_is_one_line_and_the_events_are_written_when_it_appears",
        |place| emit_to(place, "missing/app.jsonl"),
        |stage| {
            let mut running = stage.program().start();
            assert_eq!(running.hear(), "emitted");
            fs::create_dir(stage.path("missing")).unwrap();
            assert_written_in_time(stage, "missing/app.jsonl");
            running.go_on();
            let outcome = running.finish();
            outcome.assert_success();
            assert_eq!(complaints(&outcome.stderr, "missing/app.jsonl"), 1, "{outcome:?}");
            assert_steps(&events(&stage.path("missing/app.jsonl")), 0..1, EVENTS);
        },
    ),
    Case::new(
        "a_path_below_a_file_is_one_line_and_the_events_are_written_when_it_gives_way",
        |place| {
            fs::write(place.path("taken"), "a file").unwrap();
            emit_to(place, "taken/app.jsonl");
        },
        |stage| {
            let mut running = stage.program().start();
            assert_eq!(running.hear(), "emitted");
            // Together, so that the sink sees no third state and has no second complaint.
            fs::create_dir(stage.path("directory")).unwrap();
            exchange(&stage.path("taken"), &stage.path("directory"));
            assert_written_in_time(stage, "taken/app.jsonl");
            running.go_on();
            let outcome = running.finish();
            outcome.assert_success();
            assert_eq!(complaints(&outcome.stderr, "taken/app.jsonl"), 1, "{outcome:?}");
            assert_steps(&events(&stage.path("taken/app.jsonl")), 0..1, EVENTS);
        },
    ),
    Case::new(
        "a_directory_that_never_appears_lets_the_program_leave_and_tell_what_was_lost",
        |place| {
            place.to_file().output(Output::file(place.path("missing/app.jsonl"))).start();
            (0..EVENTS).for_each(|n| info!("step_done", thread = 0, n));
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            assert!(outcome.took < Duration::from_secs(12), "{outcome:?}");
            assert!(
                outcome.stderr.contains(&format!("{EVENTS} events that no output has taken")),
                "{outcome:?}"
            );
            assert_steps(&events(&stage.path("app.jsonl")), 0..1, EVENTS);
        },
    ),
    Case::new(
        "a_reader_that_goes_away_is_no_failure_of_the_program",
        |_| {
            trine::setup().force().start();
            (0..100_000u64).for_each(|n| info!("step_done", thread = 0, n));
        },
        |stage| {
            let mut running = stage.program().start();
            let first = running.hear();
            running.close_stdout();
            let outcome = running.finish();
            assert_eq!(outcome.status.code(), Some(0), "{outcome:?}");
            assert!(outcome.stderr.lines().count() <= 1, "{outcome:?}");
            assert!(outcome.took < Duration::from_secs(20), "{outcome:?}");
            assert_counts_up(0, &steps(&events_in(&format!("{first}\n")))[&0]);
        },
    ),
    Case::new(
        "an_event_larger_than_the_ring_is_written_whole_between_its_neighbours",
        |place| {
            place.to_file().start();
            let text: String = (0..LARGE_BYTES).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
            for n in 0..LARGE {
                info!("step_done", thread = 0, n = 2 * n);
                info!("step_done", thread = 0, n = 2 * n + 1, text = &text[n as usize..]);
            }
        },
        |stage| {
            stage.run().assert_quiet_success();
            let events = events(&stage.path("app.jsonl"));
            assert_steps(&events, 0..1, 2 * LARGE);
            for (n, event) in named(&events, "step_done").iter().skip(1).step_by(2).enumerate() {
                let text = event["text"].as_str().unwrap();
                assert_eq!(text.len(), LARGE_BYTES - n);
                let is_whole = text.bytes().zip(n..).all(|(found, at)| found == b'a' + (at % 26) as u8);
                assert!(is_whole, "event {n} is damaged");
            }
        },
    ),
    Case::new(
        "an_output_that_fails_for_long_does_not_hold_up_another",
        |place| {
            place.to_file().output(Output::file(place.path("missing/app.jsonl"))).start();
            // Far more than one chunk for the failing output, and less than it may hold back.
            (0..20_000u64).for_each(|n| info!("step_done", thread = 0, n));
            let written = poll(RECOVERY_MAX, || text_of(&place.path("app.jsonl")).lines().count() == 20_000);
            assert!(written, "the output that works is held up");
            fs::create_dir(place.path("missing")).unwrap();
            assert_eq!(trine::flush(RECOVERY_MAX), 0);
        },
        |stage| {
            stage.run().assert_success();
            assert_steps(&events(&stage.path("app.jsonl")), 0..1, 20_000);
            assert_steps(&events(&stage.path("missing/app.jsonl")), 0..1, 20_000);
        },
    ),
    Case::new("a_full_disk_is_waited_for_and_every_event_is_written_or_counted", fill_disk, |stage| {
        let disk = stage.path("disk");
        fs::create_dir(&disk).unwrap();
        if let Err(error) = mount(&disk, DISK_KIB) {
            println!("skipped a_full_disk...: no tmpfs can be mounted here: {error}");
            return;
        }
        let outcome = stage.run();
        let text = text_of(&disk.join("app.jsonl"));
        unmount(&disk);
        outcome.assert_success();
        assert_eq!(complaints(&outcome.stderr, "disk/app.jsonl"), 1, "{outcome:?}");
        let events = events_in(&text);
        let written = named(&events, "step_done").len() as u64;
        let lost = lost(&events).get("step_done").copied().unwrap_or(0);
        assert_eq!(written + lost, outcome.number("emitted"), "{outcome:?}");
        let numbers = &steps(&events)[&0];
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "out of order");
        assert_eq!(
            numbers.last(),
            Some(&(outcome.number("emitted") - 1)),
            "nothing was written after the trouble"
        );
    }),
];

fn emit_to(place: &Place, file: &str) {
    to(Output::file(place.path(file))).start();
    (0..EVENTS).for_each(|n| info!("step_done", thread = 0, n));
    // The worker has come, and gone away again with nothing done.
    assert!(poll(RECOVERY_MAX, || trine::health().sink_errors > 0));
    place.say("emitted");
    place.wait();
}

#[track_caller]
fn assert_written_in_time(stage: &Stage, file: &str) {
    let is_written = || text_of(&stage.path(file)).lines().count() as u64 == EVENTS;
    assert!(poll(RECOVERY_MAX, is_written), "the events were not written when it became possible");
}

/// Lines that say a file cannot be written to.
fn complaints(stderr: &str, file: &str) -> usize {
    stderr.lines().filter(|line| line.contains(file) && line.contains("cannot")).count()
}

/// Swaps two directory entries at once.
fn exchange(one: &std::path::Path, other: &std::path::Path) {
    let name = |path: &std::path::Path| std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    let (one, other) = (name(one), name(other));
    // SAFETY: both are NUL-terminated strings.
    let done = unsafe {
        libc::renameat2(libc::AT_FDCWD, one.as_ptr(), libc::AT_FDCWD, other.as_ptr(), libc::RENAME_EXCHANGE)
    };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}

/// Emits until the disk is full, and goes on for a while; then there is room again.
fn fill_disk(place: &Place) {
    let ballast = place.path("disk/ballast");
    fs::File::create(&ballast).unwrap().write_all(&[0; (DISK_KIB as usize / 2) << 10]).unwrap();
    to(Output::file(place.path("disk/app.jsonl"))).ring_bytes(4 << 10).start();
    let mut emitted = 0;
    let mut emit = || {
        info!("step_done", thread = 0, n = emitted);
        emitted += 1;
    };
    while trine::health().sink_errors == 0 {
        emit();
    }
    (0..EVENTS).for_each(|_| emit());
    fs::remove_file(ballast).unwrap();
    let begin = Instant::now();
    while trine::flush(Duration::from_secs(1)) > 0 && begin.elapsed() < RECOVERY_MAX {
        thread::yield_now();
    }
    emit();
    assert_eq!(trine::flush(RECOVERY_MAX), 0);
    place.say(format_args!("emitted {emitted}"));
}

/// Mounts a disk of so many KiB in memory.
pub(crate) fn mount(disk: &std::path::Path, kib: u64) -> std::io::Result<()> {
    let target = std::ffi::CString::new(disk.to_str().unwrap()).unwrap();
    let options = std::ffi::CString::new(format!("size={kib}k,mode=700")).unwrap();
    // SAFETY: all texts are NUL-terminated and outlive the call.
    let done = unsafe {
        libc::mount(c"none".as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), 0, options.as_ptr().cast())
    };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

pub(crate) fn unmount(disk: &std::path::Path) {
    let target = std::ffi::CString::new(disk.to_str().unwrap()).unwrap();
    // SAFETY: the text is NUL-terminated and outlives the call.
    unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
}
