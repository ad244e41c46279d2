//! What is off costs nothing: no argument is evaluated. The level of the process is `warning` here.
#![forbid(unsafe_code)]

use std::{cell::Cell, fmt, sync::Once, time::Duration};

use trine::{
    Delivery, EventName, Format, Level, Logger, Output, Value, ValueWriter, bind, critical, debug, error,
    event, info, sink::MemorySink, testing::capture, trace, warning,
};

/// Starts the one pipeline of this process.
fn start() -> MemorySink {
    static LINES: std::sync::LazyLock<MemorySink> = std::sync::LazyLock::new(MemorySink::new);
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        trine::setup()
            .level("warning,chatty=trace,silent=off")
            .output(Output::to(LINES.clone()).format(Format::Json))
            .delivery(Delivery::Worker)
            .force()
            .start();
    });
    LINES.clone()
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

/// How often an argument was evaluated on this thread while `f` ran.
fn evaluated(f: impl FnOnce()) -> u32 {
    EVALUATED.set(0);
    f();
    EVALUATED.take()
}

/// Counts, and passes the value on.
fn counted<T>(value: T) -> T {
    EVALUATED.set(EVALUATED.get() + 1);
    value
}

/// Counts when it is written.
#[derive(Clone, Copy)]
struct Written;

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        counted(f.write_str("written"))
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        counted(f.write_str("written"))
    }
}

impl Value for Written {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.str(counted("written"));
    }
}

impl std::error::Error for Written {}

const LOGIN: EventName = EventName::literal("auth_login_success");

fn logger() -> Logger {
    counted(Logger::new())
}

#[test]
fn an_event_that_is_off_evaluates_no_argument() {
    start();
    let shown = Written;
    let count = evaluated(|| {
        info!("user_login", a = counted(1), b = %counted(2), c = ?counted(3), "d d" = counted(4));
        info!("user_login", shown, a = %shown, b = ?shown);
        debug!("user_login", list = vec![counted(1)], text = format!("{shown}"));
        trace!("user_login", block = { counted(1) });
    });
    assert_eq!(count, 0);
}

#[test]
fn a_logger_and_options_of_an_event_that_is_off_are_not_evaluated() {
    start();
    let count = evaluated(|| {
        info!(logger(), "user_login", a = counted(1));
        info!(bind!(a = counted(1)), "user_login");
        info!(logger(), sample: counted(1.0), cause: &counted(Written), "user_login", a = counted(1));
        info!(sample: counted(1.0), "user_login", a = counted(1));
        info!(cause: &counted(Written), "user_login");
        info!(LOGIN, a = counted(1));
        info!(logger(), name: LOGIN, a = counted(1));
        info!(logger(), sample: counted(1.0), name: LOGIN, a = counted(1));
    });
    assert_eq!(count, 0);
}

#[test]
fn only_the_level_of_an_event_with_a_level_at_run_time_is_evaluated() {
    start();
    assert_eq!(evaluated(|| event!(counted(Level::Info), logger(), "user_login", a = counted(1))), 1);
    assert_eq!(evaluated(|| event!(counted(Level::Info), counted(LOGIN), a = counted(1))), 2);
    // The same callsite, on and off by level.
    for (level, expected) in [(Level::Debug, 1), (Level::Error, 3), (Level::Info, 1), (Level::Warning, 3)] {
        let count = evaluated(|| event!(counted(level), logger(), "user_login", a = counted(1)));
        assert_eq!(count, expected, "{level:?}");
    }
}

#[test]
fn an_event_that_is_on_evaluates_each_argument_once() {
    start();
    let shown = Written;
    assert_eq!(
        evaluated(
            || warning!("user_login", a = counted(1), b = %counted(2), c = ?counted(3), "d d" = counted(4))
        ),
        4
    );
    assert_eq!(evaluated(|| warning!("user_login", shown)), 1);
    assert_eq!(evaluated(|| warning!("user_login", %shown)), 1);
    assert_eq!(evaluated(|| warning!("user_login", ?shown)), 1);
    assert_eq!(evaluated(|| error!(logger(), "user_login", a = counted(1))), 2);
    assert_eq!(evaluated(|| error!(logger(), sample: counted(1.0), "user_login", a = counted(1))), 3);
    assert_eq!(evaluated(|| critical!(counted(LOGIN), a = counted(1))), 2);
    // The error's message is written once.
    assert_eq!(evaluated(|| error!(cause: &counted(Written), "user_login")), 2);
}

#[test]
fn a_captured_event_evaluates_each_argument_once_whatever_its_level() {
    start();
    let captured = capture();
    let shown = Written;
    assert_eq!(evaluated(|| info!(logger(), "user_login", a = counted(1), %shown)), 3);
    assert_eq!(evaluated(|| trace!("silent_event", shown)), 1);
    assert_eq!(captured.names(), ["user_login", "silent_event"]);
}

#[test]
fn an_event_that_sampling_drops_evaluates_no_argument() {
    start();
    let _captured = capture();
    let count = evaluated(|| {
        info!(sample: 0.0, "cache_hit", a = counted(1), b = %counted(2));
        info!(logger(), sample: 0.0, "cache_hit", a = counted(1));
        info!(sample: -1.0, "cache_hit", a = counted(1));
        info!(sample: f64::NAN, "cache_hit", a = counted(1));
        info!(sample: 0.0, cause: &counted(Written), "cache_hit", a = counted(1));
        info!(cause: &counted(Written), sample: 0.0, "cache_hit", a = counted(1));
    });
    assert_eq!(count, 0);
}

#[test]
fn sampling_keeps_about_its_share_and_evaluates_only_what_it_keeps() {
    start();
    let captured = capture();
    let count = evaluated(|| {
        for _ in 0..10_000 {
            info!(sample: 0.1, "cache_hit", a = counted(1));
        }
    });
    assert_eq!(count as usize, captured.events().len());
    // Ten standard deviations around a thousand.
    assert!((700..1_300).contains(&count), "{count}");
}

#[test]
fn a_domain_that_is_off_is_off_at_every_level_and_one_that_is_on_passes() {
    let lines = start();
    assert_eq!(evaluated(|| critical!("silent_event", a = counted(1))), 0);
    assert_eq!(evaluated(|| trace!("chatty_event", a = counted(1))), 1);
    assert_eq!(trine::flush(Duration::from_secs(60)), 0);
    assert!(lines.lines().iter().any(|line| line.starts_with(r#"{"event":"chatty_event","a":1,"#)));
    assert!(!lines.lines().iter().any(|line| line.contains("silent_event")));
}
