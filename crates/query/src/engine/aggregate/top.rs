//! Which values there are and how often, for `top` and `values`.

use hashbrown::HashMap;

use super::decoded;
use crate::engine::{hash::Build, value::Val};

/// So many distinct values of a group are told apart. Beyond, the rarest make room (Metwally et al., "Space-Saving", 2005, in batches):
/// what is at the top is still right unless thousands of values are about as common.
pub const TOP_VALUES_MAX: usize = 10_000;
/// Most values that `values` lists.
pub const VALUES_MAX: usize = 1_000;

/// Values, encoded, and how many events have each.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Counts {
    counts: HashMap<Box<[u8]>, f64, Build>,
    /// What a value that made room may have had: whoever comes later may have been there before.
    floor: f64,
}

impl Counts {
    /// Takes a value in; how many bytes of memory that took.
    pub(in crate::engine) fn add(&mut self, val: &Val<'_>, weight: f64) -> usize {
        let mut key = Vec::with_capacity(64);
        val.encode(&mut key);
        self.add_key(&key, weight)
    }

    fn add_key(&mut self, key: &[u8], weight: f64) -> usize {
        if let Some(count) = self.counts.get_mut(key) {
            *count += weight;
            return 0;
        }
        self.counts.insert(key.into(), self.floor + weight);
        if self.counts.len() > 2 * TOP_VALUES_MAX {
            self.prune();
            return 0;
        }
        key.len() + size_of::<(Box<[u8]>, f64)>() + 1
    }

    /// Lets the rarest half go.
    fn prune(&mut self) {
        let mut counts: Vec<f64> = self.counts.values().copied().collect();
        let (_, middle, _) = counts.select_nth_unstable_by(TOP_VALUES_MAX, |a, b| b.total_cmp(a));
        let least = *middle;
        self.floor = self.floor.max(least);
        self.counts.retain(|_, count| *count > least);
    }

    pub(in crate::engine) fn merge(&mut self, other: Counts) {
        self.floor = self.floor.max(other.floor);
        for (key, count) in other.counts {
            self.add_key(&key, count);
        }
    }

    /// The values, the most common first, equal ones by their order.
    pub(in crate::engine) fn sorted(&self) -> Vec<(crate::answer::Cell, f64)> {
        let mut all: Vec<_> = self.counts.iter().map(|(key, count)| (decoded(key), *count)).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| Val::of_cell(&a.0).order(&Val::of_cell(&b.0))));
        all
    }

    pub(in crate::engine) fn len(&self) -> usize {
        self.counts.len()
    }

    /// `{"timeout":12,"declined":3}`
    pub(super) fn top(&self, most: usize) -> String {
        let mut out = String::from("{");
        for (place, (cell, count)) in self.sorted().into_iter().take(most).enumerate() {
            if place > 0 {
                out.push(',');
            }
            crate::answer::quote(&Val::of_cell(&cell).text(), &mut out);
            out.push_str(&format!(":{}", count.round()));
        }
        out.push('}');
        out
    }

    /// `["declined","timeout"]`
    pub(super) fn values(&self) -> String {
        let mut cells: Vec<_> = self.counts.keys().map(|key| decoded(key)).collect();
        cells.sort_by(|a, b| Val::of_cell(a).order(&Val::of_cell(b)));
        let mut out = String::from("[");
        for (place, cell) in cells.iter().take(VALUES_MAX).enumerate() {
            if place > 0 {
                out.push(',');
            }
            cell.json(&mut out);
        }
        out.push(']');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_common_come_first_and_values_are_sorted() {
        let mut counts = Counts::default();
        for text in ["b", "a", "b", "c", "\"q\""] {
            counts.add(&Val::Text(text.into()), 1.0);
        }
        assert_eq!(counts.top(2), r#"{"b":2,"\"q\"":1}"#);
        assert_eq!(counts.values(), r#"["\"q\"","a","b","c"]"#);
    }

    #[test]
    fn common_values_stay_when_rare_ones_make_room() {
        let mut counts = Counts::default();
        for round in 0..3 {
            for number in 0..15_000 {
                counts.add(&Val::Int(i128::from(round * 15_000 + number)), 1.0);
                counts.add(&Val::Text("common".into()), 1.0);
            }
        }
        assert!(counts.len() <= 2 * TOP_VALUES_MAX + 1);
        assert_eq!(counts.sorted()[0], (crate::answer::Cell::Text("common".into()), 45_000.0));
    }
}
