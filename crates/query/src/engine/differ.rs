//! Which values are more common in some events than in the others: in failures than in successes.

use std::collections::BTreeMap;

use super::{aggregate::Counts, event::Row, expr::Expr, facets::FIELDS_MAX, test::Test, value::Val};
use crate::answer::{Answer, Cell, Column, Kind};

/// So many values are shown: those that differ most.
const ROWS_MAX: usize = 100;
/// A difference smaller than this is chance more often than not.
const DIFFERENCE_MIN: f64 = 0.01;

/// Which events are set against which others, in what.
#[derive(Clone, Debug)]
pub(super) struct Differing {
    /// The ones that are looked into.
    pub(super) these: Test,
    /// What they are compared with.
    pub(super) others: Test,
    /// Only these fields; every one where there is none.
    pub(super) fields: Vec<(String, Expr)>,
}

/// What is told of a value.
pub(super) fn columns() -> Vec<Column> {
    vec![
        Column::key("field", Kind::Text),
        Column::key("value", Kind::Any),
        Column::new("share", Kind::Share),
        Column::new("share_of_others", Kind::Share),
        Column::new("difference", Kind::Share),
    ]
}

/// Values of both sides.
#[derive(Debug, Default)]
pub(super) struct Differ {
    fields: BTreeMap<String, [Counts; 2]>,
    totals: [f64; 2],
    bytes: usize,
}

impl Differ {
    pub(super) fn add(&mut self, differing: &Differing, row: &impl Row, weight: f64) {
        let side = match (differing.these.passes(row), differing.others.passes(row)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => return,
        };
        self.totals[side] += weight;
        if differing.fields.is_empty() {
            row.each(&mut |name, val| self.value(side, name, val, weight));
        } else {
            for (name, expr) in &differing.fields {
                self.value(side, name, &expr.value(row), weight);
            }
        }
    }

    fn value(&mut self, side: usize, name: &str, val: &Val<'_>, weight: f64) {
        if val.is_null() {
            return;
        }
        if !self.fields.contains_key(name) {
            if self.fields.len() >= FIELDS_MAX {
                return;
            }
            self.fields.insert(name.to_owned(), Default::default());
            self.bytes += name.len() + size_of::<(String, [Counts; 2])>();
        }
        if let Some(sides) = self.fields.get_mut(name) {
            self.bytes += sides[side].add(val, weight);
        }
    }

    pub(super) fn merge(&mut self, other: Differ) {
        self.bytes += other.bytes;
        for (side, total) in other.totals.into_iter().enumerate() {
            self.totals[side] += total;
        }
        for (name, [these, others]) in other.fields {
            let own = self.fields.entry(name).or_default();
            own[0].merge(these);
            own[1].merge(others);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.fields.values().flatten().map(Counts::len).sum()
    }

    /// The values whose shares differ most come first. What says which side an event is on (its name, its level) is left out.
    pub(super) fn answer(&self, _: &Differing) -> Answer {
        let mut answer = Answer::new(columns());
        if self.totals.contains(&0.0) {
            return answer;
        }
        for (name, [these, others]) in &self.fields {
            if matches!(name.as_str(), "event" | "level" | "timestamp") {
                continue;
            }
            let others: BTreeMap<String, f64> = others
                .sorted()
                .into_iter()
                .map(|(cell, count)| (Val::of_cell(&cell).text().into_owned(), count))
                .collect();
            for (cell, count) in these.sorted() {
                let share = count / self.totals[0];
                let other = others.get(&*Val::of_cell(&cell).text()).copied().unwrap_or(0.0) / self.totals[1];
                if share - other >= DIFFERENCE_MIN {
                    answer.rows.push(vec![
                        Cell::Text(name.clone()),
                        cell,
                        Cell::Float(share),
                        Cell::Float(other),
                        Cell::Float(share - other),
                    ]);
                }
            }
        }
        answer.rows.sort_by(|a, b| {
            let difference = |row: &[Cell]| row[4].number().unwrap_or_default();
            difference(b).total_cmp(&difference(a))
        });
        answer.rows.truncate(ROWS_MAX);
        answer
    }
}
