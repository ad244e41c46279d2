//! Keep on failure: debug events wait in a scope, and are written when it fails.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use trine::{
    Delivery, InScope, Output, bind, debug, error, info, scope, setup, sink::MemorySink, trace, warning,
};

/// The pipeline is the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Names of what is written of the events of `emit`, by both deliveries, and how many were held in vain.
#[track_caller]
fn check(level: &str, emit: fn(), expected: &[&str], dropped: u64) {
    let _alone = alone();
    for delivery in [Delivery::Worker, Delivery::Inline] {
        let lines = MemorySink::new();
        setup().level(level).output(Output::to(lines.clone())).delivery(delivery).force().start();
        let before = trine::health().held_dropped;
        emit();
        trine::flush(Duration::from_secs(5));
        let found = lines.lines();
        let names: Vec<&str> = found.iter().filter_map(|line| line.split('"').nth(3)).collect();
        assert_eq!(names, expected, "{delivery:?}");
        assert_eq!(trine::health().held_dropped - before, dropped, "{delivery:?}");
    }
    setup().start();
}

#[test]
fn a_scope_that_succeeds_forgets_its_debug_events_and_counts_them() {
    check(
        "info",
        || {
            let _scope = scope!(keep_debug_on_failure, request_id = "req_1");
            debug!("database_query_started", table = "users");
            debug!("database_query_completed", table = "users");
            info!("request_completed");
        },
        &["request_completed"],
        2,
    );
}

#[test]
fn a_scope_that_fails_lets_them_out_in_order_and_all_later_ones() {
    check(
        "info",
        || {
            let _scope = scope!(keep_debug_on_failure: 256 KiB, request_id = "req_1");
            debug!("database_query_started", table = "users");
            trace!("database_page_read");
            debug!("database_query_slept");
            warning!("database_query_failed", reason = "deadlock");
            debug!("cache_clear_started");
            error!("request_failed");
        },
        &[
            "database_query_started",
            "database_query_slept",
            "database_query_failed",
            "cache_clear_started",
            "request_failed",
        ],
        0,
    );
}

#[test]
fn a_slow_operation_lets_them_out_too() {
    check(
        "info",
        || {
            let _scope = scope!(keep_debug_on_failure: 1 MiB);
            debug!("database_query_started");
            warning!("database_query_slow", duration_ms = 5_000);
        },
        &["database_query_started", "database_query_slow"],
        0,
    );
}

#[test]
fn what_an_output_wants_anyway_is_not_held() {
    check(
        "info,database=debug",
        || {
            let _scope = scope!(keep_debug_on_failure);
            debug!("database_query_started");
            debug!("cache_hit");
        },
        &["database_query_started"],
        1,
    );
}

#[test]
fn beyond_the_bound_the_oldest_give_way() {
    check(
        "info",
        || {
            let _scope = scope!(keep_debug_on_failure: 200);
            for _ in 0..10 {
                debug!("item_process_started", text = "fifty bytes or so, with the header of the record");
            }
            debug!("item_process_paused");
            error!("item_process_failed");
        },
        &["item_process_started", "item_process_started", "item_process_paused", "item_process_failed"],
        8,
    );
}

#[test]
fn an_inner_scope_is_part_of_the_outer_ones_story() {
    check(
        "info",
        || {
            let _outer = scope!(keep_debug_on_failure, request_id = "req_1");
            debug!("request_parse_started");
            {
                let _inner = scope!(keep_debug_on_failure, order_id = "ORD-1");
                debug!("order_load_started");
            }
            debug!("request_parse_completed");
            error!("request_failed");
        },
        &["request_parse_started", "order_load_started", "request_parse_completed", "request_failed"],
        0,
    );
}

#[test]
fn a_failure_inside_lets_out_what_lies_around() {
    check(
        "info",
        || {
            let _outer = scope!(keep_debug_on_failure);
            debug!("request_parse_started");
            let inner = scope!(keep_debug_on_failure);
            debug!("order_load_started");
            error!("order_load_failed");
            drop(inner);
            debug!("request_parse_completed");
        },
        &["request_parse_started", "order_load_started", "order_load_failed", "request_parse_completed"],
        0,
    );
}

#[test]
fn other_threads_and_later_events_are_left_alone() {
    check(
        "info",
        || {
            let scope = scope!(keep_debug_on_failure);
            std::thread::spawn(|| {
                debug!("cache_hit");
                error!("cache_read_failed");
            })
            .join()
            .unwrap();
            debug!("database_query_started");
            drop(scope);
            debug!("database_query_completed");
            error!("request_failed");
        },
        &["cache_read_failed", "request_failed"],
        1,
    );
}

#[test]
fn a_future_holds_its_own_across_polls() {
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        loop {
            if let std::task::Poll::Ready(done) = future.as_mut().poll(&mut context) {
                return done;
            }
        }
    }
    /// Pending once.
    async fn pause() {
        let mut polled = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut polled, true) { 1.into() } else { std::task::Poll::<i32>::Pending }
        })
        .await;
    }
    check(
        "info",
        || {
            for fails in [false, true] {
                let work = async move {
                    debug!("database_query_started");
                    pause().await;
                    debug!("database_query_completed");
                    if fails {
                        error!("request_failed");
                    }
                };
                block_on(work.in_scope(bind!(request_id = 7)).keep_debug_on_failure(64 << 10));
                debug!("cache_hit");
            }
        },
        &["database_query_started", "database_query_completed", "request_failed"],
        2,
    );
}

#[test]
fn held_events_keep_their_own_time_and_context() {
    let _alone = alone();
    let lines = MemorySink::new();
    setup().output(Output::to(lines.clone())).force().start();
    {
        let _scope = scope!(keep_debug_on_failure, request_id = "req_1");
        debug!("database_query_started", table = "users");
        info!("request_received");
        error!("request_failed");
    }
    trine::flush(Duration::from_secs(5));
    setup().start();
    let found = lines.lines();
    let time = |line: &str| line.split("\"timestamp\":\"").nth(1).map(|rest| rest[..27].to_owned()).unwrap();
    assert!(found[1].starts_with(
        r#"{"event":"database_query_started","table":"users","request_id":"req_1","timestamp":""#
    ));
    assert!(found[1].ends_with("\"level\":\"debug\"}"), "{}", found[1]);
    assert!(time(&found[1]) <= time(&found[0]), "held first, written second: {found:?}");
}
