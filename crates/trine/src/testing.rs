//! Assertions on what a program emits.
//!
//! ```
//! use trine::{assert_event, error, info};
//!
//! fn charge(order_id: &str) {
//!     info!("payment_charge_started", order_id);
//!     error!("payment_charge_failed", order_id, reason = "insufficient_funds", attempts = 3);
//! }
//!
//! let captured = trine::testing::capture();
//! charge("ORD-123");
//! assert_event!(captured, "payment_charge_failed", reason = "insufficient_funds", attempts = 3);
//! assert_eq!(captured.named("payment_charge_started").len(), 1);
//! ```

use std::{fmt::Write, marker::PhantomData, sync::Arc};

use trine_ring::{
    Arg,
    record::{self, Record},
};

use crate::{
    callsite,
    emit::{self, CaptureBuffer},
    event::{Event, OwnedValue},
    lock,
};

/// Captures the events of the current thread, of all levels, until the result is dropped. They go nowhere else.
///
/// Tests that run at the same time do not see each other's events. For a thread that the code under test starts, see
/// [`Capture::handle`]. Captures nest: the inner one takes the events.
pub fn capture() -> Capture {
    let handle = CaptureHandle { events: CaptureBuffer::default() };
    Capture { attached: handle.attach(), handle }
}

/// Events of a thread. From [`capture`].
#[derive(Debug)]
#[must_use = "capturing ends when this is dropped"]
pub struct Capture {
    handle: CaptureHandle,
    #[expect(dead_code, reason = "ends the capture when dropped")]
    attached: Attached,
}

impl Capture {
    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        lock(&self.handle.events).clone()
    }

    /// The events of that name so far. Both spellings of a name are the same.
    pub fn named(&self, name: &str) -> Vec<Event> {
        self.events().into_iter().filter(|event| is_same_name(event.name(), name)).collect()
    }

    /// The names of all events so far, in order.
    pub fn names(&self) -> Vec<&'static str> {
        lock(&self.handle.events).iter().map(Event::name).collect()
    }

    /// Forgets the events so far.
    pub fn clear(&self) {
        lock(&self.handle.events).clear();
    }

    /// A handle with which another thread joins this capture.
    ///
    /// ```
    /// let captured = trine::testing::capture();
    /// let handle = captured.handle();
    /// std::thread::spawn(move || {
    ///     let _attached = handle.attach();
    ///     trine::info!("user_login", user_id = 7);
    /// }).join().unwrap();
    /// trine::assert_event!(captured, "user_login", user_id = 7);
    /// ```
    pub fn handle(&self) -> CaptureHandle {
        self.handle.clone()
    }
}

/// Lets other threads join a capture. From [`Capture::handle`].
#[derive(Clone, Debug)]
pub struct CaptureHandle {
    events: CaptureBuffer,
}

impl CaptureHandle {
    /// Captures the current thread's events as well, until the result is dropped.
    pub fn attach(&self) -> Attached {
        callsite::count_capture(true);
        Attached { previous: emit::set_capture(Some(Arc::clone(&self.events))), thread: PhantomData }
    }
}

/// A thread that has joined a capture. Belongs to that thread: not `Send`.
#[derive(Debug)]
#[must_use = "the thread's events are captured until this is dropped"]
pub struct Attached {
    previous: Option<CaptureBuffer>,
    thread: PhantomData<*const ()>,
}

impl Drop for Attached {
    fn drop(&mut self) {
        emit::set_capture(self.previous.take());
        callsite::count_capture(false);
    }
}

/// Asserts that an event with that name and at least those fields was captured; returns the first one.
///
/// Fields are written as in [`info!`](crate::info). When there is none, the panic shows what was captured instead.
///
/// ```
/// use trine::{assert_event, info};
/// let captured = trine::testing::capture();
/// info!("api_request_completed", status_code = 200_u16, endpoint = "/users", took_ms = 1.5);
/// let event = assert_event!(captured, "api_request_completed", status_code = 200, endpoint = "/users");
/// assert_eq!(event.get("took_ms").and_then(|value| value.as_f64()), Some(1.5));
/// ```
#[macro_export]
macro_rules! assert_event {
    ($captured:expr, $name:expr $(,)?) => { $crate::__fields!(@expect [$captured, $name] [] []) };
    ($captured:expr, $name:expr, $($fields:tt)+) => { $crate::__fields!(@expect [$captured, $name] [] [] $($fields)+) };
}

/// Finds the event or says what there was. What `assert_event!` calls.
#[doc(hidden)]
#[track_caller]
pub fn expect_event(captured: &Capture, name: &str, keys: &[&str], values: &[Arg<'_>]) -> Event {
    let fields: Vec<(&str, OwnedValue)> = keys.iter().copied().zip(values.iter().map(expected)).collect();
    let events = captured.events();
    let has = |event: &Event| fields.iter().all(|(key, value)| event.get(key) == Some(value));
    if let Some(event) = events.iter().find(|event| is_same_name(event.name(), name) && has(event)) {
        return event.clone();
    }
    let mut message = format!("no event `{name}`");
    for (index, (key, value)) in fields.iter().enumerate() {
        let _ = write!(message, "{} {key}={value:?}", if index == 0 { " with" } else { "," });
    }
    let _ = write!(message, "; captured {}:", events.len());
    for event in &events {
        let _ = write!(message, "\n  {} {}", event.level(), event.name());
        for field in event.fields() {
            let differs = is_same_name(event.name(), name)
                && fields.iter().any(|(key, value)| *key == field.key && *value != field.value);
            let _ = write!(
                message,
                " {}={:?}{}",
                field.key,
                field.value,
                if differs { " (differs)" } else { "" }
            );
        }
    }
    panic!("{message}");
}

/// The value a test expects, in the form in which events are captured.
fn expected(arg: &Arg<'_>) -> OwnedValue {
    let mut bytes = Vec::new();
    record::encode(&mut bytes, 0, 0, std::slice::from_ref(arg), &[]);
    Record::new(&bytes).and_then(|record| record.values().next()).map_or(OwnedValue::Null, OwnedValue::from)
}

fn is_same_name(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .all(|(a, b)| a == b || (matches!(a, b'.' | b'_') && matches!(b, b'.' | b'_')))
}
