//! Stages: what a program of the user's does to events before they are rendered.

use std::{
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use trine::{Delivery, EventEdit, Output, Stage, Verdict, bind, info, setup, sink::MemorySink, warning};

/// The pipeline is the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What is written of the events of `emit`, without the tail, by both deliveries.
#[track_caller]
fn check(stages: &[fn(&mut EventEdit<'_>) -> Verdict], emit: fn(), expected: &[&str]) {
    for delivery in [Delivery::Worker, Delivery::Inline] {
        let lines = MemorySink::new();
        let all = stages.iter().fold(setup(), |setup, stage| setup.stage(*stage));
        all.output(Output::to(lines.clone())).delivery(delivery).force().start();
        emit();
        trine::flush(Duration::from_secs(5));
        // Trine's own events, as of a loss, come when they come.
        let found: Vec<String> =
            lines.lines().into_iter().filter(|line| !line.starts_with(r#"{"event":"trine_"#)).collect();
        let heads: Vec<&str> =
            found.iter().map(|line| line.split(",\"timestamp\"").next().unwrap_or(line)).collect();
        assert_eq!(heads, expected, "{delivery:?}");
    }
    setup().start();
}

#[test]
fn a_stage_adds_changes_and_removes_fields_in_their_places() {
    let _alone = alone();
    check(
        &[|event| {
            event.set("amount", &event.get("amount").and_then(|v| v.as_f64()).map(|v| v * 100.0));
            event.set("region", "eu");
            assert!(event.remove("internal"));
            assert!(!event.remove("internal"));
            assert_eq!(event.get("internal"), None);
            Verdict::Keep
        }],
        || {
            let log = bind!(request_id = "req_1", internal = true);
            info!(log, "order_created", order_id = "ORD-1", amount = 1.5, items = vec!["a\"b", "c"]);
        },
        &[
            r#"{"event":"order_created","order_id":"ORD-1","amount":150.0,"items":["a\"b","c"],"request_id":"req_1","region":"eu""#,
        ],
    );
}

#[test]
fn an_event_that_no_stage_changes_is_written_as_it_was() {
    let _alone = alone();
    check(
        &[|event| {
            assert_eq!(event.fields().len(), 2);
            assert_eq!((event.name(), event.level().as_str()), ("page_view", "info"));
            Verdict::Keep
        }],
        || info!("page_view", page = "/", n = u128::MAX),
        &[r#"{"event":"page_view","page":"/","n":340282366920938463463374607431768211455"#],
    );
}

#[test]
fn a_dropped_event_reaches_no_later_stage_and_is_counted() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let _alone = alone();
    let before = trine::health().dropped_by_stages;
    check(
        &[
            |event| {
                if event.get("path").is_some_and(|path| path == "/healthz") {
                    Verdict::Drop
                } else {
                    Verdict::Keep
                }
            },
            |_| {
                SEEN.fetch_add(1, Ordering::Relaxed);
                Verdict::Keep
            },
        ],
        || {
            info!("request_received", path = "/healthz");
            info!("request_received", path = "/users");
        },
        &[r#"{"event":"request_received","path":"/users""#],
    );
    assert_eq!(SEEN.load(Ordering::Relaxed), 2, "once by each delivery");
    assert_eq!(trine::health().dropped_by_stages - before, 2);
}

#[test]
fn stages_see_what_those_before_them_left() {
    let _alone = alone();
    check(
        &[
            |event| {
                event.set("level", "mine").set("n", &1);
                Verdict::Keep
            },
            |event| {
                let keys: Vec<String> = event.fields().into_iter().map(|(key, _)| key.into_owned()).collect();
                event.set("keys", &keys.join(","));
                Verdict::Keep
            },
        ],
        || info!("page_view", page = "/"),
        &[r#"{"event":"page_view","page":"/","level_":"mine","n":1,"keys":"page,level_,n""#],
    );
}

#[test]
fn a_stage_that_panics_costs_its_event_and_nothing_else() {
    let _alone = alone();
    let lost = || trine::health().lost_by_name.get("page_open").copied().unwrap_or(0);
    let before = lost();
    check(
        &[|event| {
            assert!(event.get("page").is_none_or(|page| page != "/boom"));
            Verdict::Keep
        }],
        || {
            info!("page_open", page = "/boom");
            info!("page_open", page = "/");
        },
        &[r#"{"event":"page_open","page":"/""#],
    );
    assert_eq!(lost() - before, 2, "once by each delivery");
}

#[derive(Default)]
struct Numbered(AtomicU64);

impl Stage for Numbered {
    fn process(&self, event: &mut EventEdit<'_>) -> Verdict {
        event.set("number", &self.0.fetch_add(1, Ordering::Relaxed));
        Verdict::Keep
    }
}

#[test]
fn a_type_with_a_state_can_be_a_stage() {
    let _alone = alone();
    let lines = MemorySink::new();
    setup().stage(Numbered::default()).output(Output::to(lines.clone())).force().start();
    (0..3).for_each(|_| warning!("api_ratelimit_exceeded"));
    trine::flush(Duration::from_secs(5));
    setup().start();
    let found = lines.lines();
    assert!(
        found[2].starts_with(r#"{"event":"api_ratelimit_exceeded","number":2,"timestamp":""#),
        "{found:?}"
    );
}
