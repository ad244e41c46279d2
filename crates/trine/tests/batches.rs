//! Batches: many events in one `events_batch`, of which none is lost, doubled or changed.

use std::{
    sync::{Mutex, MutexGuard},
    thread,
    time::Duration,
};

use serde_json::Value as Json;
use trine::{
    Batcher, Delivery, EventName, Output, batch, bind, event::OwnedValue, scope, setup, sink::MemorySink,
    testing,
};

/// The pipeline is the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The events that `emit` causes at a level, by both deliveries.
fn written(level: &str, emit: impl Fn()) -> [Vec<Json>; 2] {
    let _alone = alone();
    let written = [Delivery::Worker, Delivery::Inline].map(|delivery| {
        let lines = MemorySink::new();
        setup().level(level).output(Output::to(lines.clone())).delivery(delivery).force().start();
        emit();
        trine::flush(Duration::from_secs(5));
        lines.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    });
    setup().start();
    written
}

fn names(events: &[Json]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

/// Numbers of events in each batch of a test.
fn sizes(captured: &testing::Capture) -> Vec<i64> {
    captured
        .named("events_batch")
        .iter()
        .map(|event| event.get("event_count").unwrap().as_i64().unwrap())
        .collect()
}

#[test]
fn a_batch_reads_as_in_the_guide_and_its_events_have_their_own_times() {
    for events in written("info", || {
        let items = Batcher::new(100);
        let log = bind!(job_id = "job_7");
        let _scope = scope!(request_id = "req_1");
        batch!(items, "item_processed", item_id = 1, status = "success", password = "hush");
        thread::sleep(Duration::from_millis(2));
        batch!(items, log, "item_processed", item_id = 2, status = %"x", tags = ["a", "b"]);
    }) {
        assert_eq!(events.len(), 1);
        let batch = &events[0];
        let keys: Vec<_> = batch.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 5, "{batch}");
        assert_eq!(
            (&batch["event"], &batch["event_count"], &batch["level"]),
            (&"events_batch".into(), &2.into(), &"info".into())
        );
        let mut children = batch["events"].clone();
        let times: Vec<String> = children
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .map(|child| {
                child.as_object_mut().unwrap().remove("timestamp").unwrap().as_str().unwrap().to_owned()
            })
            .collect();
        assert!(times[0] < times[1] && times[1].as_str() <= batch["timestamp"].as_str().unwrap(), "{batch}");
        let shown = serde_json::json!([
            {"event": "item_processed", "item_id": 1, "status": "success", "password": "***", "request_id": "req_1"},
            {"event": "item_processed", "item_id": 2, "status": "x", "tags": ["a", "b"], "job_id": "job_7", "request_id": "req_1"},
        ]);
        assert_eq!(children, shown);
    }
}

#[test]
fn events_are_emitted_by_number_bytes_flush_and_drop() {
    let captured = testing::capture();
    let items = Batcher::new(3);
    for item_id in 0..7 {
        batch!(items, "item_processed", item_id);
    }
    assert_eq!((sizes(&captured), items.len()), (vec![3, 3], 1));
    items.flush();
    items.flush();
    assert_eq!((sizes(&captured), items.is_empty()), (vec![3, 3, 1], true));
    batch!(items, "item_processed", item_id = 7);
    drop(items);
    assert_eq!(sizes(&captured), [3, 3, 1, 1]);

    captured.clear();
    let items = Batcher::new(1000).max_bytes(1000);
    let text = "x".repeat(400);
    for _ in 0..4 {
        batch!(items, "item_processed", text);
    }
    // One that is larger than a batch may be comes alone, behind those before it.
    batch!(items, "item_processed", text = "y".repeat(2000));
    assert_eq!(sizes(&captured), [2, 2, 1]);
    assert!(items.is_empty());
    drop(Batcher::new(0));
}

#[test]
fn events_of_many_threads_are_each_in_one_batch_in_the_order_of_their_thread() {
    const THREADS: usize = 4;
    const EVENTS: usize = 5_000;
    let captured = testing::capture();
    let items = Batcher::new(64);
    thread::scope(|threads| {
        for thread in 0..THREADS {
            let (items, handle) = (&items, captured.handle());
            threads.spawn(move || {
                let _attached = handle.attach();
                for number in 0..EVENTS {
                    batch!(items, "item_processed", thread, number);
                }
            });
        }
    });
    items.flush();
    let mut next = [0; THREADS];
    // Batches of two threads may be emitted in another order than they were filled; a thread's own are not.
    let mut seen = vec![vec![false; EVENTS]; THREADS];
    for batch in captured.named("events_batch") {
        let Some(OwnedValue::List(events)) = batch.get("events") else { panic!("{batch:?}") };
        assert_eq!(batch.get("event_count").unwrap().as_i64(), Some(events.len() as i64));
        for event in events {
            let OwnedValue::Map(fields) = event else { panic!("{event:?}") };
            let number = |at: usize| fields[at].1.as_i64().unwrap() as usize;
            let (thread, number) = (number(1), number(2));
            assert!(!std::mem::replace(&mut seen[thread][number], true));
            next[thread] += 1;
        }
        let numbers_of = |thread: i64| -> Vec<i64> {
            let of = events.iter().filter_map(|event| match event {
                OwnedValue::Map(fields) if fields[1].1.as_i64() == Some(thread) => fields[2].1.as_i64(),
                _ => None,
            });
            of.collect()
        };
        assert!((0..THREADS as i64).all(|thread| numbers_of(thread).is_sorted()));
    }
    assert_eq!(next, [EVENTS; THREADS]);
}

#[test]
fn an_event_counts_by_its_own_name_and_is_sampled_by_its_own_rule() {
    let _alone = alone();
    let counted = || trine::counts().get("item_sampled_processed").copied().unwrap_or(0);
    let captured = testing::capture();
    trine::set_sampling("item_sampled_processed=first:2/1000").unwrap();
    let before = counted();
    let items = Batcher::new(100);
    for item_id in 0..10 {
        batch!(items, "item_sampled_processed", item_id);
    }
    items.flush();
    trine::set_sampling("").unwrap();
    assert_eq!(counted() - before, 10);
    let events = captured.events();
    let Some(OwnedValue::List(children)) = events[0].get("events") else { panic!("{events:?}") };
    let kept: Vec<_> = children
        .iter()
        .map(|child| match child {
            OwnedValue::Map(fields) => (fields[1].1.as_i64(), fields[3].0.as_str(), fields[3].1.as_f64()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kept, [(Some(0), "sample_rate", Some(1.0)), (Some(1), "sample_rate", Some(1.0))]);
}

#[test]
fn levels_are_those_of_the_events_and_what_no_output_wants_evaluates_nothing() {
    let [worker, inline] = written("warning", || {
        let items = Batcher::new(100);
        let evaluate = || -> u64 { panic!("evaluated") };
        batch!(items, "item_processed", item_id = evaluate());
    });
    assert_eq!((worker.len(), inline.len()), (0, 0));
    // `events_batch` is off, its events are not: they are written by themselves.
    for events in written("warning,item=info", || {
        let items = Batcher::new(100);
        batch!(items, "item_processed", item_id = 1);
        batch!(items, "item_processed", item_id = 2);
    }) {
        assert_eq!(names(&events), ["item_processed", "item_processed"]);
    }
}

#[test]
fn a_name_may_be_a_constant_or_composed() {
    const PROCESSED: EventName = EventName::literal("item_processed");
    let captured = testing::capture();
    let items = Batcher::new(3);
    let log = bind!(job_id = 7);
    batch!(items, name: PROCESSED, item_id = 1);
    batch!(items, log, name: PROCESSED);
    batch!(&items, name: EventName::compose("item", "processed", "failed").unwrap(), item_id = 3,);
    let Some(OwnedValue::List(events)) = captured.events()[0].get("events").cloned() else { panic!() };
    let names: Vec<_> = events
        .iter()
        .map(|event| match event {
            OwnedValue::Map(fields) => fields[0].1.as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["item_processed", "item_processed", "item_processed_failed"]);
}

#[test]
fn a_failure_in_a_batch_lets_out_what_its_scope_holds() {
    for events in written("info", || {
        let items = Batcher::new(100);
        let _scope = scope!(keep_debug_on_failure, request_id = "req_1");
        trine::debug!("database_query_completed");
        batch!(items, "item_process_failed", item_id = 1);
        drop(items);
    }) {
        assert_eq!(names(&events), ["database_query_completed", "events_batch"]);
    }
}

#[test]
fn a_value_that_uses_its_own_batcher_does_no_harm() {
    struct Nested<'a>(&'a Batcher);
    impl trine::Value for Nested<'_> {
        fn encode(&self, writer: trine::ValueWriter<'_>) {
            batch!(self.0, "item_inner_processed");
            self.0.flush();
            writer.str("outer");
        }
    }
    let captured = testing::capture();
    let items = Batcher::new(100);
    batch!(items, "item_outer_processed", value = Nested(&items));
    items.flush();
    assert_eq!(sizes(&captured), [1, 1]);
}
