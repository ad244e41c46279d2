//! A table of groups: keys as bytes in one arena, the states of each group behind each other.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::{
    aggregate::{Finish, Gather, Moment, State, Whole},
    event::Row,
    expr::Expr,
    functions::bucket,
    hash::Build,
    value::{Val, decode, encode_text},
};
use crate::{
    answer::{Answer, Cell, Column, Shape},
    scan::line::Kind,
};

/// How groups are made, and what of each is told.
#[derive(Clone, Debug)]
pub(super) struct Grouping {
    pub(super) keys: Vec<KeyBy>,
    pub(super) gathers: Vec<Gather>,
    /// What is made of which gatherer.
    pub(super) finishes: Vec<(usize, Finish)>,
    /// Over the finishes, and behind them the keys.
    pub(super) items: Vec<Expr>,
    /// Of the keys, then of the items.
    pub(super) columns: Vec<Column>,
    /// Length of the stretch of time that is one of the keys.
    pub(super) every_ns: Option<i64>,
    /// Whether it matters when the first and the last event was.
    pub(super) needs_span: bool,
    pub(super) shortcut: Option<Shortcut>,
}

/// What tells the group of an event where its key has nothing else: then the key need not be written down to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shortcut {
    /// Its name.
    by_name: bool,
    /// The stretch of time that it lies in, of this length.
    every: Option<i64>,
}

/// What groups are told apart by.
#[derive(Clone, Debug)]
pub(super) enum KeyBy {
    /// The value in a slot, looked at as it stands in the line where that is enough.
    Slot(usize),
    /// The name in a slot, or what it says.
    Name(usize),
    Expr(Expr),
    /// The stretch of time, of this length, of the time in a slot.
    Every(i64, usize),
}

/// The groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    table: HashTable<u32>,
    build: Build,
    keys: Vec<u8>,
    ends: Vec<usize>,
    states: Vec<State>,
    /// Memory behind the states.
    heap: usize,
    /// The group of the event before, which is often that of the next.
    last: u32,
    /// Where there is a shortcut: the last group of each name, by its number.
    recent: Vec<Recent>,
    scratch: Vec<u8>,
    first_ns: Option<i64>,
    last_ns: Option<i64>,
}

/// The group that the last event with a shortcut was in.
#[derive(Clone, Copy, Debug)]
struct Recent {
    group: u32,
    /// Where its stretch of time begins.
    begin_ns: i64,
}

impl Recent {
    const NONE: Recent = Recent { group: u32::MAX, begin_ns: i64::MIN };
}

impl Shortcut {
    pub(super) fn of(keys: &[KeyBy]) -> Option<Shortcut> {
        let mut shortcut = Shortcut { by_name: false, every: None };
        for key in keys {
            match key {
                KeyBy::Name(_) => shortcut.by_name = true,
                KeyBy::Every(every, _) if shortcut.every.is_none() && *every > 0 => {
                    shortcut.every = Some(*every);
                }
                _ => return None,
            }
        }
        Some(shortcut)
    }

    /// Where the group of an event is remembered.
    #[inline]
    fn place(self, row: &impl Row) -> Option<usize> {
        if self.by_name { row.name_number().map(|number| number as usize) } else { Some(0) }
    }

    /// Whether an event at this time is in the group that is remembered at its place.
    #[inline]
    fn leads_to(self, recent: &Recent, time: i64) -> bool {
        recent.group != Recent::NONE.group
            && self.every.is_none_or(|every| {
                time != i64::MIN && (time.wrapping_sub(recent.begin_ns) as u64) < every as u64
            })
    }
}

impl KeyBy {
    #[inline]
    fn encode(&self, row: &impl Row, moment: &Moment, out: &mut Vec<u8>) {
        match self {
            KeyBy::Slot(slot) | KeyBy::Name(slot) => {
                if let Some(raw) = row.raw(*slot)
                    && raw.kind() == Kind::Text
                    && let Some(plain) = raw.plain()
                {
                    return encode_text(plain, out);
                }
                row.value(*slot).encode(out);
            }
            KeyBy::Expr(expr) => expr.value(row).encode(out),
            KeyBy::Every(every, slot) => {
                let time = if moment.time == i64::MIN { row.value(*slot).time() } else { Some(moment.time) };
                time.map_or(Val::Null, |ns| Val::Time(bucket(ns, *every))).encode(out);
            }
        }
    }
}

impl Groups {
    #[inline(always)]
    pub(super) fn add(&mut self, grouping: &Grouping, row: &impl Row, moment: &Moment) {
        let shortcut = grouping.shortcut.and_then(|shortcut| Some((shortcut, shortcut.place(row)?)));
        let group = match shortcut {
            Some((shortcut, place)) => match self.recent.get(place) {
                Some(recent) if shortcut.leads_to(recent, moment.time) => recent.group as usize,
                _ => self.group_to_remember(grouping, row, moment, shortcut, place),
            },
            None => self.group_of(grouping, row, moment),
        };
        if grouping.needs_span && moment.time != i64::MIN {
            self.first_ns = Some(self.first_ns.map_or(moment.time, |first| first.min(moment.time)));
            self.last_ns = Some(self.last_ns.map_or(moment.time, |last| last.max(moment.time)));
        }
        let length = grouping.gathers.len();
        let states = &mut self.states[group * length..(group + 1) * length];
        for (gather, state) in grouping.gathers.iter().zip(states) {
            self.heap += gather.add(state, row, moment);
        }
    }

    /// The group of an event by its key.
    #[inline]
    fn group_of(&mut self, grouping: &Grouping, row: &impl Row, moment: &Moment) -> usize {
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        for by in &grouping.keys {
            by.encode(row, moment, &mut key);
        }
        let group = self.group(grouping, &key);
        self.scratch = key;
        group
    }

    /// As [`Groups::group_of`], for the next events with this shortcut too.
    #[cold]
    fn group_to_remember(
        &mut self,
        grouping: &Grouping,
        row: &impl Row,
        moment: &Moment,
        shortcut: Shortcut,
        place: usize,
    ) -> usize {
        let group = self.group_of(grouping, row, moment);
        let begin_ns = match shortcut.every {
            Some(every) => bucket(moment.time, every),
            None => 0,
        };
        // The first stretch of all is shorter than the others, and holds the events whose time is not known.
        if begin_ns != i64::MIN {
            if self.recent.len() <= place {
                self.recent.resize(place + 1, Recent::NONE);
            }
            self.recent[place] = Recent { group: group as u32, begin_ns };
        }
        group
    }

    #[inline]
    fn group(&mut self, grouping: &Grouping, key: &[u8]) -> usize {
        if !self.ends.is_empty() && self.key(self.last as usize) == key {
            return self.last as usize;
        }
        let hash = self.build.hash_one(key);
        let Groups { table, keys, ends, .. } = self;
        let found = table.find(hash, |group| key_of(keys, ends, *group as usize) == key);
        let group = match found {
            Some(group) => *group,
            None => self.insert(grouping, key, hash),
        };
        self.last = group;
        group as usize
    }

    #[cold]
    fn insert(&mut self, grouping: &Grouping, key: &[u8], hash: u64) -> u32 {
        // Memory is bounded long before 2^32 groups.
        let group = self.ends.len() as u32;
        self.keys.extend_from_slice(key);
        self.ends.push(self.keys.len());
        self.states.extend(grouping.gathers.iter().map(Gather::begin));
        let Groups { table, build, keys, ends, .. } = self;
        table.insert_unique(hash, group, |other| build.hash_one(key_of(keys, ends, *other as usize)));
        group
    }

    fn key(&self, group: usize) -> &[u8] {
        key_of(&self.keys, &self.ends, group)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.keys.capacity()
            + self.ends.capacity() * size_of::<usize>()
            + self.states.capacity() * size_of::<State>()
            + self.table.capacity() * (size_of::<u32>() + 1)
            + self.heap
    }

    pub(super) fn merge(&mut self, grouping: &Grouping, other: Groups) {
        let length = grouping.gathers.len();
        let mut states = other.states.into_iter();
        for group in 0..other.ends.len() {
            let place = self.group(grouping, key_of(&other.keys, &other.ends, group));
            let own = &mut self.states[place * length..(place + 1) * length];
            for (gather, (own, new)) in grouping.gathers.iter().zip(own.iter_mut().zip(states.by_ref())) {
                gather.merge(own, new);
            }
        }
        self.heap += other.heap;
        self.first_ns = self.first_ns.into_iter().chain(other.first_ns).min();
        self.last_ns = self.last_ns.into_iter().chain(other.last_ns).max();
    }

    /// A row for each group: by time where it is a key, else the largest first; without keys always one.
    pub(super) fn answer(&mut self, grouping: &Grouping, range_ns: Option<f64>) -> Answer {
        if grouping.keys.is_empty() && self.ends.is_empty() {
            self.group(grouping, &[]);
        }
        let seen_ns = self.first_ns.zip(self.last_ns).map(|(first, last)| last.saturating_sub(first) as f64);
        let span_ns = grouping.every_ns.map(|ns| ns as f64).or(range_ns).or(seen_ns).unwrap_or(0.0);
        let mut answer = Answer::new(grouping.columns.clone());
        answer.shape = match grouping.every_ns {
            Some(every_ns) => Shape::Series { every_ns },
            None => Shape::Table,
        };
        let length = grouping.gathers.len();
        for group in 0..self.ends.len() {
            let states = &self.states[group * length..(group + 1) * length];
            let whole = Whole { states, span_ns };
            let mut key = self.key(group);
            let keys: Vec<Cell> = grouping.keys.iter().map(|_| decode(&mut key)).collect();
            let mut cells: Vec<Cell> = grouping
                .finishes
                .iter()
                .map(|(gather, finish)| finish.cell(&states[*gather], &whole))
                .collect();
            cells.extend(keys.iter().cloned());
            let finished = Cells { cells: &cells, columns: &[] };
            let items = grouping.items.iter().map(|item| item.value(&finished).into_cell());
            let row = keys.into_iter().chain(items).collect();
            answer.rows.push(row);
        }
        sort_by_default(&mut answer);
        answer
    }
}

/// By time first, if it is a key; then the largest of the first measure, equal ones by their keys.
fn sort_by_default(answer: &mut Answer) {
    let time =
        answer.columns.iter().position(|column| column.is_key && column.kind == crate::answer::Kind::Time);
    let measure = answer.columns.iter().position(|column| !column.is_key);
    let keys = measure.unwrap_or(answer.columns.len());
    answer.rows.sort_by(|a, b| {
        let order = |place: usize| Val::of_cell(&a[place]).order(&Val::of_cell(&b[place]));
        let by_time = time.map_or(std::cmp::Ordering::Equal, order);
        let by_measure = || match measure.filter(|_| time.is_none()) {
            // Nulls stay last.
            Some(place) if a[place] == Cell::Null || b[place] == Cell::Null => order(place),
            Some(place) => order(place).reverse(),
            None => std::cmp::Ordering::Equal,
        };
        by_time.then_with(by_measure).then_with(|| {
            (0..keys).map(order).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        })
    });
}

fn key_of<'k>(keys: &'k [u8], ends: &[usize], group: usize) -> &'k [u8] {
    let begin = if group == 0 { 0 } else { ends[group - 1] };
    &keys[begin..ends[group]]
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    pub(super) cells: &'a [Cell],
    pub(super) columns: &'a [Column],
}

impl Row for Cells<'_> {
    fn value(&self, slot: usize) -> Val<'_> {
        self.cells.get(slot).map_or(Val::Null, Val::of_cell)
    }

    fn whole(&self) -> std::borrow::Cow<'_, [u8]> {
        let mut text = String::new();
        for cell in self.cells {
            text.push_str(&Val::of_cell(cell).text());
            text.push('\n');
        }
        std::borrow::Cow::Owned(text.into_bytes())
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &Val<'_>)) {
        for (column, cell) in self.columns.iter().zip(self.cells) {
            visit(&column.name, &Val::of_cell(cell));
        }
    }
}
