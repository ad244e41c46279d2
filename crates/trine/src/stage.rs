//! Stages: what happens to an event between its record and the encoders.
//!
//! A stage sees every event that some output wants, and may add, change or remove fields, or drop the event. Stages run where
//! lines are rendered, in the worker (with [`Delivery::Inline`](crate::Delivery::Inline) in the caller), never while a ring
//! slot is open. The event of a callsite is only copied when a stage changes it.
//!
//! ```
//! use trine::{EventEdit, Output, Verdict, sink::MemorySink};
//!
//! let lines = MemorySink::new();
//! trine::setup()
//!     .stage(|event: &mut EventEdit<'_>| {
//!         event.set("region", "eu-west-1");
//!         if event.get("path").is_some_and(|path| path == "/healthz") { Verdict::Drop } else { Verdict::Keep }
//!     })
//!     .output(Output::to(lines.clone()))
//!     .force()
//!     .start();
//! trine::info!("request_received", path = "/healthz");
//! trine::info!("request_received", path = "/users");
//! trine::flush(std::time::Duration::from_secs(5));
//! assert_eq!(lines.lines().len(), 1);
//! assert!(lines.lines()[0].starts_with(r#"{"event":"request_received","path":"/users","region":"eu-west-1","#));
//! ```

mod edit;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use trine_ring::record::{self, Record};

pub use self::edit::EventEdit;
use crate::event::EventRef;

/// Most stages of a pipeline. Each looks at every event; what takes more is better one stage.
pub const STAGES_MAX: usize = 32;

/// Events that stages have dropped.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// A step between record and encoder. Implemented by closures: `|event: &mut EventEdit<'_>| { ...; Verdict::Keep }`.
///
/// Shared between the threads that render, as a [`Sink`](crate::Sink) is: a stage with a state of its own locks it itself.
///
/// Cost: a call per event; a stage that changes the event costs about a microsecond more, since all its fields are copied.
/// Panics: are caught; the event is counted as lost, and the program goes on.
pub trait Stage: Send + Sync {
    /// Looks at the event, changes it, and says whether it goes on.
    fn process(&self, event: &mut EventEdit<'_>) -> Verdict;
}

impl<F: Fn(&mut EventEdit<'_>) -> Verdict + Send + Sync> Stage for F {
    fn process(&self, event: &mut EventEdit<'_>) -> Verdict {
        self(event)
    }
}

/// Whether an event goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the verdict decides whether the event goes on"]
pub enum Verdict {
    /// To the next stage, and at last to the outputs.
    Keep,
    /// Nowhere. Counted in [`Health::dropped_by_stages`](crate::Health::dropped_by_stages).
    Drop,
}

/// The stages of a pipeline, in order.
#[derive(Clone, Default)]
pub(crate) struct Stages(Vec<Arc<dyn Stage>>);

impl fmt::Debug for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stages", self.0.len())
    }
}

impl Stages {
    /// Appends a stage; false when there are [`STAGES_MAX`].
    pub(crate) fn push(&mut self, stage: Arc<dyn Stage>) -> bool {
        let has_room = self.0.len() < STAGES_MAX;
        if has_room {
            self.0.push(stage);
        }
        has_room
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Runs the event through all stages; `None` when one dropped it.
    fn run<'a>(&self, event: EventRef<'a>) -> Option<EventEdit<'a>> {
        let mut edit = EventEdit::new(event);
        for stage in &self.0 {
            if stage.process(&mut edit) == Verdict::Drop {
                DROPPED.fetch_add(1, Ordering::Relaxed);
                return None;
            }
        }
        Some(edit)
    }

    /// Hands the event, as the stages leave it, to `render`. False when one dropped it.
    ///
    /// `bytes` is where a changed event is written; kept by the caller, so that its memory is used again.
    pub(crate) fn apply(
        &self,
        event: EventRef<'_>,
        bytes: &mut Vec<u8>,
        render: impl FnOnce(&EventRef<'_>),
    ) -> bool {
        let Some(edit) = self.run(event) else { return false };
        let Some(block) = edit.finish() else {
            render(&event);
            return true;
        };
        // All fields lie in one block, in their order, and the callsite that stands for the changed event has no keys:
        // encoders write it as they write any other.
        let site = event.site.without_keys();
        bytes.clear();
        record::encode(bytes, site.id(), event.record.ticks(), &[], &[block.as_bytes()]);
        if let Some(record) = Record::new(bytes) {
            render(&EventRef { site, record, unix_ns: event.unix_ns });
        }
        true
    }
}

/// Events that stages have dropped so far.
pub(crate) fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}
