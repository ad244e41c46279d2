//! A signal handler that emits, at the worst moments; and the signal after which files are opened anew.

use std::{
    os::unix::process::ExitStatusExt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use trine::{Output, Setup, Sink, WriteError, info};

use crate::{
    lines::{assert_counts_up, events, lost, steps},
    stage::{Case, Place, Stage, poll, to},
};

/// How often the thread is interrupted, where the machine lets it happen in [`INTERRUPTING_MAX`]; and at least.
const INTERRUPTIONS: u64 = 2_000;
const INTERRUPTIONS_MIN: u64 = 10;
const INTERRUPTING_MAX: Duration = Duration::from_secs(1);
/// Far more than the second after which a hang-up has been seen.
const REOPEN_MAX: Duration = Duration::from_secs(30);

static HANDLED: AtomicU64 = AtomicU64::new(0);
static IS_DONE: AtomicBool = AtomicBool::new(false);

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "a_signal_handler_may_emit_while_its_thread_emits",
        |place| be_interrupted(place, place.to_file()),
        assert_whole_and_accounted_for,
    ),
    Case::new(
        "a_signal_handler_may_emit_while_its_thread_drains_a_tiny_ring",
        |place| be_interrupted(place, place.to_file().ring_bytes(4 << 10)),
        assert_whole_and_accounted_for,
    ),
    Case::new(
        "a_hang_up_makes_files_be_opened_anew_and_ends_nothing",
        |place| {
            let sink = Reopened::default();
            to(Output::to(sink.clone())).reopen_on_hangup(true).start();
            info!("step_done");
            place.say("ready");
            assert!(poll(REOPEN_MAX, || sink.times.load(Ordering::Relaxed) == 1));
            place.say("once");
            assert!(poll(REOPEN_MAX, || sink.times.load(Ordering::Relaxed) == 2));
        },
        |stage| {
            let mut running = stage.program().start();
            for word in ["ready", "once"] {
                assert_eq!(running.hear(), word);
                running.signal(libc::SIGHUP);
            }
            running.finish().assert_quiet_success();
        },
    ),
    Case::new(
        "a_hang_up_ends_a_program_that_does_not_write_to_files",
        |place| {
            to(Output::stderr()).start();
            info!("step_done");
            place.say("ready");
            place.wait();
        },
        |stage| {
            let mut running = stage.program().start();
            assert_eq!(running.hear(), "ready");
            running.signal(libc::SIGHUP);
            assert_eq!(running.finish().status.signal(), Some(libc::SIGHUP));
        },
    ),
];

/// Counts how often it was asked to open its file anew.
#[derive(Clone, Debug, Default)]
struct Reopened {
    times: Arc<AtomicU64>,
}

impl Sink for Reopened {
    fn write(&self, _: &[u8]) -> Result<(), WriteError> {
        Ok(())
    }

    fn is_file(&self) -> bool {
        true
    }

    fn request_reopen(&self) {
        self.times.fetch_add(1, Ordering::Relaxed);
    }

    fn describe(&self) -> String {
        "reopened".into()
    }
}

extern "C" fn emit_in_handler(_: libc::c_int) {
    info!("step_done", thread = 1, n = HANDLED.fetch_add(1, Ordering::Relaxed));
}

fn be_interrupted(place: &Place, setup: Setup) {
    setup.start();
    // The handler's callsite is known, and the thread has its ring, before the first signal.
    emit_in_handler(0);
    // SAFETY: the handler does what this test is about; `pthread_self` has no conditions.
    let this = unsafe {
        libc::signal(libc::SIGUSR1, emit_in_handler as *const () as usize);
        libc::pthread_self()
    };
    let interrupter = thread::spawn(move || {
        let (begin, handled) = (Instant::now(), || HANDLED.load(Ordering::Relaxed));
        while handled() < INTERRUPTIONS
            && (begin.elapsed() < INTERRUPTING_MAX || handled() < INTERRUPTIONS_MIN)
        {
            // SAFETY: the thread lives: it joins this one.
            unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
            thread::yield_now();
        }
        IS_DONE.store(true, Ordering::Relaxed);
    });
    let mut events = 0;
    while !IS_DONE.load(Ordering::Relaxed) {
        info!("step_done", thread = 0, n = events);
        events += 1;
    }
    interrupter.join().unwrap();
    place.say(format_args!("emitted {events}"));
    place.say(format_args!("handled {}", HANDLED.load(Ordering::Relaxed)));
}

fn assert_whole_and_accounted_for(stage: &Stage) {
    let outcome = stage.run();
    outcome.assert_success();
    let events = events(&stage.path("app.jsonl"));
    let steps = steps(&events);
    assert_counts_up(0, &steps[&0]);
    assert_eq!(steps[&0].len() as u64, outcome.number("emitted"), "the interrupted thread lost something");
    let lost = lost(&events).values().sum::<u64>();
    assert_eq!(
        steps[&1].len() as u64 + lost,
        outcome.number("handled"),
        "an event of the handler is neither written nor counted"
    );
}
