//! The lines that events become, through a whole pipeline: one per process, shared by the tests of one file.
#![allow(dead_code, reason = "each test file uses a part")]

use std::{
    sync::{Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

use trine::{Delivery, Format, Output, sink::MemorySink};

/// Longest a worker may take to write out what a test emitted. Never reached, unless something hangs.
const FLUSH_MAX: Duration = Duration::from_secs(60);

/// The JSON lines of this process, held by one test at a time.
pub(crate) struct Lines {
    sink: MemorySink,
    _turn: MutexGuard<'static, ()>,
}

impl Lines {
    /// Starts the pipeline, once, and waits for this test's turn.
    pub(crate) fn take_turn(delivery: Delivery) -> Lines {
        static TURN: Mutex<()> = Mutex::new(());
        static STARTED: Once = Once::new();
        static SINK: Mutex<Option<MemorySink>> = Mutex::new(None);
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let sink = SINK.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().clone();
        STARTED.call_once(|| {
            trine::setup()
                .level("trace")
                .output(Output::to(sink.clone()).format(Format::Json))
                .delivery(delivery)
                .force()
                .start();
        });
        Lines { sink, _turn: turn }
    }

    /// The lines that `emit` makes.
    pub(crate) fn of(&self, emit: impl FnOnce()) -> Vec<String> {
        self.sink.clear();
        emit();
        assert_eq!(trine::flush(FLUSH_MAX), 0);
        let text = String::from_utf8(self.sink.bytes()).expect("lines are UTF-8");
        assert!(text.is_empty() || text.ends_with('\n'), "a line ends in a line feed");
        text.split_terminator('\n').map(str::to_owned).collect()
    }

    /// The one line that `emit` makes.
    #[track_caller]
    pub(crate) fn one(&self, emit: impl FnOnce()) -> String {
        let lines = self.of(emit);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.into_iter().next().unwrap()
    }
}

/// The fields of a line as they stand there: between the name and the tail of fixed shape. Empty, or begins with a comma.
#[track_caller]
pub(crate) fn fields_of<'a>(line: &'a str, name: &str) -> &'a str {
    let tail = line.rfind(",\"timestamp\":\"").unwrap_or_else(|| panic!("no timestamp in {line}"));
    let head = format!("{{\"event\":\"{name}\"");
    assert!(line.starts_with(&head), "{line} begins with {head}");
    assert!(line.ends_with("\"}"), "{line}");
    &line[head.len()..tail]
}

/// The text of a value in a line, in a call and in a context: both are the same.
#[allow(dead_code, reason = "not every test file needs it")]
#[track_caller]
pub(crate) fn json(value: &dyn trine::Value) -> String {
    let lines = Lines::take_turn(Delivery::Inline);
    let of_call = lines.one(|| trine::info!("value_written", value));
    let of_context = lines.one(|| trine::info!(trine::bind!(value = value), "value_written"));
    let text = fields_of(&of_call, "value_written").strip_prefix(",\"value\":").expect("the key");
    assert_eq!(fields_of(&of_context, "value_written").strip_prefix(",\"value\":"), Some(text));
    serde_json::from_str::<serde_json::Value>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    text.to_owned()
}

#[allow(dead_code, reason = "not every test file needs it")]
#[track_caller]
pub(crate) fn check(value: &dyn trine::Value, expected: &str) {
    assert_eq!(json(value), expected);
}
