//! Operations: every start has one end, whatever way the work takes.
#![forbid(unsafe_code)]

mod captured;

use std::{
    collections::HashSet,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    thread,
};

use captured::{Declined, fields};
use trine::{
    Level, Operation, Value, ValueWriter, assert_event, bind,
    event::{Event, OwnedValue},
    info, operation,
    operation::OperationId,
    scope,
    testing::{Capture, capture},
    timed,
};

/// The fields of an event as `key=value`, without those that differ from run to run.
fn told(event: &Event) -> Vec<String> {
    let is_own = |field: &String| !field.starts_with("duration_ms=") && !field.starts_with("operation_id=");
    fields(event).into_iter().filter(is_own).collect()
}

/// The last event, which must be this one.
#[track_caller]
fn last(captured: &Capture, name: &str) -> Event {
    let event = captured.events().pop().expect("something was captured");
    assert_eq!(event.name(), name);
    event
}

fn text<'a>(event: &'a Event, key: &str) -> &'a str {
    event.get(key).and_then(OwnedValue::as_str).unwrap_or_default()
}

#[test]
fn a_start_then_an_end_with_the_same_fields_and_the_duration_first() {
    let captured = capture();
    let table = "users";
    timed!("database_query", table, operation = "SELECT", "row limit" = 10_u8, shown = %1, debugged = ?Some(1)).complete();
    let events = captured.events();
    assert_eq!(captured.names(), ["database_query_started", "database_query_completed"]);
    assert_eq!(events[0].level(), Level::Info);
    assert_eq!(events[0].keys(), ["table", "operation", "row limit", "shown", "debugged", "operation_id"]);
    assert_eq!(
        events[1].keys(),
        ["duration_ms", "table", "operation", "row limit", "shown", "debugged", "operation_id"]
    );
    assert_eq!(
        told(&events[0]),
        ["table=users", "operation=SELECT", "row limit=10", "shown=1", "debugged=Some(1)"]
    );
    assert_eq!(told(&events[0]), told(&events[1]));
    assert_eq!(events[0].get("operation_id"), events[1].get("operation_id"));
    assert!(events[0].time() <= events[1].time());
}

#[test]
fn the_duration_is_the_time_between_the_two_events() {
    let captured = capture();
    let op = timed!("report_build");
    let begin = std::time::Instant::now();
    while begin.elapsed().as_micros() < 300 {}
    op.complete();
    let ms = last(&captured, "report_build_completed").get("duration_ms").unwrap().as_f64().unwrap();
    assert!((0.25..=begin.elapsed().as_secs_f64() * 1e3 + 0.05).contains(&ms), "{ms}");
    assert_ne!((ms * 1e6).round() % 1e3, ms * 1e6, "digits below the microsecond are there: {ms}");
}

#[test]
fn a_failure_is_an_error_with_its_text() {
    let captured = capture();
    timed!("payment_charge", order_id = "ORD-1").fail(&Declined("card declined"));
    let event = last(&captured, "payment_charge_failed");
    assert_eq!(event.level(), Level::Error);
    assert_eq!(event.keys()[..3], ["duration_ms", "error", "error_type"]);
    assert_eq!(event.keys()[5..], ["order_id", "operation_id"]);
    assert_eq!(text(&event, "error"), "card declined");
    let boxed: Box<dyn std::error::Error> = Box::new(Declined("boxed"));
    timed!("payment_charge").fail(&boxed);
    assert_eq!(text(&last(&captured, "payment_charge_failed"), "error"), "boxed");
    timed!("payment_charge").fail("plain text");
    assert_eq!(text(&last(&captured, "payment_charge_failed"), "error"), "plain text");
}

#[test]
fn a_run_passes_the_result_on_and_ends_as_it_says() {
    let captured = capture();
    assert_eq!(timed!("config_parse").run(|| "7".parse::<u8>()), Ok(7));
    last(&captured, "config_parse_completed");
    assert!(timed!("config_parse").run(|| "x".parse::<u8>()).is_err());
    assert_event!(captured, "config_parse_failed", error = "invalid digit found in string");
    assert_eq!(timed!("cache_fetch").run(|| None::<u8>), None);
    last(&captured, "cache_fetch_completed");
    let not_copied = timed!("list_make").run(|| vec![String::from("a")]);
    assert_eq!(not_copied, ["a"]);
}

#[test]
fn recorded_fields_come_before_those_of_the_start() {
    let captured = capture();
    let log = bind!(request_id = "req_1", rows = "hidden");
    let op = timed!(log, "database_query", table = "users", attempt = 1);
    op.record("rows", 3);
    op.record("plan", String::from("index"));
    op.record("rows", 4_u64);
    op.complete();
    assert_eq!(told(&captured.events()[0]), ["table=users", "attempt=1", "request_id=req_1", "rows=hidden"]);
    let end = last(&captured, "database_query_completed");
    assert_eq!(end.keys(), ["duration_ms", "rows", "plan", "table", "attempt", "operation_id", "request_id"]);
    assert_eq!(told(&end), ["rows=4", "plan=index", "table=users", "attempt=1", "request_id=req_1"]);
}

#[test]
fn a_recorded_field_replaces_that_of_the_start_and_no_key_comes_twice() {
    let captured = capture();
    let op = timed!("order_fulfill", state = "new", reason = "asked", error = 0);
    op.record("state", "shipped");
    for own in ["event", "timestamp", "level", "duration_ms", "operation_id", "parent"] {
        op.record(own, 1);
    }
    op.record("reason", "out_of_stock");
    op.record("error", "recorded");
    op.fail("too late");
    assert_eq!(told(&captured.events()[0]), ["state=new", "reason=asked", "error=0"]);
    let end = last(&captured, "order_fulfill_failed");
    let keys = [
        "duration_ms",
        "error",
        "state",
        "event_",
        "timestamp_",
        "level_",
        "duration_ms_",
        "operation_id_",
        "parent_",
        "reason",
        "operation_id",
    ];
    assert_eq!(end.keys(), keys);
    assert_eq!(text(&end, "error"), "too late");
    assert_eq!(text(&end, "reason"), "out_of_stock");
    assert_eq!(text(&end, "state"), "shipped");
}

#[test]
fn options_choose_level_word_and_limit_in_any_order() {
    let captured = capture();
    timed!(slow_ms: 0, success: "committed", level: debug, "database.transaction", id = 1).complete();
    let seen: Vec<_> = captured.events().iter().map(|event| (event.name(), event.level())).collect();
    assert_eq!(
        seen,
        [
            ("database.transaction.started", Level::Debug),
            ("database.transaction.slow", Level::Warning),
            ("database.transaction.committed", Level::Debug)
        ]
    );
    captured.clear();
    let log = bind!(request_id = "req_1");
    timed!(log, level: critical, "node_drain",).fail("stuck");
    assert_eq!(captured.events()[0].level(), Level::Critical);
    assert_eq!(captured.events()[1].level(), Level::Critical, "an end is not below its start");
    assert_event!(captured, "node_drain_failed", request_id = "req_1");
}

#[test]
fn a_slow_run_says_so_before_its_end_and_a_fast_one_does_not() {
    let captured = capture();
    let limit_ms = 3_600_000_u64;
    timed!(slow_ms: limit_ms, "database_query").complete();
    assert_eq!(captured.names(), ["database_query_started", "database_query_completed"]);
    captured.clear();
    let op = timed!(slow_ms: -1.0, "database_query", table = "users");
    op.record("rows", 3);
    op.fail("lost");
    assert_eq!(captured.names(), ["database_query_started", "database_query_slow", "database_query_failed"]);
    let events = captured.events();
    assert_eq!(events[1].keys(), ["duration_ms", "rows", "table", "operation_id"]);
    assert_eq!(events[2].keys(), ["duration_ms", "error", "rows", "table", "operation_id"]);
    assert_eq!(events[1].get("duration_ms"), events[2].get("duration_ms"));
}

#[test]
fn nested_operations_know_their_parent() {
    let captured = capture();
    timed!("order_fulfill").run(|| {
        timed!("payment_charge").run(|| timed!("api_call").complete());
        timed!("inventory_reserve").run(|| ());
    });
    let events = captured.events();
    let find = |name: &str| events.iter().find(|event| event.name() == name).unwrap();
    let (order, charge) = (find("order_fulfill_started"), find("payment_charge_started"));
    assert_eq!(order.get("parent"), None);
    for (child, parent) in [("payment_charge", order), ("inventory_reserve", order), ("api_call", charge)] {
        for status in ["started", "completed"] {
            let event = find(&format!("{child}_{status}"));
            assert_eq!(event.get("parent"), parent.get("operation_id"), "{child}");
            assert_eq!(event.keys().last(), Some(&"parent"));
        }
    }
    assert_eq!(operation::current(), None);
}

#[test]
fn a_bare_guard_encloses_nothing_and_an_entered_one_does() {
    let captured = capture();
    let outer = timed!("order_fulfill");
    timed!("payment_charge").complete();
    {
        let _entered = outer.enter();
        assert_eq!(operation::current(), outer.id());
        timed!("inventory_reserve").complete();
        operation::record("inside", true);
        outer.record("by_hand", true);
    }
    timed!("shipping_create").complete();
    outer.complete();
    let has_parent = |name: &str| captured.named(name)[0].get("parent").is_some();
    assert!(!has_parent("payment_charge_started"));
    assert!(has_parent("inventory_reserve_started"));
    assert!(!has_parent("shipping_create_started"));
    assert_event!(captured, "order_fulfill_completed", by_hand = true, inside = true);
}

#[test]
fn a_parent_can_be_named() {
    let captured = capture();
    let order = timed!("order_fulfill");
    let elsewhere: OperationId = "00000000000000ff".parse().unwrap();
    timed!("api_call").run(|| {
        timed!(parent: &order, "payment_charge").complete();
        timed!(parent: order.id(), "inventory_reserve").complete();
        timed!(parent: elsewhere, "shipping_create").complete();
        timed!(parent: None::<OperationId>, "notification_send").complete();
    });
    let id = order.id().unwrap().to_string();
    for (name, expected) in [
        ("payment_charge", &*id),
        ("inventory_reserve", &id),
        ("shipping_create", "00000000000000ff"),
        ("notification_send", ""),
    ] {
        assert_eq!(text(&captured.named(&format!("{name}_completed"))[0], "parent"), expected, "{name}");
    }
    order.complete();
}

#[test]
fn ids_are_sixteen_digits_and_differ() {
    let captured = capture();
    for _ in 0..100 {
        timed!("cache_fetch").complete();
    }
    let ids: HashSet<String> = captured
        .named("cache_fetch_started")
        .iter()
        .map(|event| text(event, "operation_id").to_owned())
        .collect();
    assert_eq!(ids.len(), 100);
    assert!(ids.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b"0123456789abcdef".contains(&b))));
}

#[test]
fn a_panic_in_a_run_ends_it_and_goes_on() {
    let captured = capture();
    for (panic, error) in [
        ((|| panic!("broken at {}", 7)) as fn(), Some("broken at 7")),
        (|| panic!("broken"), Some("broken")),
        (|| std::panic::panic_any(7_u8), None),
    ] {
        captured.clear();
        let caught = catch_unwind(|| timed!("file_import", file = "a.csv").run(panic));
        assert!(caught.is_err());
        let end = last(&captured, "file_import_failed");
        assert_eq!(text(&end, "reason"), "panic");
        assert_eq!(end.get("error").and_then(OwnedValue::as_str), error);
        assert_eq!(text(&end, "file"), "a.csv");
        assert_eq!(captured.events().len(), 2);
    }
    assert_eq!(operation::current(), None, "nothing stays behind on the thread");
}

#[test]
fn the_hook_sees_a_panic_once() {
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() == Some(&"seen once") {
            *count.lock().unwrap() += 1;
        }
    }));
    let _captured = capture();
    let caught = catch_unwind(|| {
        timed!("file_import").run(|| {
            timed!("row_import").run(|| {
                if true {
                    panic!("seen once");
                }
            });
        });
    });
    std::panic::set_hook(previous);
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"seen once"), "the payload is passed on");
    assert_eq!(*seen.lock().unwrap(), 1);
}

#[test]
fn a_guard_dropped_early_is_cancelled_and_one_dropped_by_a_panic_says_so() {
    fn question_mark() -> Result<(), Declined> {
        let op = timed!("payment_charge");
        Err(Declined("no"))?;
        op.complete();
        Ok(())
    }
    let captured = capture();
    question_mark().unwrap_err();
    let end = last(&captured, "payment_charge_failed");
    assert_eq!(end.keys(), ["duration_ms", "reason", "operation_id"]);
    assert_eq!((text(&end, "reason"), end.level()), ("cancelled", Level::Error));

    let caught = catch_unwind(|| {
        let _op = timed!("payment_charge");
        panic!("unwinds past the guard");
    });
    assert!(caught.is_err());
    let end = last(&captured, "payment_charge_failed");
    assert_eq!((text(&end, "reason"), text(&end, "error")), ("panic", "unwinds past the guard"));

    let caught = catch_unwind(|| {
        let _op = timed!("payment_charge");
        std::panic::resume_unwind(Box::new("from another thread"));
    });
    assert!(caught.is_err());
    let end = last(&captured, "payment_charge_failed");
    assert_eq!(text(&end, "reason"), "panic");
    assert_eq!(end.get("error"), None, "no hook has seen it, and the last panic was before the start");
}

#[test]
fn an_operation_of_a_destructor_during_a_panic_is_not_blamed_on_it() {
    struct CleanUp;
    impl Drop for CleanUp {
        fn drop(&mut self) {
            timed!("cache_clean").complete();
            drop(timed!("file_clean"));
        }
    }
    let captured = capture();
    let caught = catch_unwind(|| {
        let _clean_up = CleanUp;
        panic!("cleans up");
    });
    assert!(caught.is_err());
    assert_eq!(captured.names()[1], "cache_clean_completed");
    assert_eq!(text(&last(&captured, "file_clean_failed"), "reason"), "cancelled");
}

#[test]
fn a_guard_moves_to_another_thread_and_ends_there() {
    let captured = capture();
    let op = timed!("job_run", job_id = 7);
    let handle = captured.handle();
    thread::spawn(move || {
        let _attached = handle.attach();
        op.record("by", "worker");
        op.complete();
    })
    .join()
    .unwrap();
    assert_event!(captured, "job_run_completed", by = "worker", job_id = 7);
}

#[test]
fn many_threads_record_into_one_operation() {
    let captured = capture();
    let op = timed!("job_run");
    thread::scope(|scope| {
        for worker in 0..4 {
            let op = &op;
            scope.spawn(move || op.record(&format!("worker_{worker}"), worker));
        }
    });
    op.complete();
    assert_event!(captured, "job_run_completed", worker_0 = 0, worker_1 = 1, worker_2 = 2, worker_3 = 3);
}

#[test]
fn values_that_run_code_may_use_operations_themselves() {
    struct Nosy<'a>(&'a Operation);
    impl Value for Nosy<'_> {
        fn encode(&self, writer: ValueWriter<'_>) {
            self.0.record("from_inside", 1);
            operation::record("also", 2);
            timed!("value_encode").run(|| info!("value_written"));
            writer.str("nosy");
        }
    }
    struct Loud;
    impl fmt::Display for Loud {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            timed!("error_show").complete();
            f.write_str("loud")
        }
    }
    let captured = capture();
    let op = timed!("job_run");
    {
        let _entered = op.enter();
        op.record("value", Nosy(&op));
        operation::record("value_2", Nosy(&op));
    }
    op.fail(&Loud);
    assert_event!(
        captured,
        "job_run_failed",
        error = "loud",
        value = "nosy",
        value_2 = "nosy",
        from_inside = 1,
        also = 2
    );
    assert_eq!(captured.named("value_encode_completed").len(), 2);
    assert_eq!(captured.named("error_show_completed").len(), 1);
}

#[test]
fn a_value_that_panics_becomes_one_marked_value() {
    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("cannot be shown")
        }
    }
    let captured = capture();
    let op = timed!("job_run", broken = %Broken, whole = 1);
    op.fail(&Broken);
    let end = last(&captured, "job_run_failed");
    assert!(matches!(end.get("broken"), Some(OwnedValue::Failed(_))));
    assert!(matches!(end.get("error"), Some(OwnedValue::Failed(_))));
    assert_event!(captured, "job_run_failed", whole = 1);
}

#[test]
fn the_scope_at_the_time_of_each_event_is_on_it() {
    let captured = capture();
    let op = {
        let _scope = scope!(request_id = "req_1");
        timed!("job_run")
    };
    let _scope = scope!(worker = 2);
    op.complete();
    assert_event!(captured, "job_run_started", request_id = "req_1");
    assert_event!(captured, "job_run_completed", worker = 2);
    assert_eq!(captured.events()[1].get("request_id"), None);
}

#[test]
fn records_outside_of_any_operation_go_nowhere() {
    let captured = capture();
    operation::record("nobody", 1);
    timed!("job_run").run(|| ());
    assert_eq!(last(&captured, "job_run_completed").get("nobody"), None);
}

#[test]
fn ten_deep_runs_with_a_panic_at_the_bottom_end_in_order() {
    fn dive(depth: u8) {
        timed!("tree_walk", depth).run(|| if depth == 0 { panic!("bottom") } else { dive(depth - 1) });
    }
    let captured = capture();
    assert!(catch_unwind(AssertUnwindSafe(|| dive(9))).is_err());
    let depths: Vec<_> =
        captured.named("tree_walk_failed").iter().map(|event| event.get("depth").unwrap().as_i64()).collect();
    assert_eq!(depths, (0..10).map(Some).collect::<Vec<_>>());
    assert!(captured.named("tree_walk_failed").iter().all(|event| text(event, "error") == "bottom"));
}

#[test]
fn an_operation_is_send_and_sync() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Operation>();
}
