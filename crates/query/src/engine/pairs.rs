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
    hash::Build,
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

/// Begins and ends, as they come.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    operations: HashMap<String, u32>,
    /// What the names say that were seen, by their bytes: of points, nothing.
    names: hashbrown::HashMap<Box<[u8]>, Option<(u32, Role)>, Build>,
    ends: Vec<End>,
    bytes: usize,
}

/// Names whose operation and role are remembered.
const NAMES_MAX: usize = 10_000;

#[derive(Clone, Debug)]
struct End {
    operation: u32,
    role: Role,
    /// Of the key: what is sorted by first, as most keys differ in it.
    hash: u64,
    key: Box<[u8]>,
    time: i64,
    place: Place,
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
        let mut key = Vec::new();
        for (_, expr) in &pairing.keys {
            let val = expr.value(row);
            // Without its key an event belongs to no run.
            if val.is_null() {
                return;
            }
            val.encode(&mut key);
        }
        self.bytes += size_of::<End>() + key.len();
        let hash = super::hash::fixed(&key);
        self.ends.push(End { operation, role, hash, key: key.into(), time, place: moment.place });
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
        self.bytes += other.bytes;
        self.ends.extend(
            other.ends.into_iter().map(|end| End { operation: numbers[end.operation as usize], ..end }),
        );
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A row for each run, in the order in which they began.
    pub(super) fn answer(mut self, pairing: &Pairing) -> Answer {
        let columns = columns(pairing);
        let mut names = vec![String::new(); self.operations.len()];
        for (name, number) in self.operations {
            names[number as usize] = name;
        }
        // Of two events of one moment, a begin comes before an end.
        self.ends.sort_unstable_by(|a, b| {
            let order = |end: &End| (end.operation, end.hash);
            order(a)
                .cmp(&order(b))
                .then_with(|| (&a.key, a.time, a.role, a.place).cmp(&(&b.key, b.time, b.role, b.place)))
        });
        let mut runs: Vec<(i64, Vec<Cell>)> = Vec::new();
        let mut open: Vec<&End> = Vec::new();
        let mut row = |begin: Option<&End>, end: Option<&End>, of: &End| {
            let mut key = &of.key[..];
            let mut cells = vec![Cell::Text(names[of.operation as usize].clone())];
            cells.extend(pairing.keys.iter().map(|_| decode(&mut key)));
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
            runs.push((begin.or(end).map_or(0, |end| end.time), cells));
        };
        for (place, end) in self.ends.iter().enumerate() {
            let is_next = place > 0 && {
                let before = &self.ends[place - 1];
                (before.operation, &before.key) == (end.operation, &end.key)
            };
            if !is_next {
                open.drain(..).for_each(|begin| row(Some(begin), None, begin));
            }
            match end.role {
                Role::Open => open.push(end),
                _ => row(open.pop(), Some(end), end),
            }
        }
        open.drain(..).for_each(|begin| row(Some(begin), None, begin));
        runs.sort_by_key(|(time, _)| *time);
        let mut answer = Answer::new(columns);
        answer.rows = runs.into_iter().map(|(_, cells)| cells).collect();
        answer
    }
}
