//! What waits in one batcher, and the value that it becomes.

use std::{
    mem,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use trine_ring::{
    Value, ValueWriter,
    record::{Record, ValueRef},
};

use super::WAITING;
use crate::{
    callsite::Callsite,
    clock::Timeline,
    emit::{self, CaptureBuffer},
    event::EventRef,
};

/// As good as forever: for ages beyond what a clock can hold.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// When a batch is emitted.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) events: usize,
    pub(super) age: Duration,
    pub(super) bytes: usize,
}

/// The events that wait in one batcher.
pub(super) struct Pending {
    pub(super) number: usize,
    batch: Batch,
    /// When it is to be emitted; `None` without an event.
    due: Option<Instant>,
}

/// Events as records, one behind the other.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Whose, and where they end.
    ends: Vec<(&'static Callsite, usize)>,
    /// Where the thread's events went that added the first.
    capture: Option<CaptureBuffer>,
}

impl Pending {
    pub(super) fn new(number: usize) -> Pending {
        Pending { number, batch: Batch::default(), due: None }
    }

    pub(super) fn len(&self) -> usize {
        self.batch.len()
    }

    /// False when so many bytes more would be too many, and are not all there is.
    pub(super) fn has_room(&self, bytes: usize, limits: &Limits) -> bool {
        self.batch.ends.is_empty() || self.batch.bytes.len() + bytes <= limits.bytes
    }

    pub(super) fn add(&mut self, site: &'static Callsite, record: &[u8], now: Instant, limits: &Limits) {
        if self.due.is_none() {
            WAITING.fetch_add(1, Ordering::Relaxed);
            self.batch.capture = emit::capture();
            self.due = Some(now.checked_add(limits.age).unwrap_or(now + FOREVER));
        }
        self.batch.bytes.extend_from_slice(record);
        self.batch.ends.push((site, self.batch.bytes.len()));
        if self.batch.len() >= limits.events || self.batch.bytes.len() >= limits.bytes {
            self.due = Some(now);
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// What waits, if anything does.
    pub(super) fn take(&mut self) -> Option<Batch> {
        self.due.take()?;
        WAITING.fetch_sub(1, Ordering::Relaxed);
        Some(mem::take(&mut self.batch))
    }
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn capture(&self) -> Option<&CaptureBuffer> {
        self.capture.as_ref()
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (&'static Callsite, &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |(site, end)| (*site, &self.bytes[mem::replace(&mut start, *end)..*end]))
    }

    /// The value of `events`: a list of maps, each with `event`, its fields, and `timestamp`.
    pub(super) fn events(&self) -> Events<'_> {
        let mut timeline = Timeline::new();
        let event = |(site, record)| {
            let record = Record::new(record)?;
            Some(EventRef { site, record, unix_ns: timeline.unix_ns(record.ticks()) })
        };
        Events(self.records().filter_map(event).collect())
    }
}

pub(super) struct Events<'a>(Vec<EventRef<'a>>);

impl Value for Events<'_> {
    fn encode(&self, writer: ValueWriter<'_>) {
        let mut list = writer.list();
        for event in &self.0 {
            list.item(&Child(event));
        }
    }
}

struct Child<'a>(&'a EventRef<'a>);

impl Value for Child<'_> {
    fn encode(&self, writer: ValueWriter<'_>) {
        let mut map = writer.map();
        map.entry("event", self.0.name());
        for (key, value) in self.0.fields() {
            map.entry(&key, &value);
        }
        // In microseconds, as the time of a line.
        let us = self.0.unix_ns().div_euclid(1_000);
        let nanos = us.rem_euclid(1_000_000) as u32 * 1_000;
        map.entry("timestamp", &ValueRef::Time(us.div_euclid(1_000_000), nanos));
    }
}
