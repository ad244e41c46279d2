//! The keys of a part, and the begins and ends that have them.

use hashbrown::{HashTable, hash_table::Entry};
use trine_model::Role;

use super::{Blocks, Moved};

/// No begin, no end.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) keys: Keys,
    /// All begins and ends; those of one key hang together.
    ends: Vec<End>,
}

/// Keys of runs, each held once: they are most of what there is to hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// Encoded, behind each other: millions of boxes would cost more than what is in them.
    bytes: Vec<u8>,
    places: Vec<Key>,
    numbers: HashTable<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    /// Where its bytes end.
    end: usize,
    /// So that a table that grows need not look at the bytes.
    hash: u32,
    /// The last begin or end that has it.
    last: u32,
}

/// A begin or an end.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// As bytes, of which four are spared so: there are millions.
    time: [u8; 8],
    /// The one before with the same key.
    before: u32,
    /// Its operation's number times so many, and one of [`ROLES`].
    operation_role: u32,
    /// As they came: see [`Blocks::place`].
    number: u32,
}

const ROLES: [Role; 3] = [Role::Open, Role::Ok, Role::Fail];

/// A run: its begin and its end among the ends, [`NONE`] or a number, and its key. At least one of the ends is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) begin: u32,
    pub(super) end: u32,
    pub(super) key: u32,
}

impl Keys {
    /// The number of a key.
    #[inline]
    pub(super) fn number(&mut self, hash: u32, key: &[u8]) -> u32 {
        let Keys { bytes, places, numbers } = self;
        let is_it =
            |number: &u32| places[*number as usize].hash == hash && key_of(bytes, places, *number) == key;
        match numbers.entry(spread(hash), is_it, |number| spread(places[*number as usize].hash)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let number = places.len() as u32;
                place.insert(number);
                bytes.extend_from_slice(key);
                places.push(Key { end: bytes.len(), hash, last: NONE });
                number
            }
        }
    }

    fn get(&self, number: u32) -> &[u8] {
        key_of(&self.bytes, &self.places, number)
    }
}

fn key_of<'k>(bytes: &'k [u8], places: &[Key], number: u32) -> &'k [u8] {
    let begin = if number == 0 { 0 } else { places[number as usize - 1].end };
    &bytes[begin..places[number as usize].end]
}

/// A table takes the lowest bits for the place and the highest for the tag.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl End {
    pub(super) fn new(time: i64, operation: u32, role: Role, number: u32) -> End {
        let role = ROLES.iter().position(|other| *other == role).unwrap_or_default();
        let operation_role = operation.wrapping_mul(ROLES.len() as u32) + role as u32;
        End { time: time.to_ne_bytes(), before: NONE, operation_role, number }
    }

    pub(super) fn time(&self) -> i64 {
        i64::from_ne_bytes(self.time)
    }

    pub(super) fn operation(&self) -> u32 {
        self.operation_role / ROLES.len() as u32
    }

    pub(super) fn role(&self) -> Role {
        ROLES[self.operation_role as usize % ROLES.len()]
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }
}

impl Part {
    /// Takes a begin or an end, to those of its key.
    #[inline]
    pub(super) fn hang(&mut self, key: u32, end: End) {
        let last = &mut self.keys.places[key as usize].last;
        let before = std::mem::replace(last, self.ends.len() as u32);
        self.ends.push(End { before, ..end });
    }

    /// Takes what another thread has of this part.
    pub(super) fn merge(&mut self, other: &Part, moved: &Moved) {
        let first = self.ends.len() as u32;
        self.ends.extend(other.ends.iter().map(|end| {
            let operation = moved.operations[end.operation() as usize];
            let before = if end.before == NONE { NONE } else { end.before + first };
            End { before, ..End::new(end.time(), operation, end.role(), moved.first + end.number) }
        }));
        for (number, key) in (0..).zip(&other.keys.places) {
            let own = self.keys.number(key.hash, other.keys.get(number));
            let last = &mut self.keys.places[own as usize].last;
            let before = std::mem::replace(last, key.last + first);
            // The first of the others hangs on the last of those that are here.
            if before != NONE {
                let mut at = key.last;
                while other.ends[at as usize].before != NONE {
                    at = other.ends[at as usize].before;
                }
                self.ends[(at + first) as usize].before = before;
            }
        }
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        let Keys { bytes, places, numbers } = &self.keys;
        let keys = bytes.capacity() + places.capacity() * size_of::<Key>() + numbers.allocation_size();
        keys + self.ends.capacity() * size_of::<End>()
    }

    pub(super) fn key(&self, run: Run) -> &[u8] {
        self.keys.get(run.key)
    }

    /// The begin or the end, if there is one.
    pub(super) fn end(&self, number: u32) -> Option<&End> {
        self.ends.get(number as usize)
    }

    /// What came first of a run.
    pub(super) fn first(&self, run: Run) -> &End {
        &self.ends[if run.begin == NONE { run.end } else { run.begin } as usize]
    }

    /// The runs, in no order.
    pub(super) fn runs(&self, blocks: &Blocks) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let (mut of_key, mut open) = (Vec::new(), Vec::new());
        for (key, Key { last, .. }) in (0..).zip(&self.keys.places) {
            let ends = std::iter::successors(self.ends.get(*last as usize).map(|_| *last), |place| {
                Some(self.ends[*place as usize].before).filter(|before| *before != NONE)
            });
            of_key.clear();
            of_key.extend(ends);
            let end = |place: u32| &self.ends[place as usize];
            // Of two events of one moment, a begin comes before an end.
            of_key.sort_unstable_by(|a, b| {
                let (a, b) = (end(*a), end(*b));
                let kind = |end: &End| (end.operation(), end.time(), end.role());
                kind(a).cmp(&kind(b)).then_with(|| blocks.place(a.number).cmp(&blocks.place(b.number)))
            });
            for pair in of_key.chunk_by(|a, b| end(*a).operation() == end(*b).operation()) {
                for place in pair {
                    match end(*place).role() {
                        Role::Open => open.push(*place),
                        _ => runs.push(Run { begin: open.pop().unwrap_or(NONE), end: *place, key }),
                    }
                }
                runs.extend(open.drain(..).map(|begin| Run { begin, end: NONE, key }));
            }
        }
        runs
    }
}
