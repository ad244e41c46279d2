//! Panics on an executor: the event, and what ends the operations that a panic leaves. Whole processes are in
//! `process/panics.rs`.
#![forbid(unsafe_code)]

use std::time::Duration;

use trine::{Format, InScope, Output, StackTraces, bind, sink::MemorySink, timed};

/// The value of a key in a line of JSON.
fn text<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.split_once(&format!("\"{key}\":\""))?.1.split(['"']).next()
}

/// One test, as the pipeline is the process's.
#[test]
fn a_task_that_panics_is_an_event_and_ends_its_operations_with_the_text() {
    let memory = MemorySink::new();
    trine::setup()
        .level("info")
        .stack_traces(StackTraces::Off)
        .output(Output::to(memory.clone()).format(Format::Json))
        .force()
        .start();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let task = async {
        let _guard = timed!("order_fulfill");
        timed!("payment_charge")
            .run_async(async {
                tokio::task::yield_now().await;
                assert!(std::hint::black_box(false), "gateway 7 is gone");
            })
            .await;
    };
    let outcome = runtime.block_on(async { tokio::spawn(task.in_scope(bind!(request_id = "req_1"))).await });
    assert!(outcome.unwrap_err().is_panic());
    assert_eq!(trine::flush(Duration::from_secs(5)), 0);

    let lines = memory.lines();
    let names: Vec<_> = lines.iter().map(|line| text(line, "event").unwrap()).collect();
    assert_eq!(
        names,
        [
            "order_fulfill_started",
            "payment_charge_started",
            "runtime_thread_panicked",
            "payment_charge_failed",
            "order_fulfill_failed"
        ]
    );
    assert!(lines.iter().all(|line| text(line, "request_id") == Some("req_1")), "{lines:#?}");
    assert_eq!(text(&lines[2], "message"), Some("gateway 7 is gone"));
    for end in &lines[3..] {
        assert_eq!((text(end, "reason"), text(end, "error")), (Some("panic"), Some("gateway 7 is gone")));
    }
}
