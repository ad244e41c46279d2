//! Operations around futures, on two executors and by hand.
#![forbid(unsafe_code)]

use std::{
    future::{Future, pending, ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use trine::{
    assert_event,
    event::{Event, OwnedValue},
    operation,
    testing::{Capture, capture},
    timed,
};

fn text<'a>(event: &'a Event, key: &str) -> &'a str {
    event.get(key).and_then(OwnedValue::as_str).unwrap_or_default()
}

#[track_caller]
fn one(captured: &Capture, name: &str) -> Event {
    let mut events = captured.named(name);
    assert_eq!(events.len(), 1, "{:?}", captured.names());
    events.remove(0)
}

/// Polls once.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Is pending once, so that others run meanwhile.
async fn pause() {
    let mut was_polled = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut was_polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn charge(order: u32) -> Result<u32, String> {
    timed!("payment_charge", order)
        .run_async(async {
            pause().await;
            operation::record("attempts", order);
            pause().await;
            if order.is_multiple_of(2) { Ok(order) } else { Err(format!("order {order} declined")) }
        })
        .await
}

async fn fulfill(order: u32) -> Result<u32, String> {
    timed!("order_fulfill", order).run_async(async move { charge(order).await }).await
}

/// What every executor must make of two orders that run at the same time.
#[track_caller]
fn check_both(captured: &Capture) {
    assert_eq!(captured.events().len(), 8);
    for order in [2, 3] {
        let of_order = |event: &Event| event.get("order") == Some(&OwnedValue::Int(order));
        let events: Vec<Event> = captured.events().into_iter().filter(of_order).collect();
        let end = if order == 2 { "completed" } else { "failed" };
        let names: Vec<&str> = events.iter().map(Event::name).collect();
        assert_eq!(names[..2], ["order_fulfill_started", "payment_charge_started"]);
        assert_eq!(names[2..], [format!("payment_charge_{end}"), format!("order_fulfill_{end}")]);
        assert_eq!(events[1].get("parent"), events[0].get("operation_id"));
        assert_eq!(events[2].get("attempts"), Some(&OwnedValue::Int(order)));
        assert_eq!(events[3].get("attempts"), None, "recorded into the innermost");
    }
    assert_event!(captured, "order_fulfill_failed", error = "order 3 declined", order = 3);
    assert_eq!(operation::current(), None);
}

#[test]
fn two_tasks_of_tokio_do_not_mix() {
    let captured = capture();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (even, odd) = (tokio::spawn(fulfill(2)), tokio::spawn(fulfill(3)));
        assert_eq!(even.await.unwrap(), Ok(2));
        assert!(odd.await.unwrap().is_err());
    });
    check_both(&captured);
}

#[test]
fn two_futures_of_another_executor_do_not_mix() {
    let captured = capture();
    let (even, odd) = futures_lite::future::block_on(futures_lite::future::zip(fulfill(2), fulfill(3)));
    assert_eq!((even, odd.is_err()), (Ok(2), true));
    check_both(&captured);
}

#[test]
fn a_future_that_changes_threads_keeps_its_operation() {
    let captured = capture();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut future = Box::pin(fulfill(2));
    assert!(poll(future.as_mut()).is_pending());
    let handle = captured.handle();
    std::thread::spawn(move || {
        let _attached = handle.attach();
        runtime.block_on(future)
    })
    .join()
    .unwrap()
    .unwrap();
    let child = one(&captured, "payment_charge_completed");
    assert_eq!(child.get("parent"), one(&captured, "order_fulfill_completed").get("operation_id"));
    assert_eq!(operation::current(), None);
}

#[test]
fn a_future_that_is_dropped_is_cancelled_the_inner_one_first() {
    let captured = capture();
    {
        let mut future = pin!(timed!("order_fulfill").run_async(async {
            timed!("payment_charge").run_async(pending::<()>()).await;
        }));
        assert!(poll(future.as_mut()).is_pending());
    }
    assert_eq!(
        captured.names(),
        ["order_fulfill_started", "payment_charge_started", "payment_charge_failed", "order_fulfill_failed"]
    );
    for name in ["payment_charge_failed", "order_fulfill_failed"] {
        assert_eq!(text(&one(&captured, name), "reason"), "cancelled");
    }
}

#[test]
fn a_task_that_is_aborted_is_cancelled() {
    let captured = capture();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let task = tokio::spawn(timed!("job_run").run_async(pending::<()>()));
        tokio::task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    assert_eq!(text(&one(&captured, "job_run_failed"), "reason"), "cancelled");
}

#[test]
fn a_future_that_was_never_polled_is_cancelled() {
    let captured = capture();
    drop(timed!("job_run").run_async(ready(())));
    assert_eq!(text(&one(&captured, "job_run_failed"), "reason"), "cancelled");
}

#[test]
fn a_panic_inside_a_poll_ends_the_operation_with_its_text() {
    let captured = capture();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let panic = runtime.block_on(async {
        tokio::spawn(timed!("job_run").run_async(async {
            pause().await;
            if true {
                panic!("job 7 broke");
            }
        }))
        .await
        .unwrap_err()
    });
    assert_eq!(panic.into_panic().downcast_ref::<&str>(), Some(&"job 7 broke"));
    let end = one(&captured, "job_run_failed");
    assert_eq!((text(&end, "reason"), text(&end, "error")), ("panic", "job 7 broke"));
    assert_eq!(captured.events().len(), 2);
    assert_eq!(operation::current(), None);
}

#[test]
fn a_judge_decides_over_a_future_whose_result_has_no_text() {
    #[derive(Debug)]
    struct NoText;
    let captured = capture();
    let result = futures_lite::future::block_on(
        timed!("job_run").run_async_judged(ready(Err::<(), _>(NoText)), |result| {
            result.as_ref().err().map(|error| format!("{error:?}"))
        }),
    );
    assert!(result.is_err());
    assert_event!(captured, "job_run_failed", error = "NoText");
}

#[test]
fn a_timed_future_can_be_spawned_and_costs_little_room() {
    fn check<T: Send + 'static>(_: &T) {}
    let future = timed!("job_run").run_async(ready(7));
    check(&future);
    assert!(size_of_val(&future) <= 256, "{}", size_of_val(&future));
    drop(future);
}
