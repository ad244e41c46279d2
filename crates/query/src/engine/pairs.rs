//! Runs of operations, from the event that begins one to the event that ends it, paired by their operation and a key.
//!
//! A run that ends belongs to the last one of its key that is still open, so that runs of one operation within each other close from
//! the inside. An end without a begin is a run, too, whose begin is unknown.

use std::collections::HashMap;

use trine_model::{NameParts, Role};

use super::{
    aggregate::Moment,
    event::Row,
    expr::Expr,
    hash::{self, Build},
    place::Place,
    value::{Val, decode},
};
use crate::{
    answer::{Answer, Cell, Column, Kind},
    lang::Unit,
    scan::line::Raw,
};

/// What runs are told apart by.
#[derive(Clone, Debug)]
pub(super) struct Pairing {
    /// Slots of the name and the time.
    pub(super) name: usize,
    pub(super) time: usize,
    /// Fields, and how they are called.
    pub(super) keys: Vec<(String, Expr)>,
}

/// What is told of a run.
pub(super) fn columns(pairing: &Pairing) -> Vec<Column> {
    let mut columns = vec![Column::key("operation", Kind::Text)];
    columns.extend(pairing.keys.iter().map(|(name, _)| Column::key(name.clone(), Kind::Any)));
    columns.extend([
        Column::new("started", Kind::Time),
        Column::new("ended", Kind::Time),
        Column::new("duration_ms", Kind::Number).with_unit(Unit::Milliseconds),
        Column::new("outcome", Kind::Text),
    ]);
    columns
}

/// Names of which is remembered what they say; a log that makes up names has more, and they are read again and again.
const NAMES_MAX: usize = 10_000;

/// Begins and ends, as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    operations: HashMap<String, u32>,
    /// What the names say that were seen, by their bytes; `None` of those that neither begin nor end a run.
    names: hashbrown::HashMap<Box<[u8]>, Option<(u32, Role)>, Build>,
    /// The keys of the ends, encoded, behind each other: millions of boxes would cost more than what is in them.
    keys: Vec<u8>,
    ends: Vec<End>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    operation: u32,
    role: Role,
    /// Of the key, which is compared only where this is equal.
    hash: u64,
    key: usize,
    key_bytes: u32,
    time: i64,
    place: Place,
}

/// A run: places of its begin and its end among the ends. At least one of them is there.
type Run = (Option<usize>, Option<usize>);

impl End {
    fn key<'k>(&self, keys: &'k [u8]) -> &'k [u8] {
        &keys[self.key..self.key + self.key_bytes as usize]
    }
}

impl Pairs {
    pub(super) fn add(&mut self, pairing: &Pairing, row: &impl Row, moment: &Moment) {
        let known = row.raw(pairing.name).and_then(Raw::plain);
        let said = match known.and_then(|name| self.names.get(name)) {
            Some(said) => *said,
            None => {
                let said = match row.value(pairing.name) {
                    Val::Text(name) => self.said(&name),
                    _ => None,
                };
                if let Some(name) = known.filter(|_| self.names.len() < NAMES_MAX) {
                    self.names.insert(name.into(), said);
                }
                said
            }
        };
        let Some((operation, role)) = said else { return };
        let Some(time) = row.value(pairing.time).time() else { return };
        let key = self.keys.len();
        for (_, expr) in &pairing.keys {
            let val = expr.value(row);
            // Without its key an event belongs to no run.
            if val.is_null() {
                return self.keys.truncate(key);
            }
            val.encode(&mut self.keys);
        }
        let hash = hash::fixed(&self.keys[key..]);
        // Lines are shorter than 4 GiB.
        let key_bytes = (self.keys.len() - key) as u32;
        self.ends.push(End { operation, role, hash, key, key_bytes, time, place: moment.place });
    }

    /// The operation of a name, as a number, and the role of its status; of a point, nothing.
    fn said(&mut self, name: &str) -> Option<(u32, Role)> {
        let parts = NameParts::of(name);
        if parts.role() == Role::Point {
            return None;
        }
        let next = self.operations.len() as u32;
        Some((*self.operations.entry(parts.operation().into_owned()).or_insert(next), parts.role()))
    }

    pub(super) fn merge(&mut self, other: Pairs) {
        let mut numbers = vec![0; other.operations.len()];
        for (operation, number) in other.operations {
            let next = self.operations.len() as u32;
            numbers[number as usize] = *self.operations.entry(operation).or_insert(next);
        }
        let begin = self.keys.len();
        self.keys.extend_from_slice(&other.keys);
        self.ends.extend(other.ends.into_iter().map(|end| End {
            operation: numbers[end.operation as usize],
            key: begin + end.key,
            ..end
        }));
    }

    pub(super) fn bytes(&self) -> usize {
        self.keys.capacity() + self.ends.capacity() * size_of::<End>()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The runs, in the order in which they began.
    fn runs(&mut self) -> Vec<Run> {
        let Pairs { keys, ends, .. } = self;
        // Of two events of one moment, a begin comes before an end.
        ends.sort_unstable_by(|a, b| {
            (a.operation, a.hash)
                .cmp(&(b.operation, b.hash))
                .then_with(|| a.key(keys).cmp(b.key(keys)))
                .then_with(|| (a.time, a.role, a.place).cmp(&(b.time, b.role, b.place)))
        });
        let mut runs: Vec<Run> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for (place, end) in ends.iter().enumerate() {
            let is_next = place > 0 && {
                let before = &ends[place - 1];
                (before.operation, before.hash) == (end.operation, end.hash)
                    && before.key(keys) == end.key(keys)
            };
            if !is_next {
                runs.extend(open.drain(..).map(|begin| (Some(begin), None)));
            }
            match end.role {
                Role::Open => open.push(place),
                _ => runs.push((open.pop(), Some(place))),
            }
        }
        runs.extend(open.drain(..).map(|begin| (Some(begin), None)));
        let order = |(begin, end): &Run| begin.or(*end).map(|place| (ends[place].time, ends[place].place));
        runs.sort_unstable_by_key(order);
        runs
    }

    /// A row for each run, in the order in which they began: an answer without rows, and these, made as they are asked for, since
    /// most questions keep few of them.
    pub(super) fn rows(mut self, pairing: &Pairing) -> (Answer, Box<dyn Iterator<Item = Vec<Cell>>>) {
        let keys = pairing.keys.len();
        let runs = self.runs();
        let mut names = vec![String::new(); self.operations.len()];
        for (name, number) in std::mem::take(&mut self.operations) {
            names[number as usize] = name;
        }
        let rows = runs.into_iter().map(move |(begin, end)| {
            let of = |place: Option<usize>| place.and_then(|place| self.ends.get(place));
            let (begin, end) = (of(begin), of(end));
            let mut cells = Vec::with_capacity(keys + 5);
            if let Some(any) = begin.or(end) {
                cells.push(Cell::Text(names[any.operation as usize].clone()));
                let mut key = any.key(&self.keys);
                cells.extend((0..keys).map(|_| decode(&mut key)));
            }
            let time = |end: Option<&End>| end.map_or(Cell::Null, |end| Cell::Time(end.time));
            let outcome = match end.map(|end| end.role) {
                Some(Role::Ok) => "success",
                Some(_) => "failure",
                None => "open",
            };
            let duration = match (begin, end) {
                (Some(begin), Some(end)) => Cell::Float(end.time.saturating_sub(begin.time) as f64 / 1e6),
                _ => Cell::Null,
            };
            cells.extend([time(begin), time(end), duration, Cell::Text(outcome.to_owned())]);
            cells
        });
        (Answer::new(columns(pairing)), Box::new(rows))
    }
}
