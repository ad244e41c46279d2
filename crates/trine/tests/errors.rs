//! What an event says of an error: `cause:`, operations, `ErrorContext`.
#![forbid(unsafe_code)]

use std::{
    borrow::Cow,
    cell::Cell,
    error::Error,
    fmt, io,
    rc::Rc,
    sync::{Arc, Once},
};

use trine::{
    ErrorCode, ErrorContext, Level, StackTraces, assert_event, bind, critical, error, event,
    event::{Event, OwnedValue},
    info, log_error_event, scope,
    testing::{Capture, capture},
    timed, warning,
};

/// Captures, in a process that takes no stack traces whatever the variables of whoever runs the tests say.
fn quiet() -> Capture {
    static SETUP: Once = Once::new();
    SETUP.call_once(|| trine::setup().stack_traces(StackTraces::Off).level("info").force().start());
    capture()
}

/// An error with a cause and a code.
#[derive(Debug)]
struct PaymentError {
    gateway: u8,
    code: Option<&'static str>,
    source: io::Error,
}

impl fmt::Display for PaymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer from gateway_{}", self.gateway)
    }
}

impl Error for PaymentError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl ErrorCode for PaymentError {
    fn error_code(&self) -> Option<Cow<'_, str>> {
        self.code.map(Cow::from)
    }
}

fn payment_error(gateway: u8) -> PaymentError {
    PaymentError { gateway, code: Some("E1001"), source: io::Error::other("connection reset by peer") }
}

/// An error that is one of several, without a code.
#[derive(Debug)]
enum OrderError {
    OutOfStock { sku: &'static str },
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OrderError::OutOfStock { sku } = self;
        write!(f, "no {sku} left")
    }
}

impl Error for OrderError {}

#[track_caller]
fn only(captured: &Capture) -> Event {
    let events = captured.events();
    assert_eq!(events.len(), 1, "{events:?}");
    captured.clear();
    events.into_iter().next().unwrap()
}

fn text<'e>(event: &'e Event, key: &str) -> Option<&'e str> {
    event.get(key).and_then(OwnedValue::as_str)
}

fn chain(event: &Event) -> Vec<String> {
    let Some(OwnedValue::List(chain)) = event.get("error_chain") else { panic!("no chain in {event:?}") };
    chain.iter().map(|text| text.as_str().unwrap_or_else(|| panic!("{text:?}")).to_owned()).collect()
}

#[test]
fn a_cause_says_type_message_chain_code_and_fingerprint_behind_the_calls_fields() {
    let captured = quiet();
    error!(cause: &payment_error(7), "payment_process_failed", order_id = "ORD-123");
    let event = only(&captured);
    assert_eq!(
        event.keys(),
        ["order_id", "error_type", "error_message", "error_chain", "error_code", "error_fingerprint"]
    );
    assert_eq!(text(&event, "error_type"), Some("PaymentError"));
    assert_eq!(text(&event, "error_message"), Some("no answer from gateway_7"));
    assert_eq!(chain(&event), ["connection reset by peer"]);
    assert_eq!(text(&event, "error_code"), Some("E1001"));
    let fingerprint = text(&event, "error_fingerprint").unwrap();
    assert!(fingerprint.len() == 16 && fingerprint.bytes().all(|b| b.is_ascii_hexdigit()), "{fingerprint}");
}

#[test]
fn every_macro_takes_a_cause_with_a_logger_and_a_name_found_later() {
    let captured = quiet();
    let failure = payment_error(7);
    let log = bind!(request_id = "req_1");
    info!(cause: &failure, "payment_retry_started");
    warning!(log, cause: &failure, "payment_retry_started");
    critical!(log, sample: 1.0, cause: failure, "payment_retry_started", attempt = 2);
    event!(Level::Debug, cause: &failure, "payment_retry_started");
    let name = trine::EventName::compose("payment", "retry", "started").unwrap();
    error!(cause: &failure, name: name);
    let events = captured.events();
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| text(event, "error_code") == Some("E1001")), "{events:?}");
    assert_eq!(text(&events[2], "request_id"), Some("req_1"));
}

#[test]
fn errors_of_every_form_are_known() {
    #[track_caller]
    fn check(captured: &Capture, error_type: &str, code: Option<&str>) {
        let event = only(captured);
        assert_eq!((text(&event, "error_type"), text(&event, "error_code")), (Some(error_type), code));
        assert_eq!(event.get("error_fingerprint").and_then(OwnedValue::as_str).map(str::len), Some(16));
    }
    let captured = quiet();
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    let out_of_stock = || OrderError::OutOfStock { sku: "SKU-1" };

    error!(cause: &OrderError::OutOfStock { sku: "SKU-1" }, "order_create_failed");
    check(&captured, "OrderError", None);
    error!(cause: &timed_out(), "order_create_failed");
    check(&captured, "io::Error", Some("TimedOut"));
    error!(cause: &io::Error::other("x"), "order_create_failed");
    check(&captured, "io::Error", None);
    error!(cause: &"x".parse::<u8>().unwrap_err(), "order_create_failed");
    check(&captured, "ParseIntError", None);

    // Of what is behind a pointer to a known type, type and code are known as well.
    error!(cause: &Box::new(payment_error(1)), "order_create_failed");
    check(&captured, "PaymentError", Some("E1001"));
    error!(cause: &Arc::new(out_of_stock()), "order_create_failed");
    check(&captured, "OrderError", None);

    // A `dyn Error` is known by its `Debug`.
    let plain: &dyn Error = &out_of_stock();
    error!(cause: plain, "order_create_failed");
    check(&captured, "OutOfStock", None);
    let boxed: Box<dyn Error> = Box::new(payment_error(1));
    error!(cause: &boxed, "order_create_failed");
    check(&captured, "PaymentError", None);
    error!(cause: boxed, "order_create_failed");
    check(&captured, "PaymentError", None);
    error!(cause: &*boxed, "order_create_failed");
    check(&captured, "PaymentError", None);
    let boxed: Box<dyn Error + Send + Sync> = Box::new(timed_out());
    error!(cause: &boxed, "order_create_failed");
    check(&captured, "io::Error", Some("TimedOut"));
    let counted: Rc<dyn Error> = Rc::new(out_of_stock());
    error!(cause: &counted, "order_create_failed");
    check(&captured, "OutOfStock", None);
    let text: Box<dyn Error> = "no \"quotes\"".into();
    error!(cause: &text, "order_create_failed");
    check(&captured, "Error", None);

    if cfg!(unix) {
        let system = io::Error::from_raw_os_error(2);
        let borrowed: &dyn Error = &system;
        error!(cause: borrowed, "order_create_failed");
        check(&captured, "io::Error", Some("NotFound"));
    }
}

#[test]
fn a_generic_function_knows_what_its_bounds_say() {
    fn report<E: Error>(failure: &E) {
        error!(cause: failure, "order_create_failed");
    }
    fn report_coded<E: Error + ErrorCode>(failure: E) {
        error!(cause: failure, "order_create_failed");
    }
    let captured = quiet();
    report(&payment_error(1));
    let event = only(&captured);
    assert_eq!(text(&event, "error_type"), Some("PaymentError"));
    assert_eq!(event.get("error_code"), None);
    report_coded(payment_error(1));
    assert_eq!(text(&only(&captured), "error_code"), Some("E1001"));
}

#[test]
fn a_code_is_the_errors_own_and_not_that_of_its_cause() {
    let captured = quiet();
    let failure = PaymentError { gateway: 1, code: None, source: io::ErrorKind::TimedOut.into() };
    error!(cause: &failure, "payment_process_failed");
    assert_eq!(only(&captured).get("error_code"), None);
}

#[test]
fn a_field_of_the_call_wins_and_a_traceback_is_kept_as_it_is() {
    const TRACEBACK: &str =
        "Traceback (most recent call last):\n  File \"pay.py\", line 3, in charge\nPaymentError: é\n";
    let captured = quiet();
    error!(cause: &payment_error(1), "payment_process_failed", stack_trace = TRACEBACK, error_code = "mine");
    let event = only(&captured);
    assert_eq!(text(&event, "stack_trace"), Some(TRACEBACK));
    assert_eq!(text(&event, "error_code"), Some("mine"));
    assert_eq!(event.keys().iter().filter(|key| **key == "error_code").count(), 1);
}

#[test]
fn errors_of_one_kind_share_a_fingerprint_and_others_do_not() {
    let captured = quiet();
    let of = |failure: &dyn Error| {
        error!(cause: failure, "order_create_failed");
        text(&only(&captured), "error_fingerprint").unwrap().to_owned()
    };
    assert_eq!(of(&payment_error(1)), of(&payment_error(2)));
    assert_ne!(of(&payment_error(1)), of(&OrderError::OutOfStock { sku: "a" }));
    let declined = PaymentError { source: io::Error::other("card declined"), ..payment_error(1) };
    assert_ne!(of(&payment_error(1)), of(&declined), "the cause makes a difference");
}

/// A chain of causes that goes on for ever: each asks the same one again.
#[derive(Debug)]
struct Circle;

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("round")
    }
}

impl Error for Circle {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&Circle)
    }
}

/// A link of a chain, with a text of a length.
#[derive(Debug)]
struct Link(usize, Option<Box<Link>>);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.0).try_for_each(|_| f.write_str("é"))
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|link| link as &dyn Error)
    }
}

fn links(count: usize, length: usize) -> Link {
    (1..count).fold(Link(length, None), |below, _| Link(length, Some(Box::new(below))))
}

#[test]
fn chains_are_bounded_in_number_and_in_bytes() {
    let captured = quiet();
    error!(cause: &Circle, "order_create_failed");
    let round = chain(&only(&captured));
    assert_eq!(round.len(), 33);
    assert_eq!(round[32], "…");
    assert!(round[..32].iter().all(|text| text == "round"));

    error!(cause: &links(33, 1), "order_create_failed");
    assert_eq!(chain(&only(&captured)), ["é"; 32], "as long as it may be, and not cut");

    // 16 KiB are 8,192 of these characters, so that four causes are the 64 KiB that a chain may have.
    error!(cause: &links(30, 100_000), "order_create_failed");
    let event = only(&captured);
    let message = text(&event, "error_message").unwrap();
    assert_eq!(message.chars().count(), 8_193);
    assert!(message.ends_with("é…"));
    let long = chain(&event);
    assert!((4..=5).contains(&(long.len() - 1)), "{}", long.len());
    assert_eq!(long.last().unwrap(), "…");
    assert!(long[..long.len() - 1].iter().all(|text| text == message));
}

#[test]
fn code_of_the_error_that_panics_leaves_the_other_fields() {
    #[derive(Debug)]
    struct Hostile(&'static str);
    impl Hostile {
        fn panic_in(&self, place: &str) {
            assert_ne!(self.0, place, "asked for trouble");
        }
    }
    impl fmt::Display for Hostile {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.panic_in("display");
            f.write_str("hostile")
        }
    }
    impl Error for Hostile {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.panic_in("source");
            None
        }
    }
    impl ErrorCode for Hostile {
        fn error_code(&self) -> Option<Cow<'_, str>> {
            self.panic_in("code");
            Some("H1".into())
        }
    }
    let captured = quiet();
    for (place, message, code) in [
        ("display", None, Some("H1")),
        ("source", Some("hostile"), Some("H1")),
        ("code", Some("hostile"), None),
    ] {
        error!(cause: &Hostile(place), "order_create_failed", order_id = 7);
        let event = only(&captured);
        assert_eq!(text(&event, "error_type"), Some("Hostile"));
        assert_eq!((text(&event, "error_message"), text(&event, "error_code")), (message, code));
        assert_eq!(event.get("order_id").and_then(OwnedValue::as_i64), Some(7));
    }
    error!(cause: &Hostile("display"), "order_create_failed");
    let event = only(&captured);
    let Some(OwnedValue::Failed(why)) = event.get("error_message") else { panic!("{event:?}") };
    assert!(why.starts_with("Display panicked: ") && why.contains("asked for trouble"), "{why}");
}

#[test]
fn text_that_is_not_utf_8_has_replacement_characters() {
    let captured = quiet();
    let bytes = Vec::from(b"caf\xe9 \xff");
    error!(cause: &io::Error::other(String::from_utf8_lossy(&bytes)), "file_read_failed");
    assert_eq!(text(&only(&captured), "error_message"), Some("caf\u{fffd} \u{fffd}"));
    let not_text = String::from_utf8(bytes).unwrap_err();
    error!(cause: &not_text, "file_read_failed");
    assert_eq!(text(&only(&captured), "error_type"), Some("FromUtf8Error"));
}

#[test]
fn an_error_is_asked_once_and_only_when_the_event_is_on() {
    struct Counted<'a>(&'a Cell<u32>);
    impl fmt::Debug for Counted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Counted")
        }
    }
    impl fmt::Display for Counted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str("counted")
        }
    }
    impl Error for Counted<'_> {}
    let asked = Cell::new(0);
    {
        let captured = quiet();
        error!(cause: &Counted(&asked), "order_create_failed");
        assert_eq!((asked.get(), captured.events().len()), (1, 1), "an error may borrow");
    }
    trine::debug!(cause: &Counted(&asked), "order_create_failed");
    error!(sample: 0.0, cause: &Counted(&asked), "order_create_failed");
    assert_eq!(asked.get(), 1);
}

#[test]
fn operations_that_fail_say_what_failed() {
    let captured = quiet();
    timed!("payment_charge", order_id = "ORD-1").fail(&payment_error(7));
    let event = captured.named("payment_charge_failed").remove(0);
    assert_eq!(
        event.keys(),
        [
            "duration_ms",
            "error",
            "error_type",
            "error_message",
            "error_fingerprint",
            "order_id",
            "operation_id"
        ]
    );
    assert_eq!(text(&event, "error"), text(&event, "error_message"));

    captured.clear();
    timed!("payment_charge").fail_with_cause(&payment_error(7));
    assert_eq!(chain(&captured.named("payment_charge_failed")[0]), ["connection reset by peer"]);

    // Of errors in a box the causes are known, though any `Display` would do.
    captured.clear();
    let boxed: Box<dyn Error + Send + Sync> = Box::new(payment_error(7));
    timed!("payment_charge").fail(&boxed);
    let outcome = timed!("payment_charge").run(|| Err::<(), Box<dyn Error>>(Box::new(payment_error(7))));
    assert!(outcome.is_err());
    for event in captured.named("payment_charge_failed") {
        assert_eq!((text(&event, "error_type"), chain(&event).len()), (Some("PaymentError"), 1));
    }
    captured.clear();
    let _ = timed!("file_read").run(|| Err::<(), _>(io::Error::from(io::ErrorKind::TimedOut)));
    let event = captured.named("file_read_failed").remove(0);
    assert_eq!(
        (text(&event, "error_type"), text(&event, "error_code")),
        (Some("io::Error"), Some("TimedOut"))
    );

    captured.clear();
    let outcome = timed!("order_create").run(|| Err::<(), _>(OrderError::OutOfStock { sku: "SKU-1" }));
    assert!(outcome.is_err());
    assert_event!(captured, "order_create_failed", error = "no SKU-1 left", error_type = "OrderError");
}

#[test]
fn an_operation_that_fails_with_a_text_says_only_that() {
    let captured = quiet();
    timed!("payment_charge").fail("timeout");
    timed!("payment_charge").fail(&7_u8);
    let _ = timed!("payment_charge").run(|| Err::<(), _>("timeout".to_owned()));
    let _ = timed!("payment_charge").run(|| Err::<(), _>(Cow::from("timeout")));
    for event in captured.named("payment_charge_failed") {
        assert_eq!(event.keys(), ["duration_ms", "error", "operation_id"]);
    }
}

#[cfg(feature = "attributes")]
mod timed_functions {
    use super::*;
    use trine::attr::timed;

    #[timed("payment_charge")]
    fn charge(gateway: u8) -> Result<(), PaymentError> {
        Err(payment_error(gateway))
    }

    #[timed("order_create")]
    async fn create() -> Result<(), Box<dyn Error + Send + Sync>> {
        tokio::task::yield_now().await;
        Err(Box::new(payment_error(7)))
    }

    #[timed("order_count")]
    fn count<T: Error>(failure: T) -> Result<u8, T> {
        Err(failure)
    }

    #[test]
    fn a_function_that_fails_says_all_of_it() {
        let captured = quiet();
        charge(7).unwrap_err();
        let event = captured.named("payment_charge_failed").remove(0);
        assert_eq!((text(&event, "error_code"), chain(&event).len()), (Some("E1001"), 1));
        count(OrderError::OutOfStock { sku: "SKU-1" }).unwrap_err();
        let event = captured.named("order_count_failed").remove(0);
        assert_eq!((text(&event, "error_type"), event.get("error_chain")), (Some("OrderError"), None));
    }

    #[test]
    fn so_does_one_that_waits_on_tokio() {
        let captured = quiet();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(create()).unwrap_err();
        let event = captured.named("order_create_failed").remove(0);
        assert_eq!(text(&event, "error"), Some("no answer from gateway_7"));
        assert_eq!(text(&event, "error_type"), Some("PaymentError"));
        assert_eq!(chain(&event), ["connection reset by peer"]);
    }
}

#[test]
fn a_cause_can_be_said_in_the_middle_of_an_async_function() {
    async fn step() -> Result<(), PaymentError> {
        tokio::task::yield_now().await;
        Err(payment_error(7))
    }
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    let captured = quiet();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(is_send(async {
        if let Err(failure) = step().await {
            error!(cause: &failure, "payment_process_failed");
            tokio::task::yield_now().await;
            warning!(cause: &failure, "payment_process_failed");
        }
    }));
    assert_eq!(captured.events().len(), 2);
}

#[test]
fn a_context_has_the_schema_and_leaves_out_what_is_not_there() {
    let captured = quiet();
    let _scope = scope!(request_id = "req_scope", user_id = "user_scope");
    let context = ErrorContext::new("PaymentError", "card declined")
        .error_code("E1001")
        .error_chain(["limit reached"])
        .stack_trace("Traceback:\n  é")
        .user_id("user_123");
    log_error_event("payment", "process", &context);
    let event = only(&captured);
    assert_eq!((event.name(), event.level()), ("payment_process_failed", Level::Error));
    assert_eq!(
        event.keys(),
        [
            "error_type",
            "error_message",
            "error_chain",
            "error_code",
            "error_fingerprint",
            "stack_trace",
            "user_id",
            "request_id"
        ]
    );
    assert_eq!(text(&event, "stack_trace"), Some("Traceback:\n  é"));
    assert_eq!((text(&event, "user_id"), text(&event, "request_id")), (Some("user_123"), Some("req_scope")));

    let literal = ErrorContext {
        error_type: "PaymentError".into(),
        error_message: "late".into(),
        request_id: Some("req_1".into()),
        ..ErrorContext::default()
    };
    assert_eq!(literal, ErrorContext::new("PaymentError", "late").request_id("req_1"));
    log_error_event("payment", "process", literal);
    assert_eq!(only(&captured).keys()[..3], ["error_type", "error_message", "error_fingerprint"]);
}

#[test]
fn a_context_is_made_of_any_error() {
    let captured = quiet();
    let boxed: Box<dyn Error + Send + Sync> = Box::new(payment_error(7));
    log_error_event("payment", "process", &payment_error(7));
    log_error_event("payment", "process", &*boxed);
    log_error_event("payment", "process", ErrorContext::from(&payment_error(7)).error_code("E1001"));
    let events = captured.events();
    for event in &events {
        assert_eq!(text(event, "error_type"), Some("PaymentError"));
        assert_eq!(chain(event), ["connection reset by peer"]);
    }
    assert_eq!(text(&events[2], "error_code"), Some("E1001"));
}

#[test]
fn a_name_that_cannot_be_composed_loses_nothing() {
    let captured = quiet();
    for (domain, action) in
        [("Pay-ment", "process"), ("", ""), ("payment", "pro cess"), ("a", &"b_".repeat(200))]
    {
        log_error_event(domain, action, ErrorContext::new("PaymentError", "declined"));
        let event = only(&captured);
        assert_eq!((event.name(), event.level()), ("unnamed_error_failed", Level::Error));
        assert_eq!((text(&event, "domain"), text(&event, "action")), (Some(domain), Some(action)));
        assert_eq!(text(&event, "error_message"), Some("declined"));
        assert!(!text(&event, "name_error").unwrap().is_empty());
    }
    log_error_event("payment", "", ErrorContext::new("PaymentError", "declined"));
    assert_eq!(only(&captured).name(), "payment_failed", "an action may be missing, as in any name");
}
