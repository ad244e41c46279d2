//! Every form of the macros, as a program writes them.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::needless_pass_by_value, clippy::semicolon_if_nothing_returned)]

mod captured;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, LazyLock},
};

use trine::{
    EventName, Level, Logger, bind, critical, debug, error, event,
    event::{Event, OwnedValue},
    info, scope,
    testing::capture,
    trace, warning,
};

use captured::{Declined, LOGIN, check, events, fields, only};

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
