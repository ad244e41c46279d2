//! Runs as rows of a table, which are made when they are asked for: most questions keep few of them.

use std::{borrow::Cow, cmp::Ordering};

use trine_model::Role;

use super::{
    Blocks, in_parallel,
    part::{End, Part, Run},
};
use crate::{
    answer::{Answer, Cell, Column},
    engine::{
        event::Row,
        groups::Cells,
        value::{Val, decode},
    },
};

#[derive(Debug)]
pub(in crate::engine) struct Rows {
    pub(super) parts: Vec<Part>,
    /// Of each part.
    pub(super) runs: Vec<Vec<Run>>,
    pub(super) blocks: Blocks,
    /// By their numbers.
    pub(super) operations: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// So many work on them.
    pub(super) threads: usize,
}

/// A run as a row.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct RunRow<'r> {
    rows: &'r Rows,
    part: &'r Part,
    run: Run,
}

impl Rows {
    /// Keeps those that pass.
    pub(in crate::engine) fn keep(&mut self, passes: impl Fn(&RunRow<'_>) -> bool + Sync) {
        let runs = std::mem::take(&mut self.runs);
        let parts = self.parts.iter().zip(runs).collect();
        self.runs = in_parallel(self.threads, parts, |(part, mut runs)| {
            runs.retain(|run| passes(&RunRow { rows: self, part, run: *run }));
            runs
        });
    }

    /// All of them, in the order in which they began.
    pub(in crate::engine) fn in_order(&mut self) -> impl Iterator<Item = RunRow<'_>> {
        let runs = std::mem::take(&mut self.runs);
        let parts = self.parts.iter().zip(runs).collect();
        self.runs = in_parallel(self.threads, parts, |(part, mut runs)| {
            runs.sort_unstable_by(|a, b| self.order(part.first(*a), part.first(*b)));
            runs
        });
        let rows = &*self;
        let mut rests: Vec<(&Part, &[Run])> =
            rows.parts.iter().zip(rows.runs.iter().map(Vec::as_slice)).collect();
        std::iter::from_fn(move || {
            let next = rests.iter_mut().filter(|(_, rest)| !rest.is_empty());
            let (part, rest) = next.min_by(|a, b| rows.order(a.0.first(a.1[0]), b.0.first(b.1[0])))?;
            let (run, behind) = rest.split_first()?;
            *rest = behind;
            Some(RunRow { rows, part, run: *run })
        })
    }

    fn order(&self, a: &End, b: &End) -> Ordering {
        let place = |end: &End| self.blocks.place(end.number());
        a.time().cmp(&b.time()).then_with(|| place(a).cmp(&place(b)))
    }

    pub(in crate::engine) fn answer(mut self) -> Answer {
        let mut answer = Answer::new(self.columns.clone());
        answer.rows = self.in_order().map(|row| row.cells()).collect();
        answer
    }
}

impl RunRow<'_> {
    pub(in crate::engine) fn cells(&self) -> Vec<Cell> {
        (0..self.rows.columns.len()).map(|slot| self.value(slot).into_cell()).collect()
    }
}

/// Behind the operation and the keys: when it began and ended, how long it took, how it ended.
impl Row for RunRow<'_> {
    fn value(&self, slot: usize) -> Val<'_> {
        let (begin, end) = (self.part.end(self.run.begin), self.part.end(self.run.end));
        let Some(any) = begin.or(end) else { return Val::Null };
        let time = |end: Option<&End>| end.map_or(Val::Null, |end| Val::Time(end.time()));
        match self.rows.columns.len() - slot.min(self.rows.columns.len()) {
            4 => time(begin),
            3 => time(end),
            2 => match (begin, end) {
                (Some(begin), Some(end)) => Val::Float(end.time().saturating_sub(begin.time()) as f64 / 1e6),
                _ => Val::Null,
            },
            1 => Val::Text(Cow::Borrowed(match end.map(End::role) {
                Some(Role::Ok) => "success",
                Some(_) => "failure",
                None => "open",
            })),
            0 => Val::Null,
            _ if slot == 0 => Val::Text(Cow::Borrowed(&self.rows.operations[any.operation() as usize])),
            _ => {
                let mut key = self.part.key(self.run);
                (1..slot).for_each(|_| drop(decode(&mut key)));
                Val::from_cell(decode(&mut key))
            }
        }
    }

    fn whole(&self) -> Cow<'_, [u8]> {
        let cells = self.cells();
        Cow::Owned(Cells { cells: &cells, columns: &self.rows.columns }.whole().into_owned())
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &Val<'_>)) {
        for (slot, column) in self.rows.columns.iter().enumerate() {
            visit(&column.name, &self.value(slot));
        }
    }
}
