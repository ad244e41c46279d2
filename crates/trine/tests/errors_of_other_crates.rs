//! `cause:` with the errors of `anyhow` and `eyre`.
#![cfg(all(feature = "anyhow", feature = "eyre"))]
#![forbid(unsafe_code)]

use std::{fmt, io};

use trine::{
    StackTraces, error,
    event::{Event, OwnedValue},
    testing::{Capture, capture},
};

#[derive(Debug)]
enum PaymentError {
    Declined { limit: u32 },
}

impl fmt::Display for PaymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PaymentError::Declined { limit } = self;
        write!(f, "above the limit of {limit}")
    }
}

impl std::error::Error for PaymentError {}

const DECLINED: PaymentError = PaymentError::Declined { limit: 7 };

#[track_caller]
fn only(captured: &Capture) -> Event {
    let events = captured.events();
    assert_eq!(events.len(), 1, "{events:?}");
    captured.clear();
    events.into_iter().next().unwrap()
}

#[track_caller]
fn check(captured: &Capture, error_type: &str, message: &str, causes: &[&str]) {
    let event = only(captured);
    let text = |key| event.get(key).and_then(OwnedValue::as_str);
    assert_eq!((text("error_type"), text("error_message")), (Some(error_type), Some(message)));
    let expected = causes.iter().map(|cause| OwnedValue::Text((*cause).into())).collect();
    assert_eq!(event.get("error_chain"), Some(&OwnedValue::List(expected)));
}

#[test]
fn the_type_is_that_of_the_error_and_the_message_that_of_the_context() {
    let captured = capture();
    let failure = anyhow::Error::new(DECLINED);
    error!(cause: &failure, "payment_process_failed");
    check(&captured, "Declined", "above the limit of 7", &[]);
    let failure = failure.context("cannot charge").context(format!("order {}", 7));
    error!(cause: failure, "payment_process_failed");
    check(&captured, "Declined", "order 7", &["cannot charge", "above the limit of 7"]);
    error!(cause: &*failure, "payment_process_failed");
    check(&captured, "Declined", "order 7", &["cannot charge", "above the limit of 7"]);

    let failure = eyre::Report::new(DECLINED).wrap_err("cannot charge");
    error!(cause: &failure, "payment_process_failed");
    check(&captured, "Declined", "cannot charge", &["above the limit of 7"]);
}

#[test]
fn an_error_of_the_system_keeps_its_code_behind_contexts() {
    let captured = capture();
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    error!(cause: &anyhow::Error::new(timed_out()).context("no answer"), "api_call_failed");
    assert_eq!(only(&captured).get("error_code").and_then(OwnedValue::as_str), Some("TimedOut"));
    error!(cause: &eyre::Report::new(timed_out()).wrap_err("no answer"), "api_call_failed");
    assert_eq!(only(&captured).get("error_code").and_then(OwnedValue::as_str), Some("TimedOut"));
}

#[test]
fn a_mere_message_is_an_error_of_its_crate() {
    let captured = capture();
    error!(cause: &anyhow::anyhow!("no funds: {}", 7), "payment_process_failed");
    check(&captured, "anyhow::Error", "no funds: 7", &[]);
    error!(cause: &eyre::eyre!("no funds"), "payment_process_failed");
    check(&captured, "Report", "no funds", &[]);
}

#[test]
fn an_operation_that_fails_with_either_says_the_causes() {
    let captured = capture();
    let _ = trine::timed!("payment_charge")
        .run(|| -> anyhow::Result<()> { Err(anyhow::Error::new(DECLINED).context("cannot charge")) });
    trine::timed!("payment_charge").fail(&eyre::Report::new(DECLINED).wrap_err("cannot charge"));
    for event in captured.named("payment_charge_failed") {
        let text = |key| event.get(key).and_then(OwnedValue::as_str);
        assert_eq!((text("error"), text("error_type")), (Some("cannot charge"), Some("Declined")));
        let Some(OwnedValue::List(causes)) = event.get("error_chain") else { panic!("{event:?}") };
        assert_eq!(causes[..], [OwnedValue::Text("above the limit of 7".into())]);
    }
}

#[cfg(feature = "attributes")]
#[test]
fn a_function_that_is_timed_may_fail_with_either() {
    #[trine::attr::timed("payment_charge")]
    fn charge() -> anyhow::Result<()> {
        Err(anyhow::Error::new(DECLINED).context("cannot charge"))
    }
    #[trine::attr::timed("order_create")]
    fn create() -> eyre::Result<()> {
        Err(eyre::Report::new(DECLINED).wrap_err("cannot create"))
    }
    let captured = capture();
    charge().unwrap_err();
    drop(create().unwrap_err());
    for name in ["payment_charge_failed", "order_create_failed"] {
        let event = captured.named(name).remove(0);
        assert_eq!(event.get("error_type").and_then(OwnedValue::as_str), Some("Declined"));
        assert!(matches!(event.get("error_chain"), Some(OwnedValue::List(causes)) if causes.len() == 1));
    }
}

/// The trace that `anyhow` took is shown, not that of the event; the setting is the process's, so it is one test.
#[test]
fn the_trace_that_an_error_brings_is_shown_unless_traces_are_off() {
    #[inline(never)]
    fn where_it_arose() -> anyhow::Error {
        anyhow::anyhow!("no funds")
    }
    let captured = capture();
    let failure = where_it_arose();
    let has_trace = failure.backtrace().status() == std::backtrace::BacktraceStatus::Captured;
    error!(cause: &failure, "payment_process_failed");
    let event = only(&captured);
    let trace = event.get("stack_trace").and_then(OwnedValue::as_str);
    assert_eq!(trace.is_some(), has_trace, "as RUST_BACKTRACE says");
    assert!(trace.is_none_or(|trace| trace.contains("where_it_arose")), "{trace:?}");

    trine::setup().stack_traces(StackTraces::Off).force().start();
    error!(cause: &failure, "payment_process_failed");
    assert_eq!(only(&captured).get("stack_trace"), None);
    trine::setup().stack_traces(StackTraces::On).force().start();
    error!(cause: &io::Error::other("x"), "payment_process_failed");
    let event = only(&captured);
    let trace = event.get("stack_trace").and_then(OwnedValue::as_str).expect("wanted");
    let first = trace.lines().next().unwrap();
    assert!(
        first.contains("the_trace_that_an_error_brings"),
        "that of the event, from the program on: {trace}"
    );
}
