//! A process that does wrong, and the signal that ends it: noted, and handled as it would have been.

use std::{
    arch::asm,
    fs,
    os::unix::process::ExitStatusExt,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use trine::{Output, info, recovery};

use crate::stage::{Case, Outcome, Place, Running, Stage, to};

/// What a program of ours leaves with from its own handler.
const HANDLED: i32 = 7;

/// A page that nobody may write to, for [`repair`].
static PAGE: AtomicUsize = AtomicUsize::new(0);
const PAGE_BYTES: usize = 4096;

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "a_bad_access_is_noted_with_its_thread_and_place",
        |place| {
            without_core();
            // Not to be written before there is such a directory.
            to(Output::file(place.path("logs/app.jsonl"))).start();
            if place.path("logs").exists() {
                return;
            }
            let thread = thread::Builder::new().spawn(|| {
                info!("step_done", thread = 1, n = 0);
                // SAFETY: none; that is what this is about.
                unsafe { ptr::without_provenance_mut::<u32>(0x1230).write_volatile(1) };
            });
            let _ = thread.unwrap().join();
        },
        |stage| {
            ended_by(&stage.run(), libc::SIGSEGV);
            let signal = noted(stage).unwrap();
            assert!(
                signal.starts_with("SIGSEGV in thread ") && signal.contains(", at address 0x1230, 2"),
                "{signal}"
            );
            // The thread is the one whose last event is shown.
            let thread = signal.split([' ', ',']).nth(3).unwrap();
            let found = recovery::look(&stage.black_box).unwrap();
            let events: Vec<_> = found[0].last_events().filter(|(id, _)| id.to_string() == thread).collect();
            assert!(events[0].1[0].contains("\"thread\":1"), "{events:?}");
            drop(found);
            fs::create_dir(stage.path("logs")).unwrap();
            let next = stage.run();
            assert!(
                next.stderr.contains("had not written when it was ended by SIGSEGV in thread "),
                "{next:?}"
            );
        },
    ),
    Case::new(
        "an_overflown_stack_is_said_by_rust_and_noted_as_what_it_was",
        |place| {
            begin(place);
            let deep = thread::Builder::new().name("deep".into()).spawn(|| dive(1)).unwrap();
            let _ = deep.join();
        },
        |stage| {
            let outcome = stage.run();
            ended_by(&outcome, libc::SIGABRT);
            assert!(outcome.stderr.contains("has overflowed its stack"), "{outcome:?}");
            assert!(noted(stage).unwrap().starts_with("SIGSEGV in thread "));
        },
    ),
    Case::new(
        "an_abort_is_noted",
        |place| in_program(place, || std::process::abort()),
        |stage| {
            ended_by(&stage.run(), libc::SIGABRT);
            let signal = noted(stage).unwrap();
            assert!(signal.starts_with("SIGABRT in thread ") && !signal.contains("sent by"), "{signal}");
        },
    ),
    Case::new(
        "an_unknown_instruction_is_noted",
        |place| {
            // SAFETY: none.
            #[cfg(target_arch = "x86_64")]
            in_program(place, || unsafe { asm!("ud2") });
            #[cfg(not(target_arch = "x86_64"))]
            in_program(place, || raise(libc::SIGILL));
        },
        |stage| {
            ended_by(&stage.run(), libc::SIGILL);
            assert!(noted(stage).unwrap().starts_with("SIGILL in thread "));
        },
    ),
    Case::new(
        "a_breakpoint_that_nobody_waits_for_is_noted",
        |place| {
            // SAFETY: none.
            #[cfg(target_arch = "x86_64")]
            in_program(place, || unsafe { asm!("int3") });
            #[cfg(not(target_arch = "x86_64"))]
            in_program(place, || raise(libc::SIGTRAP));
        },
        |stage| {
            ended_by(&stage.run(), libc::SIGTRAP);
            assert!(noted(stage).unwrap().starts_with("SIGTRAP in thread "));
        },
    ),
    Case::new(
        "a_mapped_file_that_was_cut_is_noted",
        |place| {
            begin(place);
            let mut options = fs::File::options();
            let file = options.read(true).write(true).create_new(true).open(place.path("cut")).unwrap();
            file.set_len(PAGE_BYTES as u64).unwrap();
            let page = map(Some(&file));
            file.set_len(0).unwrap();
            // SAFETY: none.
            unsafe { page.write_volatile(1) };
        },
        |stage| {
            ended_by(&stage.run(), libc::SIGBUS);
            assert!(noted(stage).unwrap().starts_with("SIGBUS in thread "));
        },
    ),
    Case::new("a_signal_that_was_sent_is_noted_with_its_sender", wait_to_be_killed, |stage| {
        for signal in [libc::SIGFPE, libc::SIGABRT] {
            let outcome = killed(stage, |running| running.signal(signal));
            ended_by(&outcome, signal);
            let noted = noted(stage).unwrap();
            assert!(noted.contains(&format!(", sent by process {}, 2", std::process::id())), "{noted}");
            fs::remove_dir_all(&stage.black_box).unwrap();
        }
    }),
    Case::new("of_a_kill_nothing_can_be_noted", wait_to_be_killed, |stage| {
        let outcome = killed(stage, |running| running.signal(libc::SIGKILL));
        ended_by(&outcome, libc::SIGKILL);
        assert_eq!(noted(stage), None);
    }),
    Case::new(
        "a_fault_signal_that_is_no_fault_passes_once_as_it_does_with_rust_alone",
        wait_to_be_killed,
        |stage| {
            let outcome = killed(stage, |running| {
                // To its main thread, which handles it before it goes on.
                let pid = running.pid();
                // SAFETY: takes plain numbers; the process is ours.
                let send = || unsafe { libc::syscall(libc::SYS_tgkill, pid, pid, libc::SIGSEGV) };
                assert_eq!(send(), 0);
                running.go_on();
                assert_eq!(running.hear(), "goes on");
                assert_eq!(noted(stage), None, "it lives");
                assert_eq!(send(), 0);
            });
            ended_by(&outcome, libc::SIGSEGV);
            assert!(noted(stage).unwrap().starts_with("SIGSEGV in thread "));
        },
    ),
    Case::new(
        "a_handler_of_the_program_is_called_behind_it",
        |place| {
            handle(libc::SIGSEGV, leave_by_handler as *const () as usize, libc::SA_SIGINFO);
            handle(libc::SIGFPE, leave_by_plain_handler as *const () as usize, 0);
            begin(place);
            place.say("ready");
            place.wait();
        },
        |stage| {
            for (signal, name) in [(libc::SIGSEGV, "SIGSEGV"), (libc::SIGFPE, "SIGFPE")] {
                let outcome = killed(stage, |running| running.signal(signal));
                assert_eq!(outcome.status.code(), Some(HANDLED + signal), "{outcome:?}");
                assert!(noted(stage).unwrap().starts_with(name));
                fs::remove_dir_all(&stage.black_box).unwrap();
            }
        },
    ),
    Case::new(
        "a_fault_that_the_program_repairs_is_none",
        |place| {
            handle(libc::SIGSEGV, repair as *const () as usize, libc::SA_SIGINFO);
            begin(place);
            let page = map(None);
            for _ in 0..2 {
                PAGE.store(page.expose_provenance(), Ordering::Relaxed);
                // SAFETY: the page is ours; `repair` allows it again.
                assert_eq!(unsafe { libc::mprotect(page.cast(), PAGE_BYTES, libc::PROT_NONE) }, 0);
                // SAFETY: as above.
                unsafe { page.write_volatile(1) };
                assert_eq!(PAGE.load(Ordering::Relaxed), 0, "the handler was there");
            }
            place.say("ready");
            place.wait();
        },
        |stage| {
            let outcome = killed(stage, |running| {
                assert_eq!(noted(stage), None, "it lives");
                running.signal(libc::SIGABRT);
            });
            ended_by(&outcome, libc::SIGABRT);
            assert!(noted(stage).unwrap().starts_with("SIGABRT"), "handlers are in place after a repair");
        },
    ),
    Case::new(
        "what_a_program_ignores_stays_ignored",
        |place| {
            handle(libc::SIGTRAP, libc::SIG_IGN, 0);
            begin(place);
            raise(libc::SIGTRAP);
            place.say("goes on");
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            assert_eq!(outcome.stdout, "goes on\n");
        },
    ),
    Case::new(
        "a_child_that_dies_is_not_its_parent",
        |place| {
            begin(place);
            // SAFETY: the child does no more than to end.
            let child = unsafe { libc::fork() };
            if child == 0 {
                std::process::abort();
            }
            let mut status = 0;
            // SAFETY: `status` is a valid place; the child is ours.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(libc::WTERMSIG(status), libc::SIGABRT);
            place.say(format_args!("child {child}"));
            // SAFETY: ends the process at once.
            unsafe { libc::_exit(0) };
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_success();
            let found = recovery::look(&stage.black_box).unwrap();
            assert_eq!(found.len(), 2);
            for one in found {
                let is_child = one.process().map(u64::from) == Some(outcome.number("child"));
                assert_eq!(one.signal().is_some(), is_child, "{one:?}");
            }
        },
    ),
    Case::new(
        "who_does_not_want_it_has_none_of_it",
        |place| {
            without_core();
            place.to_file().note_fatal_signals(false).start();
            info!("step_done", thread = 0, n = 0);
            std::process::abort();
        },
        |stage| {
            ended_by(&stage.run(), libc::SIGABRT);
            assert_eq!(noted(stage), None);
            assert_eq!(stage.black_boxes().len(), 1);
        },
    ),
];

fn begin(place: &Place) {
    without_core();
    place.to_file().start();
    info!("step_done", thread = 0, n = 0);
}

fn in_program(place: &Place, wrong: impl FnOnce()) {
    begin(place);
    wrong();
}

fn wait_to_be_killed(place: &Place) {
    begin(place);
    place.say("ready");
    place.wait();
    place.say("goes on");
    place.wait();
}

/// Runs the program until it is ready, and on to its end.
fn killed(stage: &Stage, then: impl FnOnce(&mut Running)) -> Outcome {
    let mut running = stage.program().start();
    assert_eq!(running.hear(), "ready");
    then(&mut running);
    running.finish()
}

#[track_caller]
fn ended_by(outcome: &Outcome, signal: i32) {
    assert_eq!(outcome.status.signal(), Some(signal), "{outcome:?}");
}

/// The signal that is noted in the one black box there is; of a process that runs, none is to be seen from outside.
#[track_caller]
fn noted(stage: &Stage) -> Option<String> {
    let boxes = stage.black_boxes();
    assert_eq!(boxes.len(), 1, "{boxes:?}");
    let found = recovery::look(&stage.black_box).unwrap();
    let noted = trine_ring::fatal::Fatal::read(&boxes[0].join("end"));
    if !found[0].is_running() {
        assert_eq!(noted.is_some(), found[0].signal().is_some());
    }
    noted.map(|noted| found[0].signal().map_or_else(|| noted.name().to_owned(), str::to_owned))
}

fn without_core() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a valid limit.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
}

fn raise(signal: i32) {
    // SAFETY: takes a plain number.
    unsafe { libc::raise(signal) };
}

/// Sets a handler, on the alternate stack.
fn handle(signal: i32, handler: usize, flags: i32) {
    // SAFETY: all-zero is a valid `sigaction`; the handler is one.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags | libc::SA_ONSTACK;
        assert_eq!(libc::sigaction(signal, &raw const action, ptr::null_mut()), 0);
    }
}

extern "C" fn leave_by_handler(signal: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the system's own; `_exit` is async-signal-safe.
    unsafe { libc::_exit(if (*info).si_signo == signal { HANDLED + signal } else { 1 }) }
}

extern "C" fn leave_by_plain_handler(signal: i32) {
    // SAFETY: `_exit` is async-signal-safe.
    unsafe { libc::_exit(HANDLED + signal) }
}

/// Allows again what [`PAGE`] forbids, once.
extern "C" fn repair(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let page = ptr::with_exposed_provenance_mut(PAGE.swap(0, Ordering::Relaxed));
    // SAFETY: the page is mapped for the life of the process.
    unsafe { libc::mprotect(page, PAGE_BYTES, libc::PROT_READ | libc::PROT_WRITE) };
}

/// A page, of a file or of none.
fn map(file: Option<&fs::File>) -> *mut u8 {
    use std::os::fd::AsRawFd;
    let (flags, fd) = match file {
        Some(file) => (libc::MAP_SHARED, file.as_raw_fd()),
        None => (libc::MAP_PRIVATE | libc::MAP_ANON, -1),
    };
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: asks for no address; checked.
    let page = unsafe { libc::mmap(ptr::null_mut(), PAGE_BYTES, protection, flags, fd, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    page.cast()
}

/// Uses up the stack.
fn dive(depth: u64) -> u64 {
    let room = [depth; 100];
    if depth == u64::MAX {
        return 0;
    }
    std::hint::black_box(&room)[50] + dive(depth + 1)
}
