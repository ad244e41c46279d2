//! Where events or rows go that pass: gathered by each thread, merged, and finished into rows.

use super::{
    aggregate::Moment,
    differ::{Differ, Differing},
    event::Row,
    expr::Expr,
    facets::{FieldCounts, Names},
    firsts::Firsts,
    groups::{Grouping, Groups},
    keep::{Keep, Keeping, Kept},
    pairs::{Pairing, Pairs, Rows},
};
use crate::answer::{Answer, Cell, Column};

/// What a segment does with what passes its steps.
#[derive(Clone, Debug)]
pub(super) enum Sink {
    Keep(Keeping),
    /// As [`Sink::Keep`], but only these values.
    Project(Vec<Expr>, Vec<Column>, Keeping),
    Group(Grouping),
    /// The first with each combination of values.
    Dedup(Vec<Expr>),
    /// The most common values of each field.
    Facets(usize),
    FieldNames,
    Pair(Pairing),
    Differ(Differing),
}

/// What one thread gathered.
#[derive(Debug)]
pub(super) enum Gathered {
    Keep(Keep),
    Groups(Box<Groups>),
    Dedup(Firsts),
    Facets(FieldCounts),
    Names(Names),
    Pairs(Pairs),
    Differ(Differ),
}

/// What comes out of a segment.
pub(super) enum Data {
    /// Events, or rows, with the columns they had.
    Kept(Vec<Kept>),
    Answer(Answer),
    /// Rows that are made as they are asked for.
    Runs(Rows),
}

impl Sink {
    pub(super) fn begin(&self) -> Gathered {
        match self {
            Sink::Keep(_) | Sink::Project(..) => Gathered::Keep(Keep::default()),
            Sink::Group(_) => Gathered::Groups(Box::default()),
            Sink::Dedup(_) => Gathered::Dedup(Firsts::default()),
            Sink::Facets(_) => Gathered::Facets(FieldCounts::default()),
            Sink::FieldNames => Gathered::Names(Names::default()),
            Sink::Pair(_) => Gathered::Pairs(Pairs::default()),
            Sink::Differ(_) => Gathered::Differ(Differ::default()),
        }
    }

    /// Whether it matters for how many an event stands.
    pub(super) fn is_weighted(&self) -> bool {
        matches!(self, Sink::Group(_) | Sink::Facets(_) | Sink::FieldNames | Sink::Differ(_))
    }

    /// Takes in what passed. `keep` makes a copy of it, which is asked for only where it is wanted.
    pub(super) fn add(
        &self,
        gathered: &mut Gathered,
        row: &impl Row,
        moment: &Moment,
        keep: impl FnOnce() -> Kept,
    ) {
        match (self, gathered) {
            (Sink::Group(grouping), Gathered::Groups(groups)) => groups.add(grouping, row, moment),
            (Sink::Keep(keeping), Gathered::Keep(kept)) => {
                let sort = sort_cells(keeping, row);
                if kept.wants(keeping, &sort, moment.place) {
                    kept.add(keeping, sort, moment.place, keep());
                }
            }
            (Sink::Project(exprs, _, keeping), Gathered::Keep(kept)) => {
                let sort = sort_cells(keeping, row);
                if kept.wants(keeping, &sort, moment.place) {
                    let cells = exprs.iter().map(|expr| expr.value(row).into_cell()).collect();
                    kept.add(keeping, sort, moment.place, Kept::Row(cells));
                }
            }
            (Sink::Dedup(exprs), Gathered::Dedup(firsts)) => firsts.add(exprs, row, moment.place, keep),
            (Sink::Facets(_), Gathered::Facets(counts)) => {
                row.each(&mut |name, val| counts.add(name, val, moment.weight));
            }
            (Sink::FieldNames, Gathered::Names(names)) => {
                row.each(&mut |name, val| names.add(name, val, moment.weight));
            }
            (Sink::Pair(pairing), Gathered::Pairs(pairs)) => pairs.add(pairing, row, moment),
            (Sink::Differ(differing), Gathered::Differ(differ)) => differ.add(differing, row, moment.weight),
            _ => {}
        }
    }

    pub(super) fn merge(&self, into: &mut Gathered, from: Gathered) {
        match (self, into, from) {
            (
                Sink::Keep(keeping) | Sink::Project(_, _, keeping),
                Gathered::Keep(kept),
                Gathered::Keep(more),
            ) => {
                kept.merge(keeping, more);
            }
            (Sink::Group(grouping), Gathered::Groups(groups), Gathered::Groups(more)) => {
                groups.merge(grouping, *more);
            }
            (_, Gathered::Dedup(firsts), Gathered::Dedup(more)) => firsts.merge(more),
            (_, Gathered::Facets(counts), Gathered::Facets(more)) => counts.merge(more),
            (_, Gathered::Names(names), Gathered::Names(more)) => names.merge(more),
            (_, Gathered::Pairs(pairs), Gathered::Pairs(more)) => pairs.merge(more),
            (_, Gathered::Differ(differ), Gathered::Differ(more)) => differ.merge(more),
            _ => {}
        }
    }

    /// What would come of what was gathered so far, which goes on.
    pub(super) fn look(&self, gathered: &mut Gathered, range_ns: Option<f64>) -> Data {
        match (self, gathered) {
            (Sink::Keep(keeping) | Sink::Project(_, _, keeping), Gathered::Keep(kept)) => {
                self.data_of(kept.clone().finish(keeping))
            }
            (Sink::Group(grouping), Gathered::Groups(groups)) => {
                Data::Answer(groups.answer(grouping, range_ns))
            }
            (_, Gathered::Dedup(firsts)) => Data::Kept(firsts.look()),
            (Sink::Facets(most), Gathered::Facets(counts)) => Data::Answer(counts.answer(*most)),
            (_, Gathered::Names(names)) => Data::Answer(names.answer()),
            (Sink::Pair(pairing), Gathered::Pairs(pairs)) => Data::Runs(pairs.clone().finish(pairing)),
            (Sink::Differ(differing), Gathered::Differ(differ)) => Data::Answer(differ.answer(differing)),
            // Each sink begins what it gathers itself.
            _ => Data::Answer(Answer::default()),
        }
    }

    /// What came since the last time, of what can be told of as it comes: events, rows of them, the first of each kind.
    pub(super) fn news(&self, gathered: &mut Gathered, range_ns: Option<f64>) -> Data {
        match gathered {
            Gathered::Dedup(firsts) => Data::Kept(firsts.news()),
            gathered => self.finish(std::mem::replace(gathered, self.begin()), range_ns),
        }
    }

    /// What was kept, in its order.
    pub(super) fn data_of(&self, kept: Vec<Kept>) -> Data {
        let Sink::Project(_, columns, _) = self else { return Data::Kept(kept) };
        let mut answer = Answer::new(columns.clone());
        answer.rows = kept.into_iter().filter_map(Kept::into_row).collect();
        Data::Answer(answer)
    }

    /// `range_ns`: how long the range of time is that was asked for.
    pub(super) fn finish(&self, gathered: Gathered, range_ns: Option<f64>) -> Data {
        match (self, gathered) {
            (Sink::Keep(keeping) | Sink::Project(_, _, keeping), Gathered::Keep(kept)) => {
                self.data_of(kept.finish(keeping))
            }
            (Sink::Group(grouping), Gathered::Groups(mut groups)) => {
                Data::Answer(groups.answer(grouping, range_ns))
            }
            (_, Gathered::Dedup(firsts)) => Data::Kept(firsts.finish()),
            (Sink::Facets(most), Gathered::Facets(counts)) => Data::Answer(counts.answer(*most)),
            (_, Gathered::Names(names)) => Data::Answer(names.answer()),
            (Sink::Pair(pairing), Gathered::Pairs(pairs)) => Data::Runs(pairs.finish(pairing)),
            (Sink::Differ(differing), Gathered::Differ(differ)) => Data::Answer(differ.answer(differing)),
            // Each sink begins what it gathers itself.
            _ => Data::Answer(Answer::default()),
        }
    }
}

impl Gathered {
    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Gathered::Keep(kept) => kept.bytes(),
            Gathered::Groups(groups) => groups.bytes(),
            Gathered::Dedup(firsts) => firsts.bytes(),
            Gathered::Facets(counts) => counts.bytes(),
            Gathered::Names(names) => names.bytes(),
            Gathered::Pairs(pairs) => pairs.bytes(),
            Gathered::Differ(differ) => differ.bytes(),
        }
    }

    /// How many of what, for the message that it is too much.
    pub(super) fn size(&self) -> (usize, &'static str) {
        match self {
            Gathered::Keep(kept) => (kept.len(), "event"),
            Gathered::Groups(groups) => (groups.len(), "group"),
            Gathered::Dedup(firsts) => (firsts.len(), "distinct event"),
            Gathered::Facets(counts) => (counts.len(), "value"),
            Gathered::Names(names) => (names.len(), "field"),
            Gathered::Pairs(pairs) => (pairs.len(), "event"),
            Gathered::Differ(differ) => (differ.len(), "value"),
        }
    }
}

impl Kept {
    fn into_row(self) -> Option<Vec<Cell>> {
        match self {
            Kept::Row(cells) => Some(cells),
            Kept::Event(_) => None,
        }
    }
}

fn sort_cells(keeping: &Keeping, row: &impl Row) -> Vec<Cell> {
    keeping.sort.iter().map(|(expr, _)| expr.value(row).into_cell()).collect()
}
