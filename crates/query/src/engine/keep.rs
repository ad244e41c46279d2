//! Events or rows that are kept as they are: all, the first ones, or the largest.

use std::cmp::Ordering;

use super::{expr::Expr, place::Place, value::Val};
use crate::{answer::Cell, scan::foreign::Format};

/// Which are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Keeping {
    /// Sorted by these, each descending or not; equal ones, and without any, by their place in the input.
    pub(super) sort: Vec<(Expr, bool)>,
    /// Whether of equal ones the last comes first: where the newest are to come first, those of one moment are as old as their place
    /// says.
    pub(super) is_newest_first: bool,
    /// At most so many.
    pub(super) limit: Option<usize>,
}

/// An event or a row.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Event(KeptEvent),
    Row(Vec<Cell>),
}

/// An event that outlives its block.
#[derive(Clone, Debug)]
pub(super) struct KeptEvent {
    pub(super) line: Vec<u8>,
    pub(super) format: &'static Format,
    pub(super) extra: Vec<Cell>,
}

/// What was kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Keep {
    items: Vec<Item>,
    bytes: usize,
    /// With a limit, and full: nothing from here on is wanted.
    bound: Option<(Vec<Cell>, Place)>,
}

#[derive(Clone, Debug)]
struct Item {
    sort: Vec<Cell>,
    place: Place,
    kept: Kept,
}

impl Kept {
    pub(super) fn bytes(&self) -> usize {
        let cells = |cells: &[Cell]| cells.iter().map(Cell::bytes).sum::<usize>();
        match self {
            Kept::Event(event) => event.line.capacity() + cells(&event.extra),
            Kept::Row(row) => cells(row),
        }
    }
}

impl Keep {
    /// Whether something with these values, at this place, is wanted.
    pub(super) fn wants(&self, keeping: &Keeping, sort: &[Cell], place: Place) -> bool {
        match &self.bound {
            Some((bound, bound_place)) => order(keeping, (sort, place), (bound, *bound_place)).is_lt(),
            None => keeping.limit != Some(0),
        }
    }

    pub(super) fn add(&mut self, keeping: &Keeping, sort: Vec<Cell>, place: Place, kept: Kept) {
        let item = Item { sort, place, kept };
        self.bytes += item.bytes();
        self.items.push(item);
        if let Some(limit) = keeping.limit
            && self.items.len() >= limit.saturating_mul(2).saturating_add(64)
        {
            self.prune(keeping, limit);
        }
    }

    fn prune(&mut self, keeping: &Keeping, limit: usize) {
        self.items.sort_by(|a, b| order(keeping, (&a.sort, a.place), (&b.sort, b.place)));
        self.items.truncate(limit);
        self.bytes = self.items.iter().map(Item::bytes).sum();
        if self.items.len() == limit {
            self.bound = self.items.last().map(|last| (last.sort.clone(), last.place));
        }
    }

    pub(super) fn merge(&mut self, keeping: &Keeping, other: Keep) {
        self.bytes += other.bytes;
        self.items.extend(other.items);
        if let Some(limit) = keeping.limit {
            self.prune(keeping, limit);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// In order.
    pub(super) fn finish(mut self, keeping: &Keeping) -> Vec<Kept> {
        self.items.sort_by(|a, b| order(keeping, (&a.sort, a.place), (&b.sort, b.place)));
        self.items.truncate(keeping.limit.unwrap_or(usize::MAX));
        self.items.into_iter().map(|item| item.kept).collect()
    }
}

impl Item {
    fn bytes(&self) -> usize {
        size_of::<Item>() + self.sort.iter().map(Cell::bytes).sum::<usize>() + self.kept.bytes()
    }
}

fn order(keeping: &Keeping, a: (&[Cell], Place), b: (&[Cell], Place)) -> Ordering {
    for ((_, is_descending), (left, right)) in keeping.sort.iter().zip(a.0.iter().zip(b.0)) {
        let is_null = *left == Cell::Null || *right == Cell::Null;
        let order = Val::of_cell(left).order(&Val::of_cell(right));
        // What has no value comes last either way.
        let order = if *is_descending && !is_null { order.reverse() } else { order };
        if order.is_ne() {
            return order;
        }
    }
    if keeping.is_newest_first { b.1.cmp(&a.1) } else { a.1.cmp(&b.1) }
}
