//! Which fields there are, and which values they have.

use std::collections::BTreeMap;

use super::{aggregate::Counts, value::Val};
use crate::answer::{Answer, Cell, Column, Kind};

/// Fields that are told apart; a log that makes up keys has more, and their rest is left out.
pub const FIELDS_MAX: usize = 10_000;

/// What is told of a value of a field.
pub(super) fn facet_columns() -> Vec<Column> {
    vec![
        Column::key("field", Kind::Text),
        Column::key("value", Kind::Any),
        Column::new("count", Kind::Number),
        Column::new("share", Kind::Share),
    ]
}

/// What is told of a field.
pub(super) fn name_columns() -> Vec<Column> {
    vec![
        Column::key("field", Kind::Text),
        Column::new("count", Kind::Number),
        Column::new("types", Kind::Text),
    ]
}

/// Values of every field.
#[derive(Debug, Default)]
pub(super) struct FieldCounts {
    fields: BTreeMap<String, (Counts, f64)>,
    bytes: usize,
    events: f64,
}

impl FieldCounts {
    pub(super) fn add(&mut self, name: &str, val: &Val<'_>, weight: f64) {
        if val.is_null() {
            return;
        }
        if !self.fields.contains_key(name) {
            if self.fields.len() >= FIELDS_MAX {
                return;
            }
            self.fields.insert(name.to_owned(), (Counts::default(), 0.0));
            self.bytes += name.len() + size_of::<(String, Counts, f64)>();
        }
        if let Some((counts, total)) = self.fields.get_mut(name) {
            *total += weight;
            self.bytes += counts.add(val, weight);
        }
        self.events += weight;
    }

    pub(super) fn merge(&mut self, other: FieldCounts) {
        self.bytes += other.bytes;
        for (name, (counts, total)) in other.fields {
            let own = self.fields.entry(name).or_default();
            own.0.merge(counts);
            own.1 += total;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.fields.values().map(|(counts, _)| counts.len()).sum()
    }

    /// The fields that most events have first, of each its most common values.
    pub(super) fn answer(&self, most: usize) -> Answer {
        let mut answer = Answer::new(facet_columns());
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort_by(|a, b| b.1.1.total_cmp(&a.1.1).then_with(|| a.0.cmp(b.0)));
        for (name, (counts, total)) in fields {
            for (value, count) in counts.sorted().into_iter().take(most) {
                answer.rows.push(vec![
                    Cell::Text(name.clone()),
                    value,
                    Cell::Int(count.round() as i128),
                    Cell::Float(count / total),
                ]);
            }
        }
        answer
    }
}

/// Fields, how many events have each, and of which types its values are.
#[derive(Debug, Default)]
pub(super) struct Names {
    fields: BTreeMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    count: f64,
    types: BTreeMap<&'static str, f64>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str, val: &Val<'_>, weight: f64) {
        if !self.fields.contains_key(name) {
            if self.fields.len() >= FIELDS_MAX {
                return;
            }
            self.fields.insert(name.to_owned(), Known::default());
        }
        if let Some(known) = self.fields.get_mut(name) {
            known.count += weight;
            *known.types.entry(super::functions::type_of(val)).or_default() += weight;
        }
    }

    pub(super) fn merge(&mut self, other: Names) {
        for (name, known) in other.fields {
            let own = self.fields.entry(name).or_default();
            own.count += known.count;
            for (kind, count) in known.types {
                *own.types.entry(kind).or_default() += count;
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.fields.len() * size_of::<(String, Known)>() * 2
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn answer(&self) -> Answer {
        let mut answer = Answer::new(name_columns());
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort_by(|a, b| b.1.count.total_cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
        for (name, known) in fields {
            let mut types: Vec<_> = known.types.iter().collect();
            types.sort_by(|a, b| b.1.total_cmp(a.1));
            let types: Vec<&str> = types.into_iter().map(|(kind, _)| *kind).collect();
            answer.rows.push(vec![
                Cell::Text(name.clone()),
                Cell::Int(known.count.round() as i128),
                Cell::Text(types.join(", ")),
            ]);
        }
        answer
    }
}
