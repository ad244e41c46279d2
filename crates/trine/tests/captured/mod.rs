//! What the tests of the macros share: looks at captured events, names, an error.
#![allow(dead_code, reason = "not every test file needs all of it")]

use trine::{
    EventName,
    event::{Event, OwnedValue},
    testing::Capture,
};

/// The only event captured.
#[track_caller]
pub(crate) fn only(captured: &Capture) -> Event {
    let events = captured.events();
    assert_eq!(events.len(), 1, "{events:?}");
    events.into_iter().next().unwrap()
}

/// The fields of an event as `key=value`, in order.
pub(crate) fn fields(event: &Event) -> Vec<String> {
    let text = |value: &OwnedValue| match value {
        OwnedValue::Text(text) => text.clone(),
        OwnedValue::Int(number) => number.to_string(),
        OwnedValue::Bool(truth) => truth.to_string(),
        OwnedValue::Float(number) => number.to_string(),
        OwnedValue::Null => "null".into(),
        other => format!("{other:?}"),
    };
    event.fields().iter().map(|field| format!("{}={}", field.key, text(&field.value))).collect()
}

#[track_caller]
pub(crate) fn check(captured: &Capture, name: &str, expected: &[&str]) {
    let event = only(captured);
    assert_eq!(event.name(), name);
    assert_eq!(fields(&event), expected);
    captured.clear();
}

pub(crate) mod events {
    use trine::EventName;

    pub(crate) const LOGIN: EventName = EventName::literal("auth_login_success");

    pub(crate) mod payment {
        pub(crate) const FAILED: trine::EventName = trine::EventName::literal("payment.process.failed");
    }
}

pub(crate) const LOGIN: EventName = events::LOGIN;

#[derive(Debug)]
pub(crate) struct Declined(pub(crate) &'static str);

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Declined {}
