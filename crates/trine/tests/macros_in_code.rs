//! Events wherever code can stand: expressions, closures, generic and async functions, macros of the program's own.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::needless_pass_by_value, clippy::semicolon_if_nothing_returned)]

mod captured;

use std::time::Duration;

use trine::{
    EventName, Level, Logger, assert_event, bind, error, event, event::OwnedValue, info, testing::capture,
    warning,
};

use captured::{Declined, LOGIN, check, events, fields, only};

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
