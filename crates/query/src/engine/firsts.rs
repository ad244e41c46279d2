//! The first event or row with each combination of values.

use hashbrown::{HashMap, hash_map::Entry};

use super::{event::Row, expr::Expr, hash::Build, keep::Kept, place::Place};

/// Those found so far.
#[derive(Debug, Default)]
pub(super) struct Firsts {
    /// By their values, encoded; `None` once it was told of.
    seen: HashMap<Box<[u8]>, (Place, Option<Kept>), Build>,
    bytes: usize,
}

impl Firsts {
    /// Takes in one more. `keep` makes a copy, which is asked for only where it is the first so far.
    pub(super) fn add(&mut self, exprs: &[Expr], row: &impl Row, place: Place, keep: impl FnOnce() -> Kept) {
        let mut key = Vec::new();
        if exprs.is_empty() {
            key.extend_from_slice(&row.whole());
        }
        exprs.iter().for_each(|expr| expr.value(row).encode(&mut key));
        match self.seen.entry(key.into_boxed_slice()) {
            Entry::Occupied(mut first) => replace(first.get_mut(), place, || Some(keep())),
            Entry::Vacant(slot) => {
                let kept = keep();
                self.bytes += slot.key().len() + size_of::<(Place, Option<Kept>)>() + kept.bytes();
                slot.insert((place, Some(kept)));
            }
        }
    }

    pub(super) fn merge(&mut self, more: Firsts) {
        self.bytes += more.bytes;
        for (key, (place, kept)) in more.seen {
            match self.seen.entry(key) {
                Entry::Occupied(mut first) => replace(first.get_mut(), place, || kept),
                Entry::Vacant(slot) => drop(slot.insert((place, kept))),
            }
        }
    }

    /// All that were not told of, in their order.
    pub(super) fn finish(self) -> Vec<Kept> {
        in_order(self.seen.into_values().filter_map(|(place, kept)| Some((place, kept?))))
    }

    /// What [`Firsts::finish`] would give now.
    pub(super) fn look(&self) -> Vec<Kept> {
        in_order(self.seen.values().filter_map(|(place, kept)| Some((*place, kept.clone()?))))
    }

    /// Those that came since the last time, of which only their values are remembered then.
    pub(super) fn news(&mut self) -> Vec<Kept> {
        let news = in_order(self.seen.values_mut().filter_map(|(place, kept)| Some((*place, kept.take()?))));
        self.bytes -= news.iter().map(Kept::bytes).sum::<usize>();
        news
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }
}

/// The earlier one stays, and one that was told of.
fn replace(first: &mut (Place, Option<Kept>), place: Place, keep: impl FnOnce() -> Option<Kept>) {
    if place < first.0 && first.1.is_some() {
        *first = (place, keep());
    }
}

fn in_order(found: impl Iterator<Item = (Place, Kept)>) -> Vec<Kept> {
    let mut all: Vec<(Place, Kept)> = found.collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, kept)| kept).collect()
}
