//! Fields bound once: loggers, scopes, futures, and who wins.
#![forbid(unsafe_code)]

use std::{
    cell::Cell,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
};

use trine::{
    InScope, Logger, Scoped, bind,
    event::{Event, OwnedValue},
    info, scope,
    testing::{Capture, capture},
};

fn text(event: &Event) -> String {
    let value = |value: &OwnedValue| match value {
        OwnedValue::Int(number) => number.to_string(),
        OwnedValue::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    let fields: Vec<String> =
        event.fields().iter().map(|field| format!("{}={}", field.key, value(&field.value))).collect();
    fields.join(" ")
}

/// The fields of the events captured, one text each; forgets them.
fn take(captured: &Capture) -> Vec<String> {
    let texts = captured.events().iter().map(text).collect();
    captured.clear();
    texts
}

/// The fields of an event that a logger alone makes.
#[track_caller]
fn check(log: &Logger, expected: &str) {
    let captured = capture();
    info!(log, "page_view");
    assert_eq!(take(&captured), [expected]);
    let fields: Vec<String> = log.fields().into_iter().map(|field| field.key).collect();
    let keys: Vec<&str> = expected.split_whitespace().map(|field| field.split_once('=').unwrap().0).collect();
    assert_eq!(fields, keys);
}

#[test]
fn a_logger_without_fields_adds_none() {
    check(&Logger::new(), "");
    check(&Logger::default(), "");
    check(&bind!(), "");
}

#[test]
fn a_child_has_its_parents_fields_first() {
    let parent = bind!(request_id = 1, user_id = 2);
    let child = bind!(parent, session = 3);
    check(&child, "request_id=1 user_id=2 session=3");
    check(&bind!(child, page = 4), "request_id=1 user_id=2 session=3 page=4");
    check(&parent, "request_id=1 user_id=2");
}

#[test]
fn a_key_bound_again_keeps_its_place_and_takes_the_new_value() {
    let parent = bind!(a = 1, b = 2, c = 3);
    check(&bind!(parent, b = "two", d = 4), "a=1 b=two c=3 d=4");
    check(&parent.with("a", &"one"), "a=one b=2 c=3");
    check(&parent, "a=1 b=2 c=3");
}

#[test]
fn unbind_takes_one_field_away() {
    let log = bind!(a = 1, b = 2, c = 3);
    check(&log.unbind("b"), "a=1 c=3");
    check(&log.unbind("a").unbind("c").unbind("b"), "");
    check(&log.unbind("missing"), "a=1 b=2 c=3");
    check(&log.unbind("b").with("b", &4), "a=1 c=3 b=4");
    check(&Logger::new().unbind("a"), "");
    check(&log, "a=1 b=2 c=3");
}

#[test]
fn with_takes_keys_of_the_run_time() {
    let key = format!("header_{}", 7);
    check(&Logger::new().with(&key, &1), "header_7=1");
    // What is reserved stays visible under another key, once.
    let log = Logger::new().with("level", &1).with("event", &2).with("timestamp", &3).with("level", &4);
    check(&log, "level_=4 event_=2 timestamp_=3");
    let captured = capture();
    info!(Logger::new().with("", &1).with("a \"b\"\n", &2), "page_view");
    assert_eq!(captured.events()[0].keys(), ["", "a \"b\"\n"]);
}

#[test]
fn a_logger_shows_its_fields_when_debugged() {
    assert_eq!(format!("{:?}", bind!(a = 1, b = "x")), r#"Logger {"a": Int(1), "b": Text("x")}"#);
}

#[test]
fn fields_are_encoded_when_they_are_bound() {
    let counter = Cell::new(0);
    struct Counts<'a>(&'a Cell<i32>);
    impl std::fmt::Display for Counts<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.set(self.0.get() + 1);
            write!(f, "{}", self.0.get())
        }
    }
    let captured = capture();
    let log = bind!(n = %Counts(&counter));
    let _scope = scope!(m = %Counts(&counter));
    for _ in 0..10 {
        info!(log, "page_view");
    }
    assert_eq!(counter.get(), 2);
    assert!(take(&captured).iter().all(|fields| fields == "n=1 m=2"));
}

#[test]
fn a_logger_is_shared_by_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<Logger>();
    let captured = capture();
    let log = bind!(request_id = 1);
    thread::scope(|threads| {
        for worker in 0..4 {
            let (log, handle) = (&log, captured.handle());
            threads.spawn(move || {
                let _attached = handle.attach();
                info!(log, "job_run_started", worker);
                info!(bind!(log, worker), "job_run_completed");
            });
        }
    });
    let mut fields = take(&captured);
    fields.sort();
    assert_eq!(fields.len(), 8);
    assert_eq!(fields[0], "request_id=1 worker=0");
    assert_eq!(fields[7], "worker=3 request_id=1");
}

#[test]
fn a_scope_holds_until_its_guard_drops() {
    let captured = capture();
    info!("page_view", n = 1);
    {
        let _outer = scope!(a = 1);
        info!("page_view", n = 2);
        {
            let _inner = scope!(b = 2);
            info!("page_view", n = 3);
        }
        info!("page_view", n = 4);
    }
    info!("page_view", n = 5);
    assert_eq!(take(&captured), ["n=1", "n=2 a=1", "n=3 a=1 b=2", "n=4 a=1", "n=5"]);
}

#[test]
fn an_inner_scope_wins_and_the_outer_value_comes_back() {
    let captured = capture();
    let _outer = scope!(a = 1, b = 1);
    {
        let _inner = scope!(b = 2, c = 2);
        info!("page_view");
        let _innermost = scope!(a = 3, c = 3);
        info!("page_view");
    }
    info!("page_view");
    assert_eq!(take(&captured), ["a=1 b=2 c=2", "a=3 b=2 c=3", "a=1 b=1"]);
}

#[test]
fn guards_kept_as_locals_end_in_reverse_order() {
    let captured = capture();
    {
        let _a = scope!(a = 1);
        let _b = scope!(b = 2);
        let _c = scope!(c = 3);
        info!("page_view");
    }
    info!("page_view");
    assert_eq!(take(&captured), ["a=1 b=2 c=3", ""]);
}

#[test]
fn a_scope_belongs_to_its_thread() {
    let captured = capture();
    let _scope = scope!(a = 1);
    let handle = captured.handle();
    thread::spawn(move || {
        let _attached = handle.attach();
        info!("page_view");
    })
    .join()
    .unwrap();
    info!("page_view");
    assert_eq!(take(&captured), ["", "a=1"]);
}

#[test]
fn a_panic_ends_the_scopes_it_leaves() {
    let captured = capture();
    let _outer = scope!(a = 1);
    let outcome = catch_unwind(|| {
        let _inner = scope!(b = 2);
        info!("page_view");
        panic!("leaves");
    });
    assert!(outcome.is_err());
    info!("page_view");
    assert_eq!(take(&captured), ["a=1 b=2", "a=1"]);
}

#[test]
fn a_logger_enters_as_a_scope() {
    let captured = capture();
    {
        let _scope = bind!(a = 1, b = 2).enter();
        info!("page_view", b = 3);
    }
    info!("page_view");
    assert_eq!(take(&captured), ["b=3 a=1", ""]);
}

#[test]
fn a_logger_entered_inside_a_scope_lies_over_it() {
    let captured = capture();
    let _outer = scope!(a = 1, o = 1);
    {
        let _inner = bind!(a = 2, i = 2).enter();
        info!("page_view");
    }
    info!("page_view");
    assert_eq!(take(&captured), ["a=2 o=1 i=2", "a=1 o=1"]);
}

#[test]
fn guards_dropped_in_any_order_leave_nothing_behind() {
    let captured = capture();
    let _outermost = scope!(z = 0);
    let outer = scope!(a = 1);
    let inner = scope!(b = 2);
    drop(outer);
    info!("page_view", n = 1);
    // The inner one ended with the outer one: it must not end what came after.
    let other = scope!(c = 3);
    let another = scope!(d = 4);
    drop(inner);
    info!("page_view", n = 2);
    drop(other);
    drop(another);
    info!("page_view", n = 3);
    drop(vec![scope!(e = 5), scope!(f = 6)]);
    info!("page_view", n = 4);
    assert_eq!(take(&captured), ["n=1 z=0", "n=2 z=0 c=3 d=4", "n=3 z=0", "n=4 z=0"]);
}

#[test]
fn the_call_wins_over_options_over_the_logger_over_the_scope() {
    let captured = capture();
    let _outer = scope!(k = "outer", o = 1);
    let _inner = scope!(k = "inner", i = 1);
    let log = bind!(k = "logger", l = 1);
    info!("page_view", k = "call");
    info!(log, "page_view", k = "call");
    info!(log, "page_view");
    info!("page_view");
    info!(log, sample: 1.0, "page_view", sample_rate = "call");
    let log = bind!(sample_rate = "logger", sampled = "logger");
    info!(log, sample: 1.0, "page_view");
    assert_eq!(
        take(&captured),
        [
            "k=call o=1 i=1",
            "k=call l=1 o=1 i=1",
            "k=logger l=1 o=1 i=1",
            "k=inner o=1 i=1",
            "sample_rate=call sampled=Bool(true) k=logger l=1 o=1 i=1",
            "sampled=Bool(true) sample_rate=Float(1.0) k=inner o=1 i=1",
        ]
    );
}

/// Is pending so many times, then ready.
struct Pauses(u32);

impl Future for Pauses {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls once.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// An executor of two threads that hand all futures to each other after every poll.
fn run_on_two_threads(captured: &Capture, futures: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>) {
    let count = futures.len();
    let ((to_a, at_a), (to_b, at_b)) = (mpsc::channel(), mpsc::channel());
    let (done, all_done) = mpsc::channel();
    for future in futures {
        to_a.send(Some(future)).unwrap();
    }
    let work = |work: mpsc::Receiver<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
                other: mpsc::Sender<_>| {
        let (done, handle) = (done.clone(), captured.handle());
        move || {
            let _attached = handle.attach();
            let _scope = scope!(thread = "own");
            while let Ok(Some(mut future)) = work.recv() {
                match poll(future.as_mut()) {
                    Poll::Ready(()) => done.send(()).unwrap(),
                    Poll::Pending => other.send(Some(future)).unwrap(),
                }
                info!("executor_task_polled");
            }
        }
    };
    let (end_a, end_b) = (to_a.clone(), to_b.clone());
    let threads = [thread::spawn(work(at_a, to_b)), thread::spawn(work(at_b, to_a))];
    all_done.iter().take(count).for_each(drop);
    end_a.send(None).unwrap();
    end_b.send(None).unwrap();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_future_carries_its_context_from_thread_to_thread() {
    let captured = capture();
    let futures = (0..8).map(|job| {
        let future = async move {
            for step in 0..10 {
                info!("job_step_completed", step, thread_id = ?thread::current().id());
                Pauses(1).await;
            }
        };
        Box::pin(future.in_scope(bind!(job))) as Pin<Box<dyn Future<Output = ()> + Send>>
    });
    run_on_two_threads(&captured, futures.collect());

    for job in 0..8 {
        let of_job: Vec<Event> = captured
            .named("job_step_completed")
            .into_iter()
            .filter(|event| event.get("job") == Some(&OwnedValue::Int(job)))
            .collect();
        let steps: Vec<i64> =
            of_job.iter().map(|event| event.get("step").unwrap().as_i64().unwrap()).collect();
        assert_eq!(steps, (0..10).collect::<Vec<_>>());
        assert!(of_job.iter().all(|event| event.keys() == ["step", "thread_id", "thread", "job"]));
        let threads: Vec<_> = of_job.iter().map(|event| event.get("thread_id").unwrap()).collect();
        assert!(threads.windows(2).all(|pair| pair[0] != pair[1]), "every step is on the other thread");
    }
    // Between polls nothing is left behind.
    let polls = captured.named("executor_task_polled");
    assert_eq!(polls.len(), 8 * 11);
    assert!(polls.iter().all(|event| event.keys() == ["thread"]));
}

#[test]
fn the_context_of_a_future_lies_over_the_scope_it_is_polled_in() {
    let captured = capture();
    let mut future = pin!(
        async {
            loop {
                info!("page_view");
                Pauses(1).await;
            }
        }
        .in_scope(bind!(a = "future", b = "future"))
    );
    let mut poll_it = || assert!(poll::<Scoped<_>>(future.as_mut()).is_pending());
    poll_it();
    {
        let _scope = scope!(a = "first", c = "first");
        poll_it();
        poll_it();
        let _scope = scope!(c = "second");
        poll_it();
    }
    poll_it();
    assert_eq!(
        take(&captured),
        [
            "a=future b=future",
            "a=future c=first b=future",
            "a=future c=first b=future",
            "a=future c=second b=future",
            "a=future b=future",
        ]
    );
}

#[test]
fn contexts_of_futures_nest() {
    let captured = capture();
    let inner = async {
        info!("page_view", n = 1);
        Pauses(2).await;
        info!("page_view", n = 2);
    };
    let outer = async {
        inner.in_scope(bind!(a = "inner", i = 1)).await;
        info!("page_view", n = 3);
    };
    let mut future = pin!(outer.in_scope(bind!(a = "outer", o = 1)));
    while poll(future.as_mut()).is_pending() {
        info!("page_left");
    }
    assert_eq!(take(&captured), ["n=1 a=inner o=1 i=1", "", "", "n=2 a=inner o=1 i=1", "n=3 a=outer o=1"]);
}

#[test]
fn a_scope_inside_a_future_ends_with_the_poll_when_it_is_not_kept_over_an_await() {
    let captured = capture();
    let mut future = pin!(
        async {
            {
                let _scope = scope!(s = 1);
                info!("page_view");
            }
            Pauses(1).await;
            info!("page_view");
        }
        .in_scope(bind!(f = 1))
    );
    while poll(future.as_mut()).is_pending() {}
    assert_eq!(take(&captured), ["f=1 s=1", "f=1"]);
}

#[test]
fn a_panic_inside_a_future_leaves_no_context_behind() {
    let captured = capture();
    let _scope = scope!(thread = "own");
    let mut future = Box::pin(
        async {
            info!("page_view");
            Pauses(1).await;
            panic!("leaves");
        }
        .in_scope(bind!(a = 1)),
    );
    assert!(poll(future.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(future.as_mut()))).is_err());
    info!("page_left");
    assert_eq!(take(&captured), ["thread=own a=1", "thread=own"]);
}

#[test]
fn a_future_with_a_context_is_send_when_the_future_is() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Pauses(1).in_scope(bind!(a = 1)));
}
