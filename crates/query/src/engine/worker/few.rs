//! What few lines are: sampled, of another format, a batch, the word of what was lost. Apart from the usual line, whose code stays small so.

use std::borrow::Cow;

use super::{Around, Met, Shared, Worker};
use crate::{
    engine::{
        event::{BATCH, With, canonical},
        marks::Marks,
        names::{Found, LOST, Names},
        place::Place,
    },
    scan::{
        foreign::{self, Format},
        line::{Items, Kind, Line, Problem, Raw},
    },
};

/// Names whose loss is told apart.
const LOST_NAMES_MAX: usize = 1_000;

impl Worker {
    /// A line that has what few lines have.
    #[expect(clippy::too_many_arguments, reason = "as for any line")]
    #[inline(never)]
    pub(super) fn marked<'b>(
        &mut self,
        around: &Around<'_>,
        names: &mut Names,
        line: &'b [u8],
        marks: Marks,
        mut name: Option<Found>,
        place: Place,
        found: &mut Vec<Option<Raw<'b>>>,
    ) {
        let Around { shared, format, plain, .. } = *around;
        let reader = shared.readers.of(format, marks.with(), shared.scope);
        found.resize(reader.len(), None);
        match reader.find(line, found) {
            Ok(()) if reader.lacks_ends(found) => self.other_format(around, names, line, marks, place),
            Ok(()) => {
                let weight = reader.weight(found);
                if name.is_none() {
                    name = reader.name(names, found);
                }
                self.event_apart(
                    shared,
                    names,
                    &Met { reader, line, found, name, weight, place, batch: None },
                );
            }
            Err(broken) => self.broken(broken.problem),
        }
        found.resize(plain.len(), None);
    }

    /// A line without a name, time or level where its neighbours have them: another program may have written it.
    #[cold]
    pub(super) fn other_format(
        &mut self,
        around: &Around<'_>,
        names: &mut Names,
        line: &[u8],
        marks: Marks,
        place: Place,
    ) {
        let Around { shared, format, .. } = *around;
        let other = foreign::detect(line).unwrap_or(&foreign::UNKNOWN);
        let own = shared.readers.of(format, marks.with(), shared.scope);
        let mut found = vec![None; own.len()];
        let mut reader = own;
        // What was found before is found again.
        let _ = own.find(line, &mut found);
        if !std::ptr::eq(other, format) {
            let theirs = shared.readers.of(other, marks.with(), shared.scope);
            let mut found_there = vec![None; theirs.len()];
            if theirs.find(line, &mut found_there).is_ok() && !theirs.lacks_ends(&found_there) {
                (reader, found) = (theirs, found_there);
            }
        }
        let weight = if marks.has(Marks::SAMPLED) { reader.weight(&found) } else { 1.0 };
        let name = reader.name(names, &found);
        self.event_apart(
            shared,
            names,
            &Met { reader, line, found: &found, name, weight, place, batch: None },
        );
    }

    /// A line that may hold other events, or say what was lost.
    #[cold]
    pub(super) fn special(
        &mut self,
        around: &Around<'_>,
        names: &mut Names,
        name: Option<Found>,
        line: &[u8],
        marks: Marks,
        place: Place,
    ) {
        let Around { shared, format, .. } = *around;
        self.notes.lines += 1;
        let mut buffer = String::new();
        let name = match name {
            Some(found) => Some(Cow::Borrowed(names.get(found).name.canonical())),
            None => format.event(Line::new(line), &mut buffer).map(|name| canonical(name.into())),
        };
        let (is_lost, is_batch) = (name.as_deref() == Some(LOST), name.as_deref() == Some(BATCH));
        if marks.has(Marks::LOST) && is_lost {
            self.lost(shared, format, line);
        }
        if marks.has(Marks::OTLP) {
            let records = foreign::otlp_records(Line::new(line));
            let otlp = foreign::named("otlp").unwrap_or(format);
            let reader = shared.readers.of(otlp, With::ALL, shared.scope);
            let mut found = vec![None; reader.len()];
            for (child, record) in (0..).zip(&records) {
                let line = record.bytes();
                if let Err(broken) = reader.find(line, &mut found) {
                    self.broken(broken.problem);
                    continue;
                }
                let place = Place { child, ..place };
                let name = reader.name(names, &found);
                let met = Met { reader, line, found: &found, name, weight: 1.0, place, batch: None };
                self.event_apart(shared, names, &met);
            }
            if !records.is_empty() {
                return;
            }
        }
        let reader = shared.readers.of(format, marks.with(), shared.scope);
        let mut found = vec![None; reader.len()];
        if let Err(broken) = reader.find(line, &mut found) {
            return self.broken(broken.problem);
        }
        let children = if is_batch && marks.has(Marks::BATCH) { children(line) } else { None };
        let Some(children) = children else {
            let (weight, name) = (reader.weight(&found), reader.name(names, &found));
            let met = Met { reader, line, found: &found, name, weight, place, batch: None };
            return self.event_apart(shared, names, &met);
        };
        let mut of_child = vec![None; reader.len()];
        for (child, item) in (0..).zip(children.flatten()) {
            if reader.find(item.bytes(), &mut of_child).is_err() {
                self.broken(Problem::NoValue);
                continue;
            }
            reader.inherit(&mut of_child, &found);
            let met = Met {
                reader,
                line: item.bytes(),
                found: &of_child,
                name: reader.name(names, &of_child),
                weight: reader.weight(&of_child),
                place: Place { child, ..place },
                batch: Some(line),
            };
            self.event_apart(shared, names, &met);
        }
    }

    /// Adds what a line says that was lost, if that was within the range.
    fn lost(&mut self, shared: &Shared<'_>, format: &Format, line: &[u8]) {
        let line = Line::new(line);
        if let (Some(range), Some(ns)) = (shared.range, format.time_ns(line))
            && !(range.since_ns..range.until_ns).contains(&ns)
        {
            return;
        }
        let count = |raw: Raw<'_>| raw.number().map_or(0, |number| number as u64);
        if let Ok(Some(lost)) = line.get("lost") {
            self.notes.lost.events += count(lost);
        }
        if let Ok(Some(names)) = line.get("names") {
            for member in names.members().flatten() {
                let name = member.key(&mut String::new()).to_owned();
                if self.notes.lost.names.len() < LOST_NAMES_MAX || self.notes.lost.names.contains_key(&name) {
                    *self.notes.lost.names.entry(name).or_default() += count(member.value);
                }
            }
        }
    }
}

/// The events of a batch.
fn children(line: &[u8]) -> Option<Items<'_>> {
    let events = Line::new(line).get("events").ok()??;
    let items = events.items();
    (events.kind() == Kind::List).then_some(items)
}
