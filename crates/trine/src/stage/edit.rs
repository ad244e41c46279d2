//! An event that a stage may change.

use std::borrow::Cow;

use trine_model::Level;
use trine_ring::{
    Value,
    record::{Block, BlockBuilder, ValueRef},
    value::arg,
};

use crate::{callsite::Callsite, event::EventRef, masks};

/// An event on its way through the stages. Its name, level and time stay as they were written; its fields can be changed.
#[derive(Debug)]
pub struct EventEdit<'a> {
    event: EventRef<'a>,
    /// All fields, once one was changed.
    changed: Option<BlockBuilder>,
}

impl<'a> EventEdit<'a> {
    pub(crate) fn new(event: EventRef<'a>) -> EventEdit<'a> {
        EventEdit { event, changed: None }
    }

    /// The name, exactly as written.
    pub fn name(&self) -> &'static str {
        self.event.name()
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.event.level()
    }

    /// The callsite: module, file, line, keys.
    pub fn callsite(&self) -> &'static Callsite {
        self.event.callsite()
    }

    /// When it happened: nanoseconds since 1970-01-01 UTC.
    pub fn unix_ns(&self) -> i64 {
        self.event.unix_ns()
    }

    /// The value of a field, if the event has it.
    pub fn get(&self, key: &str) -> Option<ValueRef<'_>> {
        match &self.changed {
            Some(changed) => changed.get(key),
            None => self.event.fields().find(|(k, _)| k == key).map(|(_, value)| value),
        }
    }

    /// The fields, in the order of the line.
    pub fn fields(&self) -> Vec<(Cow<'_, str>, ValueRef<'_>)> {
        match &self.changed {
            Some(changed) => changed.fields().map(|(key, value)| (Cow::Borrowed(key), value)).collect(),
            None => self.event.fields().collect(),
        }
    }

    /// Sets a field: in its place when the event has it, else behind the others. A reserved key is kept with a `_` behind it.
    ///
    /// The value is masked as all values are: by its key, by keys inside it, and where a text in it holds a secret.
    pub fn set(&mut self, key: &str, value: &(impl Value + ?Sized)) -> &mut EventEdit<'a> {
        let fields = self.fields_mut();
        masks::field(key, &arg(&value), |value| {
            fields.set(key, value);
        });
        self
    }

    /// Removes a field; true when the event had it.
    pub fn remove(&mut self, key: &str) -> bool {
        self.get(key).is_some() && self.fields_mut().remove(key)
    }

    fn fields_mut(&mut self) -> &mut BlockBuilder {
        let event = self.event;
        self.changed.get_or_insert_with(|| {
            let mut builder = BlockBuilder::new();
            for (key, value) in event.fields() {
                builder.set(&key, &arg(&value));
            }
            builder
        })
    }

    /// All fields, when one was changed.
    pub(crate) fn finish(self) -> Option<Block> {
        self.changed.map(BlockBuilder::finish_once)
    }
}
