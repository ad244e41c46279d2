//! Runs of operations, from the event that begins one to the event that ends it, paired by their operation and a key.
//!
//! A run that ends belongs to the last one of its key that is still open, so that runs of one operation within each other close from
//! the inside. An end without a begin is a run, too, whose begin is unknown.
//!
//! Keys are held in [`PARTS`] parts, by their hashes: what each thread gathered is put together part by part, by all of them, and so are
//! the runs found.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    panic::resume_unwind,
    sync::{Mutex, PoisonError},
    thread,
};

use trine_model::{NameParts, Role};

use self::part::{End, Part};
pub(super) use self::rows::Rows;
use super::{
    aggregate::Moment,
    event::Row,
    expr::Expr,
    hash::{self, Build},
    place::Place,
    run::HELD_MAX,
    value::{Val, encode_text},
};
use crate::{
    answer::{Column, Kind},
    lang::Unit,
    scan::{input::Order, line::Raw},
};

mod part;
mod rows;

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

/// Into so many parts the keys are divided: so many threads can work on them at the end.
const PARTS: usize = 8;

/// Begins and ends, as they come.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    operations: HashMap<String, u32>,
    /// What the names say that were seen, by their numbers.
    names: Vec<Option<Said>>,
    parts: Vec<Part>,
    blocks: Blocks,
    /// So many begins and ends came.
    count: usize,
    /// The key of the event that is looked at.
    key: Vec<u8>,
    build: Build,
    /// What other threads gathered.
    others: Vec<Pairs>,
}

/// The operation of a name, as a number, and the role of its status; `None` of those that neither begin nor end a run.
type Said = Option<(u32, Role)>;

/// The blocks in which the ends stand, and the number of the first of each: those of a block come behind each other, in its order.
#[derive(Clone, Debug, Default)]
struct Blocks(Vec<(u32, Order)>);

impl Blocks {
    /// Where in the input the end with this number stands. Sorted by it, ends are in the order of their lines.
    fn place(&self, number: u32) -> (Order, u32) {
        let behind = self.0.partition_point(|(first, _)| *first <= number);
        let order = self.0.get(behind.wrapping_sub(1)).map(|(_, order)| *order);
        (order.unwrap_or_default(), number)
    }
}

impl Default for Pairs {
    fn default() -> Pairs {
        Pairs {
            operations: HashMap::new(),
            names: Vec::new(),
            parts: vec![Part::default(); PARTS],
            blocks: Blocks::default(),
            count: 0,
            key: Vec::new(),
            build: hash::shared(),
            others: Vec::new(),
        }
    }
}

impl Pairs {
    pub(super) fn add(&mut self, pairing: &Pairing, row: &impl Row, moment: &Moment) {
        let Some((operation, role)) = self.said_of(pairing, row) else { return };
        let time = if moment.time == i64::MIN { row.value(pairing.time).time() } else { Some(moment.time) };
        let Some(time) = time else { return };
        self.key.clear();
        for (_, expr) in &pairing.keys {
            if let Expr::Slot(slot) = expr
                && let Some(plain) = row.raw(*slot).and_then(Raw::plain)
            {
                encode_text(plain, &mut self.key);
                continue;
            }
            let val = expr.value(row);
            // Without its key an event belongs to no run.
            if val.is_null() {
                return;
            }
            val.encode(&mut self.key);
        }
        if self.count >= HELD_MAX {
            return;
        }
        let number = self.count as u32;
        self.count += 1;
        let Place { block, .. } = moment.place;
        if self.blocks.0.last().is_none_or(|(_, last)| *last != block) {
            self.blocks.0.push((number, block));
        }
        let hash = self.build.hash_one(&self.key[..]);
        // Folded to what is kept with each key.
        let hash = (hash >> 32) as u32 ^ hash as u32;
        let part = &mut self.parts[part_of(hash)];
        let key = part.keys.number(hash, &self.key);
        part.hang(key, End::new(time, operation, role, number));
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

    /// Takes what another thread gathered. It is put together when all is there.
    pub(super) fn merge(&mut self, mut other: Pairs) {
        let more = std::mem::take(&mut other.others);
        self.others.push(other);
        self.others.extend(more);
    }

    pub(super) fn bytes(&self) -> usize {
        if self.count >= HELD_MAX {
            return usize::MAX;
        }
        let parts: usize = self.parts.iter().map(Part::allocated_bytes).sum();
        let blocks = self.blocks.0.capacity() * size_of::<(u32, Order)>();
        parts + blocks + self.others.iter().map(Pairs::bytes).sum::<usize>()
    }

    pub(super) fn len(&self) -> usize {
        self.count + self.others.iter().map(|other| other.count).sum::<usize>()
    }

    /// A row for each run.
    pub(super) fn finish(mut self, pairing: &Pairing) -> Rows {
        let others = std::mem::take(&mut self.others);
        let threads = others.len() + 1;
        let mut all: Vec<Vec<(Part, Moved)>> =
            self.parts.into_iter().map(|part| vec![(part, Moved::default())]).collect();
        for other in others {
            let mut operations = vec![0; other.operations.len()];
            for (operation, number) in other.operations {
                let next = self.operations.len() as u32;
                operations[number as usize] = *self.operations.entry(operation).or_insert(next);
            }
            let moved = Moved { operations, first: self.count as u32 };
            let blocks = other.blocks.0.into_iter();
            self.blocks.0.extend(blocks.map(|(first, order)| (moved.first + first, order)));
            self.count += other.count;
            for (parts, part) in all.iter_mut().zip(other.parts) {
                parts.push((part, moved.clone()));
            }
        }
        let blocks = self.blocks;
        let (parts, runs) = in_parallel(threads, all, |parts| {
            let mut parts = parts.into_iter();
            let (mut part, _) = parts.next().unwrap_or_default();
            parts.for_each(|(other, moved)| part.merge(&other, &moved));
            let runs = part.runs(&blocks);
            (part, runs)
        })
        .into_iter()
        .unzip();
        let mut operations = vec![String::new(); self.operations.len()];
        for (name, number) in self.operations {
            operations[number as usize] = name;
        }
        Rows { parts, runs, blocks, operations, columns: columns(pairing), threads }
    }
}

/// How the operations of another thread are numbered here, and its first begin or end.
#[derive(Clone, Debug, Default)]
struct Moved {
    operations: Vec<u32>,
    first: u32,
}

/// The part of a key with this hash: told by bits of which a table takes neither place nor tag, until it has four million places.
fn part_of(hash: u32) -> usize {
    (hash >> 22) as usize % PARTS
}

/// Works on all items, on so many threads at most; the results in the order of the items.
fn in_parallel<T: Send, R: Send>(threads: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = threads.min(items.len());
    let queue = Mutex::new(items.into_iter().enumerate());
    let take = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let one = || std::iter::from_fn(take).map(|(number, item)| (number, work(item))).collect::<Vec<_>>();
    let mut done = thread::scope(|scope| {
        // Where there is no further thread, those that are there do all.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, one).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mut done = one();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
