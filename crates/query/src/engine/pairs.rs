//! Runs of operations, from the event that begins one to the event that ends it, paired by their operation and a key.
//!
//! A run that ends belongs to the last one of its key that is still open, so that runs of one operation within each other close from
//! the inside. An end without a begin is a run, too, whose begin is unknown.

use std::{borrow::Cow, collections::HashMap, hash::BuildHasher};

use hashbrown::{HashTable, hash_table::Entry};
use trine_model::{NameParts, Role};

use super::{
    aggregate::Moment,
    event::Row,
    expr::Expr,
    groups::Cells,
    hash::Build,
    place::Place,
    value::{Val, decode},
};
use crate::{
    answer::{Answer, Cell, Column, Kind},
    lang::Unit,
    scan::input::Order,
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

/// Begins and ends that are held, as they are numbered with 32 bits; with 32 bytes each, 128 GiB.
const ENDS_MAX: usize = u32::MAX as usize - 1;
/// No begin, no end.
const NONE: u32 = u32::MAX;

/// Begins and ends, as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    operations: HashMap<String, u32>,
    /// What the names say that were seen, by their numbers.
    names: Vec<Option<Said>>,
    keys: Keys,
    /// All begins and ends; those of one key hang together.
    ends: Vec<End>,
    /// The blocks in which they stand: a number for each is shorter than where it is.
    blocks: Vec<Order>,
    /// The key of the event that is looked at.
    key: Vec<u8>,
}

/// The operation of a name, as a number, and the role of its status; `None` of those that neither begin nor end a run.
type Said = Option<(u32, Role)>;

/// Keys of runs, each held once: they are most of what there is to hold.
#[derive(Clone, Debug, Default)]
struct Keys {
    /// Encoded, behind each other: millions of boxes would cost more than what is in them.
    bytes: Vec<u8>,
    /// Where each ends, and the last begin or end that has it.
    places: Vec<(usize, u32)>,
    numbers: HashTable<u32>,
    build: Build,
}

/// A begin or an end.
#[derive(Clone, Copy, Debug)]
struct End {
    time: i64,
    key: u32,
    /// The one before with the same key.
    before: u32,
    operation: u32,
    block: u32,
    line: u32,
    /// Which event of a batch it is, and what its status means: [`CHILD_ROLES`].
    child: u32,
}

/// A child's number, times so many, and one of [`ROLES`].
const CHILD_ROLES: u32 = ROLES.len() as u32;
const ROLES: [Role; 3] = [Role::Open, Role::Ok, Role::Fail];

/// A run: its begin and its end among the ends, [`NONE`] or a number. At least one of them is there.
type Run = (u32, u32);

impl Keys {
    /// The number of a key.
    fn number(&mut self, key: &[u8]) -> u32 {
        let Keys { bytes, places, numbers, build } = self;
        let of = |number: u32| key_of(bytes, places, number);
        let hash = build.hash_one(key);
        match numbers.entry(hash, |number| of(*number) == key, |number| build.hash_one(of(*number))) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let number = places.len() as u32;
                place.insert(number);
                bytes.extend_from_slice(key);
                places.push((bytes.len(), NONE));
                number
            }
        }
    }

    fn get(&self, number: u32) -> &[u8] {
        key_of(&self.bytes, &self.places, number)
    }

    fn allocated_bytes(&self) -> usize {
        let places = self.places.capacity() * size_of::<(usize, u32)>();
        self.bytes.capacity() + places + self.numbers.allocation_size()
    }
}

fn key_of<'k>(bytes: &'k [u8], places: &[(usize, u32)], number: u32) -> &'k [u8] {
    let begin = if number == 0 { 0 } else { places[number as usize - 1].0 };
    &bytes[begin..places[number as usize].0]
}

impl End {
    fn role(&self) -> Role {
        ROLES[(self.child % CHILD_ROLES) as usize]
    }
}

impl Pairs {
    pub(super) fn add(&mut self, pairing: &Pairing, row: &impl Row, moment: &Moment) {
        let Some((operation, role)) = self.said_of(pairing, row) else { return };
        let time = if moment.time == i64::MIN { row.value(pairing.time).time() } else { Some(moment.time) };
        let Some(time) = time else { return };
        self.key.clear();
        for (_, expr) in &pairing.keys {
            let val = expr.value(row);
            // Without its key an event belongs to no run.
            if val.is_null() {
                return;
            }
            val.encode(&mut self.key);
        }
        let key = self.keys.number(&self.key);
        let Place { block, line, child } = moment.place;
        if self.blocks.last() != Some(&block) {
            self.blocks.push(block);
        }
        let role = ROLES.iter().position(|other| *other == role).unwrap_or_default() as u32;
        let child = child.wrapping_mul(CHILD_ROLES) + role;
        let block = self.blocks.len() as u32 - 1;
        self.hang(End { time, key, before: NONE, operation, block, line, child });
    }

    /// Takes a begin or an end, to those of its key.
    fn hang(&mut self, end: End) {
        if self.ends.len() < ENDS_MAX {
            let last = &mut self.keys.places[end.key as usize].1;
            let before = std::mem::replace(last, self.ends.len() as u32);
            self.ends.push(End { before, ..end });
        }
    }

    #[inline]
    fn said_of(&mut self, pairing: &Pairing, row: &impl Row) -> Said {
        let number = row.name_number().map(|number| number as usize);
        if let Some(Some(said)) = number.and_then(|number| self.names.get(number)) {
            return *said;
        }
        let said = match row.value(pairing.name) {
            Val::Text(name) => self.said(&name),
            _ => None,
        };
        if let Some(number) = number {
            if self.names.len() <= number {
                self.names.resize(number + 1, None);
            }
            self.names[number] = Some(said);
        }
        said
    }

    fn said(&mut self, name: &str) -> Said {
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
        let keys: Vec<u32> =
            (0..other.keys.places.len() as u32).map(|key| self.keys.number(other.keys.get(key))).collect();
        let blocks = self.blocks.len() as u32;
        self.blocks.extend(other.blocks);
        for end in other.ends {
            self.hang(End {
                operation: numbers[end.operation as usize],
                key: keys[end.key as usize],
                block: blocks + end.block,
                ..end
            });
        }
    }

    pub(super) fn bytes(&self) -> usize {
        if self.ends.len() >= ENDS_MAX {
            return usize::MAX;
        }
        self.keys.allocated_bytes()
            + self.ends.capacity() * size_of::<End>()
            + self.blocks.capacity() * size_of::<Order>()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The runs, in the order in which they began.
    fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let (mut of_key, mut open) = (Vec::new(), Vec::new());
        for (_, last) in &self.keys.places {
            let ends = std::iter::successors(self.ends.get(*last as usize).map(|_| *last), |place| {
                Some(self.ends[*place as usize].before).filter(|before| *before != NONE)
            });
            of_key.clear();
            of_key.extend(ends);
            // Of two events of one moment, a begin comes before an end.
            of_key.sort_unstable_by_key(|place| {
                let end = &self.ends[*place as usize];
                (end.operation, end.time, end.role(), self.place(end))
            });
            for pair in
                of_key.chunk_by(|a, b| self.ends[*a as usize].operation == self.ends[*b as usize].operation)
            {
                for place in pair {
                    match self.ends[*place as usize].role() {
                        Role::Open => open.push(*place),
                        _ => runs.push((open.pop().unwrap_or(NONE), *place)),
                    }
                }
                runs.extend(open.drain(..).map(|begin| (begin, NONE)));
            }
        }
        let order = |(begin, end): &Run| {
            let first = &self.ends[if *begin == NONE { *end } else { *begin } as usize];
            (first.time, self.place(first))
        };
        runs.sort_unstable_by_key(order);
        runs
    }

    /// Where in the input it stands.
    fn place(&self, end: &End) -> Place {
        Place { block: self.blocks[end.block as usize], line: end.line, child: end.child / CHILD_ROLES }
    }

    /// A row for each run, in the order in which they began.
    pub(super) fn finish(mut self, pairing: &Pairing) -> Rows {
        let runs = self.runs();
        let mut operations = vec![String::new(); self.operations.len()];
        for (name, number) in std::mem::take(&mut self.operations) {
            operations[number as usize] = name;
        }
        Rows { pairs: self, runs, operations, columns: columns(pairing) }
    }
}

/// The runs as rows of a table, which are made when they are asked for: most questions keep few of them.
#[derive(Debug)]
pub(super) struct Rows {
    pairs: Pairs,
    runs: Vec<Run>,
    /// By their numbers.
    operations: Vec<String>,
    columns: Vec<Column>,
}

impl Rows {
    /// All rows, not made yet.
    pub(super) fn iter(&self) -> impl Iterator<Item = RunRow<'_>> {
        self.runs.iter().map(|run| RunRow { rows: self, run: *run })
    }

    pub(super) fn answer(&self) -> Answer {
        let mut answer = Answer::new(self.columns.clone());
        answer.rows = self.iter().map(|row| row.cells()).collect();
        answer
    }
}

/// A run as a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunRow<'r> {
    rows: &'r Rows,
    run: Run,
}

impl RunRow<'_> {
    pub(super) fn cells(&self) -> Vec<Cell> {
        (0..self.rows.columns.len()).map(|slot| self.value(slot).into_cell()).collect()
    }

    /// The begin or the end, if there is one.
    fn end(&self, number: u32) -> Option<&End> {
        self.rows.pairs.ends.get(number as usize)
    }
}

/// Behind the operation and the keys: when it began and ended, how long it took, how it ended.
impl Row for RunRow<'_> {
    fn value(&self, slot: usize) -> Val<'_> {
        let (begin, end) = (self.end(self.run.0), self.end(self.run.1));
        let Some(any) = begin.or(end) else { return Val::Null };
        let time = |end: Option<&End>| end.map_or(Val::Null, |end| Val::Time(end.time));
        match self.rows.columns.len() - slot.min(self.rows.columns.len()) {
            4 => time(begin),
            3 => time(end),
            2 => match (begin, end) {
                (Some(begin), Some(end)) => Val::Float(end.time.saturating_sub(begin.time) as f64 / 1e6),
                _ => Val::Null,
            },
            1 => Val::Text(Cow::Borrowed(match end.map(End::role) {
                Some(Role::Ok) => "success",
                Some(_) => "failure",
                None => "open",
            })),
            0 => Val::Null,
            _ if slot == 0 => Val::Text(Cow::Borrowed(&self.rows.operations[any.operation as usize])),
            _ => {
                let mut key = self.rows.pairs.keys.get(any.key);
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
