//! How does an async task keep its fields when it waits, and when it moves to another thread?
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    thread,
};

use trine::{InScope, bind, info};

async fn handle(path: &str) {
    info!("request_handle_started", path);
    wait_once().await; // Other tasks run here.
    info!("request_handle_completed", path);
}

fn main() {
    // `in_scope` works with any executor, for it only wraps the future. This one polls two tasks in turns.
    let mut a = pin!(handle("/a").in_scope(bind!(request_id = "req_a")));
    let mut b = pin!(handle("/b").in_scope(bind!(request_id = "req_b")));
    thread::scope(|threads| threads.spawn(|| (poll(a.as_mut()), poll(b.as_mut()))).join().is_ok());
    poll(a); // The second half of each runs on another thread.
    poll(b);
    info!("server_stop_completed"); // Nothing of the tasks is left on this thread.
}

fn poll(task: Pin<&mut impl Future<Output = ()>>) -> bool {
    task.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Gives way to other tasks once.
async fn wait_once() {
    let mut has_waited = false;
    poll_fn(|_| if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
