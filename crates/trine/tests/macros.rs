//! Every form of the macros, as a program writes them.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::needless_pass_by_value, clippy::semicolon_if_nothing_returned)]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, LazyLock},
    time::Duration,
};

use trine::{
    EventName, Level, Logger, assert_event, bind, critical, debug, error, event,
    event::{Event, OwnedValue},
    info, scope,
    testing::{Capture, capture},
    trace, warning,
};

/// The only event captured.
#[track_caller]
fn only(captured: &Capture) -> Event {
    let events = captured.events();
    assert_eq!(events.len(), 1, "{events:?}");
    events.into_iter().next().unwrap()
}

/// The fields of an event as `key=value`, in order.
fn fields(event: &Event) -> Vec<String> {
    let text = |value: &OwnedValue| match value {
        OwnedValue::Text(text) => text.clone(),
        OwnedValue::Int(number) => number.to_string(),
        OwnedValue::Bool(truth) => truth.to_string(),
        OwnedValue::Float(number) => number.to_string(),
        OwnedValue::Null => "null".into(),
        other => format!("{other:?}"),
    };
    event.fields().iter().map(|field| format!("{}={}", field.key, text(&field.value))).collect()
}

#[track_caller]
fn check(captured: &Capture, name: &str, expected: &[&str]) {
    let event = only(captured);
    assert_eq!(event.name(), name);
    assert_eq!(fields(&event), expected);
    captured.clear();
}

mod events {
    use trine::EventName;

    pub(crate) const LOGIN: EventName = EventName::literal("auth_login_success");

    pub(crate) mod payment {
        pub(crate) const FAILED: trine::EventName = trine::EventName::literal("payment.process.failed");
    }
}

const LOGIN: EventName = events::LOGIN;

#[derive(Debug)]
struct Declined(&'static str);

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Declined {}

#[test]
fn every_level_has_its_macro() {
    let captured = capture();
    trace!("cache_entry_read", n = 1);
    debug!("cache_entry_read", n = 2);
    info!("cache_entry_read", n = 3);
    warning!("cache_entry_read", n = 4);
    error!("cache_entry_read", n = 5);
    critical!("cache_entry_read", n = 6);
    let levels: Vec<Level> = captured.events().iter().map(Event::level).collect();
    assert_eq!(
        levels,
        [Level::Trace, Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Critical]
    );
    assert!(captured.events().iter().all(|event| event.module() == module_path!()));
}

#[test]
fn an_event_needs_no_field() {
    let captured = capture();
    info!("service_start");
    check(&captured, "service_start", &[]);
    info!("service_start",);
    check(&captured, "service_start", &[]);
    info!(LOGIN);
    check(&captured, "auth_login_success", &[]);
    info!(LOGIN,);
    check(&captured, "auth_login_success", &[]);
}

#[test]
fn the_name_is_kept_in_the_spelling_it_has() {
    let captured = capture();
    info!("auth.password_reset.requested");
    check(&captured, "auth.password_reset.requested", &[]);
}

#[test]
fn fields_keep_their_order_and_may_end_in_a_comma() {
    let captured = capture();
    info!("user_login", zeta = 1, alpha = "a", mid = true,);
    check(&captured, "user_login", &["zeta=1", "alpha=a", "mid=true"]);
}

#[test]
fn a_variable_stands_for_itself() {
    let captured = capture();
    let (user_id, source, reason, code) = (7, String::from("web"), Declined("no funds"), Some(3));
    info!("user_login", user_id);
    check(&captured, "user_login", &["user_id=7"]);
    info!("user_login", user_id, source, %reason, ?code,);
    check(&captured, "user_login", &["user_id=7", "source=web", "reason=no funds", "code=Some(3)"]);
    // Still ours: nothing was moved.
    assert_eq!((source.as_str(), reason.0), ("web", "no funds"));
}

#[test]
fn display_and_debug_are_asked_for_by_sign() {
    let captured = capture();
    let reason = Declined("no funds");
    info!("payment_process_failed", a = %reason, b = ?reason, "c c" = %reason, "d d" = ?reason, e = %1 + 1, f = ?"q");
    check(
        &captured,
        "payment_process_failed",
        &[
            "a=no funds",
            "b=Declined(\"no funds\")",
            "c c=no funds",
            "d d=Declined(\"no funds\")",
            "e=2",
            "f=\"q\"",
        ],
    );
}

#[test]
fn a_quoted_key_is_any_text() {
    let captured = capture();
    info!(
        "api_request_completed",
        "x-forwarded-for" = "10.0.0.1",
        "größe" = 1,
        "🔑" = 2,
        "say \"hi\"" = 3,
        "two words" = 4,
        "line\nbreak" = 5,
        "user.id" = 6,
        r"C:\path" = 7,
    );
    assert_eq!(
        only(&captured).keys(),
        ["x-forwarded-for", "größe", "🔑", "say \"hi\"", "two words", "line\nbreak", "user.id", "C:\\path"]
    );
}

#[test]
fn a_keyword_is_a_key_when_written_raw() {
    let captured = capture();
    let (r#match, r#fn) = (2, Declined("three"));
    info!("alert_rule_fired", r#type = 1, r#match, %r#fn, r#ref = ?4, r#in = %5);
    check(&captured, "alert_rule_fired", &["type=1", "match=2", "fn=three", "ref=4", "in=5"]);
    info!(bind!(r#type = 1, ?r#match), "alert_rule_fired");
    check(&captured, "alert_rule_fired", &["type=1", "match=2"]);
    // Only the raw spelling is read so.
    info!("alert_rule_fired", "r#type" = 1);
    check(&captured, "alert_rule_fired", &["r#type=1"]);
}

#[test]
fn words_of_the_macros_are_ordinary_keys_and_variables() {
    let captured = capture();
    let (sample, cause, name, site, options) = (1, 2, 3, 4, 5);
    info!("cache_hit", sample, cause, name, site, options, log = 6, value = 7, literal = 8, kind = 9);
    check(
        &captured,
        "cache_hit",
        &["sample=1", "cause=2", "name=3", "site=4", "options=5", "log=6", "value=7", "literal=8", "kind=9"],
    );
}

#[test]
#[expect(
    clippy::redundant_closure_call,
    clippy::nonminimal_bool,
    reason = "expressions of all kinds are the point"
)]
fn any_expression_is_a_value() {
    let captured = capture();
    let order = Some(3);
    info!(
        "order_create_success",
        closure = (|x: i32| x + 1)(1),
        conditional = if order.is_some() { "yes" } else { "no" },
        matched = match order {
            Some(n) if n > 2 => "many",
            _ => "few",
        },
        block = {
            let x = 2;
            x * 2
        },
        generic = Vec::<u8>::with_capacity(0).len(),
        comparison = order < Some(9) && order >= Some(3),
        range = (1..=4).sum::<i32>(),
        cast = 3_u8 as i64,
        macro_call = concat!("a", "b"),
        not = !order.is_some(),
        negative = -1,
        reference = &&7,
        index = [1, 2, 3][1],
        nested = {
            info!("order_create_started");
            5
        },
    );
    assert_eq!(captured.names(), ["order_create_started", "order_create_success"]);
    assert_eq!(
        fields(&captured.events()[1]),
        [
            "closure=2",
            "conditional=yes",
            "matched=many",
            "block=4",
            "generic=0",
            "comparison=true",
            "range=10",
            "cast=3",
            "macro_call=ab",
            "not=false",
            "negative=-1",
            "reference=7",
            "index=2",
            "nested=5"
        ]
    );
}

struct Request {
    log: Logger,
    user_id: u64,
}

impl Request {
    const RECEIVED: EventName = EventName::literal("api_request_received");

    fn log(&self) -> &Logger {
        &self.log
    }

    fn child(&self) -> Logger {
        bind!(self.log, user_id = self.user_id)
    }

    fn handle(&self) {
        info!(self.log, "api_request_started", user_id = self.user_id);
        info!(&self.log, "api_request_started");
        info!(self.log(), "api_request_started");
        info!(self.child(), "api_request_started");
        info!(self.log, Self::RECEIVED);
        info!(self.log, Self::RECEIVED, "user id" = self.user_id);
    }
}

#[test]
fn a_logger_first_is_any_expression_for_one() {
    let captured = capture();
    let request = Request { log: bind!(request_id = "req_1"), user_id: 7 };
    request.handle();
    let lines: Vec<String> = captured
        .events()
        .iter()
        .map(|event| format!("{} {}", event.name(), fields(event).join(" ")))
        .collect();
    assert_eq!(
        lines,
        [
            "api_request_started user_id=7 request_id=req_1",
            "api_request_started request_id=req_1",
            "api_request_started request_id=req_1",
            "api_request_started request_id=req_1 user_id=7",
            "api_request_received request_id=req_1",
            "api_request_received user id=7 request_id=req_1",
        ]
    );
    captured.clear();
    let loggers = [request.log.clone(), Logger::new()];
    info!(loggers[0], "page_view");
    check(&captured, "page_view", &["request_id=req_1"]);
    info!(loggers[1], "page_view");
    check(&captured, "page_view", &[]);
    info!(bind!(a = 1), "page_view", b = 2);
    check(&captured, "page_view", &["b=2", "a=1"]);
    info!(if loggers.is_empty() { &loggers[1] } else { &loggers[0] }, "page_view");
    check(&captured, "page_view", &["request_id=req_1"]);
}

static SERVICE: LazyLock<Logger> = LazyLock::new(|| bind!(service = "shop"));

#[test]
fn what_points_to_a_logger_is_one() {
    let captured = capture();
    let log = bind!(service = "shop");
    let (arc, rc, boxed, cell) =
        (Arc::new(log.clone()), Rc::new(log.clone()), Box::new(log.clone()), RefCell::new(log));
    info!(SERVICE, "page_view");
    info!(arc, "page_view");
    info!(&&rc, "page_view");
    info!(boxed, "page_view");
    info!(cell.borrow(), "page_view");
    info!(sample: 1.0, "page_view");
    info!(arc, sample: 1.0, "page_view");
    info!(bind!(SERVICE, n = 1), "page_view");
    info!(bind!(&arc, n = 1), "page_view");
    info!(bind!(cell.borrow(), n = 1), "page_view");
    let with_service = captured.events().iter().filter(|event| event.get("service").is_some()).count();
    assert_eq!((captured.events().len(), with_service), (10, 9));
}

#[test]
#[expect(unused_qualifications, reason = "paths of all kinds are the point")]
fn a_name_may_be_a_constant() {
    let captured = capture();
    let log = bind!(request_id = "req_1");
    info!(LOGIN, user_id = 7);
    check(&captured, "auth_login_success", &["user_id=7"]);
    info!(events::LOGIN, user_id = 7,);
    check(&captured, "auth_login_success", &["user_id=7"]);
    info!(crate::events::payment::FAILED, "user id" = 7);
    check(&captured, "payment.process.failed", &["user id=7"]);
    info!(&LOGIN, user_id = 7);
    check(&captured, "auth_login_success", &["user_id=7"]);
    info!(log, events::LOGIN);
    check(&captured, "auth_login_success", &["request_id=req_1"]);
    info!(log, events::LOGIN,);
    check(&captured, "auth_login_success", &["request_id=req_1"]);
    info!(log, events::LOGIN, user_id = 7);
    check(&captured, "auth_login_success", &["user_id=7", "request_id=req_1"]);
    info!(&log, crate::events::payment::FAILED, user_id = 7);
    check(&captured, "payment.process.failed", &["user_id=7", "request_id=req_1"]);
    info!(log, Request::RECEIVED, user_id = 7);
    check(&captured, "api_request_received", &["user_id=7", "request_id=req_1"]);
    info!(log, name: LOGIN);
    check(&captured, "auth_login_success", &["request_id=req_1"]);
    info!(log, name: LOGIN, user_id = 7);
    check(&captured, "auth_login_success", &["user_id=7", "request_id=req_1"]);
    info!(name: LOGIN, user_id = 7);
    check(&captured, "auth_login_success", &["user_id=7"]);
}

#[test]
fn a_name_may_be_composed_at_run_time() {
    let captured = capture();
    let log = bind!(request_id = "req_1");
    for status in ["started", "failed", "started"] {
        let name = EventName::compose("payment", "refund", status).unwrap();
        info!(name, amount = 1);
        info!(log, name: name);
        error!(log, EventName::compose("payment", "refund", status).unwrap(), amount = 2);
    }
    assert_eq!(
        captured.names(),
        [["payment_refund_started"; 3], ["payment_refund_failed"; 3], ["payment_refund_started"; 3]].concat()
    );
    assert_eq!(fields(&captured.events()[5]), ["amount=2", "request_id=req_1"]);
    assert_eq!(captured.events()[5].level(), Level::Error);
}

#[test]
fn a_level_may_be_an_expression() {
    let captured = capture();
    let log = bind!(request_id = "req_1");
    let level_of = |status: u16| if status >= 500 { Level::Error } else { Level::Info };
    for status in [200_u16, 503, 200] {
        event!(level_of(status), "api_request_completed", status);
        event!(level_of(status), log, "api_request_completed", status);
        event!(level_of(status), log, sample: 1.0, "api_request_completed");
        event!(level_of(status), LOGIN, status);
        event!(level_of(status), log, events::LOGIN);
    }
    event!(Level::Critical, "api_request_completed");
    let levels: Vec<Level> = captured.events().iter().map(Event::level).collect();
    let (info, error) = ([Level::Info; 5], [Level::Error; 5]);
    assert_eq!(levels[..15], [info, error, info].concat());
    assert_eq!(levels[15..], [Level::Critical]);
    assert_eq!(fields(&captured.events()[6]), ["status=503", "request_id=req_1"]);
}

#[test]
fn options_come_in_any_order_before_the_name() {
    let captured = capture();
    let error = Declined("no funds");
    let log = bind!(request_id = "req_1");
    info!(sample: 1.0, "cache_hit", key = "a");
    check(&captured, "cache_hit", &["key=a", "sampled=true", "sample_rate=1"]);
    info!(sample: 1.0, LOGIN);
    check(&captured, "auth_login_success", &["sampled=true", "sample_rate=1"]);
    info!(log, sample: 1.0, events::LOGIN, user_id = 7);
    check(
        &captured,
        "auth_login_success",
        &["user_id=7", "sampled=true", "sample_rate=1", "request_id=req_1"],
    );
    info!(log, sample: 1.0, name: LOGIN, user_id = 7,);
    check(
        &captured,
        "auth_login_success",
        &["user_id=7", "sampled=true", "sample_rate=1", "request_id=req_1"],
    );

    error!(cause: &error, sample: 1.0, "payment_process_failed", order_id = 1);
    let cause_first = only(&captured);
    captured.clear();
    error!(sample: 1.0, cause: &error, "payment_process_failed", order_id = 1);
    let sample_first = only(&captured);
    for event in [&cause_first, &sample_first] {
        assert_eq!(event.get("error_message"), Some(&OwnedValue::Text("no funds".into())));
        assert_eq!(event.get("sample_rate"), Some(&OwnedValue::Float(1.0)));
        assert_eq!(event.fields()[0].key, "order_id");
    }
}

#[test]
fn a_cause_is_any_error_also_a_dynamic_one() {
    let captured = capture();
    let boxed: Box<dyn std::error::Error + Send + Sync> = "boxed".into();
    let plain: &dyn std::error::Error = &Declined("plain");
    error!(cause: &*boxed, "payment_process_failed");
    error!(cause: plain, "payment_process_failed");
    error!(cause: &Declined("temporary"), "payment_process_failed");
    error!(cause: &std::io::Error::other("io"), "payment_process_failed");
    let messages: Vec<_> = captured
        .events()
        .iter()
        .map(|event| event.get("error_message").unwrap().as_str().unwrap().to_owned())
        .collect();
    assert_eq!(messages, ["boxed", "plain", "temporary", "io"]);
}

#[test]
fn a_hundred_fields_are_read() {
    let captured = capture();
    macro_rules! wide {
        ($($key:ident)*) => { info!("wide_event_seen", $($key = stringify!($key).len()),*) };
    }
    wide!(
        k00 k01 k02 k03 k04 k05 k06 k07 k08 k09 k10 k11 k12 k13 k14 k15 k16 k17 k18 k19 k20 k21 k22 k23 k24
        k25 k26 k27 k28 k29 k30 k31 k32 k33 k34 k35 k36 k37 k38 k39 k40 k41 k42 k43 k44 k45 k46 k47 k48 k49
        k50 k51 k52 k53 k54 k55 k56 k57 k58 k59 k60 k61 k62 k63 k64 k65 k66 k67 k68 k69 k70 k71 k72 k73 k74
        k75 k76 k77 k78 k79 k80 k81 k82 k83 k84 k85 k86 k87 k88 k89 k90 k91 k92 k93 k94 k95 k96 k97 k98 k99
    );
    let event = only(&captured);
    let expected: Vec<String> = (0..100).map(|n| format!("k{n:02}")).collect();
    assert_eq!(event.keys(), expected);
    assert!(event.fields().iter().all(|field| field.value == OwnedValue::Int(3)));
}

#[test]
fn an_event_is_an_expression_of_type_unit() {
    let captured = capture();
    let () = info!("user_login", n = 1);
    let emit = || info!("user_login", n = 2);
    emit();
    match Some(3) {
        Some(n) => info!("user_login", n),
        None => warning!("user_login_missing"),
    }
    let choose = |ok: bool| if ok { info!("user_login", n = 4) } else { error!("user_login_missing") };
    choose(true);
    (1..=2).for_each(|n| info!("user_login", n = n + 4));
    let unit: () = event!(Level::Info, LOGIN, n = 7);
    assert_eq!(unit, ());
    let numbers: Vec<_> =
        captured.events().iter().map(|event| event.get("n").unwrap().as_i64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_question_mark_and_a_return_leave_from_inside_an_argument() {
    fn parse(text: &str) -> Result<i32, std::num::ParseIntError> {
        info!("number_parse_success", n = text.parse::<i32>()?);
        Ok(1)
    }
    let captured = capture();
    assert!(parse("7").is_ok());
    assert!(parse("seven").is_err());
    check(&captured, "number_parse_success", &["n=7"]);
}

fn generic<T: trine::Value + ?Sized, const N: usize>(value: &T, name: EventName) {
    info!("generic_value_seen", value, n = N);
    info!(name, value);
    let log = bind!(value);
    info!(log, "generic_value_seen");
}

#[test]
fn generic_functions_share_a_callsite_over_their_instances() {
    let captured = capture();
    generic::<_, 1>("text", LOGIN);
    generic::<i32, 2>(&7, events::payment::FAILED);
    let lines: Vec<String> = captured
        .events()
        .iter()
        .map(|event| format!("{} {}", event.name(), fields(event).join(" ")))
        .collect();
    assert_eq!(
        lines,
        [
            "generic_value_seen value=text n=1",
            "auth_login_success value=text",
            "generic_value_seen value=text",
            "generic_value_seen value=7 n=2",
            "payment.process.failed value=7",
            "generic_value_seen value=7",
        ]
    );
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn events_stand_in_async_functions_that_move_between_threads() {
    async fn double(n: u32) -> u32 {
        n * 2
    }
    async fn work(log: Logger) -> u32 {
        info!(log, "job_run_started", n = 1);
        let n = double(2).await;
        let reason = Declined("late");
        info!(log, sample: 1.0, "job_run_progress", n, %reason, elapsed_ms = Duration::from_millis(1));
        info!("job_run_progress", n = double(3).await);
        error!(log, cause: &reason, "job_run_failed");
        n
    }
    let captured = capture();
    let mut future = std::pin::pin!(assert_send(work(bind!(job = 7))));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(n) = future.as_mut().poll(&mut context) else { panic!("nothing to wait for") };
    assert_eq!(n, 4);
    assert_eq!(
        captured.names(),
        ["job_run_started", "job_run_progress", "job_run_progress", "job_run_failed"]
    );
    assert_event!(captured, "job_run_progress", n = 6);
}

#[test]
fn temporaries_in_arguments_live_until_the_event_is_written() {
    let captured = capture();
    let lock = std::sync::Mutex::new(String::from("locked"));
    info!(
        "user_login",
        name = String::from("x").as_str(),
        text = &format!("{}-{}", 1, 2),
        sum = [1, 2].iter().sum::<i32>(),
        shown = %String::from("y").trim(),
        debugged = ?&vec![1],
        guarded = lock.lock().unwrap().as_str(),
        list = &vec![String::from("z")][..],
        arguments = format_args!("{}{}", "a", 1),
        optional = Some(String::from("w")).as_deref(),
    );
    let event = only(&captured);
    captured.clear();
    assert_eq!(
        fields(&event)[..6],
        ["name=x", "text=1-2", "sum=3", "shown=y", "debugged=[1]", "guarded=locked"]
    );
    assert_eq!(fields(&event)[7..], ["arguments=a1", "optional=w"]);
    assert_eq!(event.get("list"), Some(&OwnedValue::List(vec![OwnedValue::Text("z".into())])));
    info!(bind!(name = String::from("x").as_str()), sample: f64::from(1_u8), "user_login", t = &*String::from("t"));
    check(&captured, "user_login", &["t=t", "sampled=true", "sample_rate=1", "name=x"]);
}

#[test]
fn an_unsized_value_is_a_value_behind_a_reference() {
    let captured = capture();
    let (text, list): (&str, &[i32]) = ("text", &[1]);
    let (boxed, path): (Box<str>, &std::path::Path) = ("boxed".into(), std::path::Path::new("/tmp"));
    info!("unsized_value_seen", text, list, boxed = &*boxed, path);
    assert_eq!(fields(&only(&captured)), ["text=text", "list=List([Int(1)])", "boxed=boxed", "path=/tmp"]);
}

#[test]
fn a_macro_of_the_programs_own_hands_fields_on() {
    macro_rules! audit {
        ($log:expr, $name:literal $(, $key:ident = $value:expr)* $(,)?) => {
            info!($log, $name, audit = true $(, $key = $value)*)
        };
    }
    macro_rules! at {
        ($level:ident, $name:expr $(, $($fields:tt)*)?) => { event!(Level::$level, $name $(, $($fields)*)?) };
    }
    let captured = capture();
    let log = bind!(request_id = "req_1");
    audit!(log, "user_role_changed", user_id = 7, role = "admin");
    check(&captured, "user_role_changed", &["audit=true", "user_id=7", "role=admin", "request_id=req_1"]);
    at!(Warning, LOGIN, n = 1, ?log);
    assert_eq!(only(&captured).level(), Level::Warning);
}

#[test]
fn bind_takes_every_form_of_a_field() {
    let captured = capture();
    let (user_id, reason) = (7, Declined("no funds"));
    let map = BTreeMap::from([("a", 1)]);
    assert!(bind!().fields().is_empty());
    info!(bind!(user_id), "page_view");
    check(&captured, "page_view", &["user_id=7"]);
    info!(bind!(user_id,), "page_view");
    check(&captured, "page_view", &["user_id=7"]);
    info!(bind!(%reason), "page_view");
    check(&captured, "page_view", &["reason=no funds"]);
    info!(bind!(?reason, user_id), "page_view");
    check(&captured, "page_view", &["reason=Declined(\"no funds\")", "user_id=7"]);
    info!(bind!("user id" = user_id, map = map,), "page_view");
    check(&captured, "page_view", &["user id=7", "map=Map([(\"a\", Int(1))])"]);
    let log = bind!(a = 1, %reason, "b b" = ?2, user_id);
    info!(log, "page_view");
    check(&captured, "page_view", &["a=1", "reason=no funds", "b b=2", "user_id=7"]);
    info!(bind!(log, "c c" = 3), "page_view");
    check(&captured, "page_view", &["a=1", "reason=no funds", "b b=2", "user_id=7", "c c=3"]);
    info!(bind!(log, %user_id), "page_view");
    check(&captured, "page_view", &["a=1", "reason=no funds", "b b=2", "user_id=7"]);
}

#[test]
fn scope_takes_every_form_of_a_field() {
    let captured = capture();
    let (user_id, reason) = (7, Declined("no funds"));
    let _scope = scope!(a = 1, user_id, %reason, "b b" = ?2,);
    info!("page_view");
    check(&captured, "page_view", &["a=1", "user_id=7", "reason=no funds", "b b=2"]);
}
