//! Operations below the level: what is off costs nothing, and a failure is still heard. The level of the process is `info`.
#![forbid(unsafe_code)]

use std::{cell::Cell, sync::Once, time::Duration};

use trine::{Delivery, Format, Output, operation, sink::MemorySink, timed};

/// Starts the one pipeline of this process.
fn start() -> MemorySink {
    static LINES: std::sync::LazyLock<MemorySink> = std::sync::LazyLock::new(MemorySink::new);
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        trine::setup()
            .level("info,silent=off,loud=warning")
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

/// Counts, and passes the value on.
fn counted<T>(value: T) -> T {
    EVALUATED.set(EVALUATED.get() + 1);
    value
}

/// The lines with this text, as far as they do not differ from run to run.
fn lines(with: &str) -> Vec<serde_json::Value> {
    assert_eq!(trine::flush(Duration::from_secs(10)), 0);
    let lines = start().lines();
    lines.iter().filter(|line| line.contains(with)).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn one_that_is_all_off_evaluates_nothing_and_still_runs() {
    start();
    let op = timed!("silent_work", field = counted(1));
    assert_eq!((EVALUATED.get(), op.id()), (0, None));
    op.record("more", 2);
    op.fail("nobody hears it");
    assert_eq!(timed!("silent_work", field = counted(1)).run(|| 7), 7);
    assert_eq!(EVALUATED.get(), 0);
    assert_eq!(lines("silent_work"), [0; 0]);
}

#[test]
fn a_start_that_is_off_is_silent_but_its_failure_has_all_fields() {
    start();
    timed!(level: debug, "cache_fetch", key = counted("k1")).complete();
    assert_eq!(EVALUATED.get(), 1, "needed, should it fail");
    assert_eq!(lines("cache_fetch").len(), 0);
    timed!(level: debug, slow_ms: 0, "cache_fetch", key = "k2").fail("gone");
    let lines = lines("cache_fetch");
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["event"], &lines[1]["event"]),
        (&"cache_fetch_slow".into(), &"cache_fetch_failed".into())
    );
    assert_eq!((&lines[1]["key"], &lines[1]["error"]), (&"k2".into(), &"gone".into()));
    assert_eq!(lines[0]["operation_id"], lines[1]["operation_id"]);
}

#[test]
fn a_start_that_nobody_saw_is_nobodys_parent() {
    start();
    let outer = timed!("outer_visible");
    let id = outer.id().unwrap().to_string();
    outer.run(|| {
        timed!(level: debug, "middle_hidden").run(|| {
            timed!("inner_visible").complete();
            operation::record("mine", "of_the_middle");
        });
        timed!("silent_work").run(|| operation::record("mine", "of_nobody"));
    });
    for line in lines("inner_visible") {
        assert_eq!(line["parent"], id);
    }
    assert_eq!(lines("outer_visible_completed")[0].get("mine"), None);
}

#[test]
fn an_error_that_nobody_hears_is_not_formatted() {
    struct Shown;
    impl std::fmt::Display for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(counted("shown"))
        }
    }
    start();
    timed!("silent_work").fail(&Shown);
    assert_eq!(EVALUATED.get(), 0);
    timed!("loud_work").fail(&Shown);
    assert_eq!(EVALUATED.get(), 1);
    assert_eq!(lines("loud_work").len(), 1);
}

#[test]
fn a_line_of_an_operation_has_each_key_once_and_the_order_that_is_promised() {
    start();
    let log = trine::bind!(request_id = "req_1", table = "hidden");
    let op = timed!(log, "database_query", table = "users");
    op.record("rows", 3);
    op.fail("timeout");
    assert_eq!(trine::flush(Duration::from_secs(10)), 0);
    let lines = start().lines();
    let keys: Vec<Vec<&str>> =
        lines.iter().filter(|line| line.contains("database_query")).map(|line| keys(line)).collect();
    assert_eq!(keys[0], ["event", "table", "operation_id", "request_id", "timestamp", "level"]);
    assert_eq!(
        keys[1],
        [
            "event",
            "duration_ms",
            "error",
            "rows",
            "table",
            "operation_id",
            "request_id",
            "timestamp",
            "level"
        ]
    );
}

/// The keys of a line without nested values, in order.
fn keys(line: &str) -> Vec<&str> {
    let pieces: Vec<&str> = line.split('"').collect();
    pieces.windows(2).filter(|pair| pair[1].starts_with(':')).map(|pair| pair[0]).collect()
}
