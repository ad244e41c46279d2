//! Clocks that step, and doing nothing.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use trine::{Delivery, Setup, info};

use crate::{
    lines::{assert_steps, events},
    stage::{Case, Place, Stage, poll, text_of},
};

/// Steps of the clock, and events between them.
const STEPS: u64 = 50;
const EVENTS: u64 = 20;
/// Processor time of an idle process in [`IDLE_WINDOW`]: 2 %, where the benchmark asks for 0.1 %.
const IDLE_MAX: Duration = Duration::from_millis(20);
const IDLE_WINDOW: Duration = Duration::from_secs(1);
/// Windows that are looked at. The first ones see the worker nap before it parks.
const IDLE_WINDOWS: usize = 5;
/// Longest that an event of an idle process may take to the file; the worker looks every second at the latest.
const WAKE_MAX: Duration = Duration::from_secs(10);

/// Seconds that this process's wall clock is wrong by.
static OFFSET_S: AtomicI64 = AtomicI64::new(0);

/// In place of the C library's: an executable's own symbol wins. So clocks step for this process alone.
///
/// # Safety
/// As for the C library's: `time` is valid for a write.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    time: *mut libc::timespec,
) -> libc::c_int {
    // SAFETY: the arguments are those of the system call.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    if result == 0 && clock == libc::CLOCK_REALTIME {
        // SAFETY: the system call has filled it in.
        unsafe { (*time).tv_sec += OFFSET_S.load(Ordering::Relaxed) };
    }
    result as libc::c_int
}

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "a_clock_that_steps_back_changes_no_order",
        |place| emit_while_the_clock_steps(place.to_file()),
        assert_order_and_steps,
    ),
    Case::new(
        "a_clock_that_steps_back_changes_no_order_when_threads_write_themselves",
        |place| emit_while_the_clock_steps(place.to_file().delivery(Delivery::Inline)),
        assert_order_and_steps,
    ),
    Case::new(
        "a_system_clock_that_steps_back_changes_no_order",
        |place| emit_while_the_clock_steps(place.to_file().system_clock()),
        assert_order_and_steps,
    ),
    Case::new("an_idle_process_costs_nothing_and_its_next_event_is_written_in_time", idle, |stage| {
        stage.run().assert_quiet_success();
    }),
];

fn emit_while_the_clock_steps(setup: Setup) {
    setup.start();
    for step in 0..STEPS {
        (0..EVENTS).for_each(|n| info!("step_done", thread = 0, n = step * EVENTS + n));
        assert_eq!(trine::flush(Duration::from_secs(30)), 0);
        OFFSET_S.fetch_sub(100, Ordering::Relaxed);
        // The wall clock is read again after ten milliseconds.
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(11) {
            std::hint::spin_loop();
        }
    }
}

fn assert_order_and_steps(stage: &Stage) {
    stage.run().assert_quiet_success();
    let events = events(&stage.path("app.jsonl"));
    assert_steps(&events, 0..1, STEPS * EVENTS);
    let times: Vec<&str> = events.iter().map(|event| event["timestamp"].as_str().unwrap()).collect();
    let steps = times.windows(2).filter(|pair| pair[0] > pair[1]).count() as u64;
    assert_eq!(steps, STEPS - 1, "the clock's steps show in the timestamps, and nothing else does");
}

fn idle(place: &Place) {
    place.to_file().start();
    (0..10_000u64).for_each(|n| info!("step_done", thread = 0, n));
    let is_idle = (0..IDLE_WINDOWS).any(|_| {
        let before = processor_time();
        // The time that passes is what is measured.
        std::thread::sleep(IDLE_WINDOW);
        processor_time() - before < IDLE_MAX
    });
    assert!(is_idle, "doing nothing costs time");
    info!("idle_ended");
    let is_written = || text_of(&place.path("app.jsonl")).contains("idle_ended");
    assert!(poll(WAKE_MAX, is_written), "the worker slept on");
}

fn processor_time() -> Duration {
    // SAFETY: all-zero is a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place for the result.
    assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) }, 0);
    let time =
        |time: libc::timeval| Duration::from_micros(time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64);
    time(usage.ru_utime) + time(usage.ru_stime)
}
