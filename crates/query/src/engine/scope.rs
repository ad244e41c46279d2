//! What the names of a question stand for at one place of it: fields of events, or columns of a table.

use trine_model::suggest;

use super::event::{Derived, LEVEL, NAME, Slot, TIME};
use crate::{
    answer::Column,
    lang::{Unit, ast::Field},
    scan::line::Path,
};

/// What names stand for; grows as slots are asked for.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    Events(EventScope),
    Rows(Vec<Column>),
}

/// Slots of events, and how fields that were added are called.
#[derive(Clone, Debug, Default)]
pub(super) struct EventScope {
    pub(super) slots: Vec<Slot>,
    /// The field that each slot was asked for by, to say which one nobody has.
    pub(super) fields: Vec<Field>,
    /// Fields that stages add, with their units.
    pub(super) extra: Vec<(String, Unit)>,
}

impl EventScope {
    /// The place of a slot, a new one or that of the same.
    pub(super) fn place(&mut self, slot: Slot, field: &Field) -> usize {
        if let Some(place) = self.slots.iter().position(|other| *other == slot) {
            return place;
        }
        self.slots.push(slot);
        self.fields.push(field.clone());
        self.slots.len() - 1
    }

    pub(super) fn name(&mut self) -> usize {
        self.place(Slot::Name, &Field::key(NAME))
    }

    pub(super) fn time(&mut self) -> usize {
        self.place(Slot::Time, &Field::key(TIME))
    }

    /// A field that a stage adds; again under the same name, it takes its place.
    pub(super) fn add(&mut self, name: &str, unit: Unit) -> usize {
        match self.extra.iter().position(|(other, _)| other == name) {
            Some(place) => {
                self.extra[place].1 = unit;
                place
            }
            None => {
                self.extra.push((name.to_owned(), unit));
                self.extra.len() - 1
            }
        }
    }
}

impl Scope {
    pub(super) fn events() -> Scope {
        Scope::Events(EventScope::default())
    }

    /// The slot of a field; in a table, a column must have its name.
    pub(super) fn slot(&mut self, field: &Field) -> Result<usize, Missing> {
        match self {
            Scope::Events(scope) => {
                if let Some(place) = scope.extra.iter().position(|(name, _)| *name == field.name) {
                    return Ok(scope.place(Slot::Extra(place), field));
                }
                // Of `items.id`, `explode items` added the first part.
                let first = field.path.first_of_several();
                if let Some(place) = scope.extra.iter().position(|(name, _)| Some(&**name) == first) {
                    return Ok(scope.place(Slot::Within(place, field.path.clone()), field));
                }
                let slot = slot_of(&field.path);
                Ok(scope.place(slot, field))
            }
            Scope::Rows(columns) => column_of(columns, field).ok_or_else(|| {
                let names = columns.iter().map(|column| column.name.as_str());
                Missing {
                    near: suggest::nearest(&field.name, names.clone()).map(str::to_owned),
                    known: names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
                }
            }),
        }
    }

    /// The unit of a field: of a column what the question told, else what the name says.
    pub(super) fn unit(&self, field: &Field) -> Unit {
        match self {
            Scope::Events(scope) => scope
                .extra
                .iter()
                .find(|(name, _)| *name == field.name)
                .map_or_else(|| Unit::of_field(&field.name), |(_, unit)| *unit),
            Scope::Rows(columns) => column_of(columns, field).map_or(Unit::None, |place| columns[place].unit),
        }
    }

    /// The column that an aggregate was given, by its text: `count()` behind a stage that counts.
    pub(super) fn column(&self, text: &str) -> Option<usize> {
        match self {
            Scope::Events(_) => None,
            Scope::Rows(columns) => {
                let name = text.strip_suffix("()").unwrap_or(text);
                columns.iter().position(|column| column.name == text || column.name == name)
            }
        }
    }

    pub(super) fn columns(&self) -> &[Column] {
        match self {
            Scope::Events(_) => &[],
            Scope::Rows(columns) => columns,
        }
    }
}

/// A column that is not there.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) near: Option<String>,
    pub(super) known: String,
}

/// What a question means by a path.
pub(super) fn slot_of(path: &Path) -> Slot {
    match path.as_key() {
        Some(NAME) => Slot::Name,
        Some(TIME) => Slot::Time,
        Some(LEVEL) => Slot::Level,
        Some(key) => match Derived::ALL.iter().find(|(name, _)| *name == key) {
            Some((_, derived)) => Slot::Derived(*derived),
            None => Slot::Field(path.clone()),
        },
        None => Slot::Field(path.clone()),
    }
}

/// By its name; `p95` also finds the one column that is called `p95(…)`.
fn column_of(columns: &[Column], field: &Field) -> Option<usize> {
    if let Some(place) = columns.iter().position(|column| column.name == field.name) {
        return Some(place);
    }
    let call = format!("{}(", field.name);
    let mut calls = columns.iter().enumerate().filter(|(_, column)| column.name.starts_with(&call));
    match (calls.next(), calls.next()) {
        (Some((place, _)), None) => Some(place),
        _ => None,
    }
}
