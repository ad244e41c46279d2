//! What a question is answered with: a table of cells, or the matching events, and what must be said beside it.
//!
//! ```
//! use trine_query::answer::{Answer, Cell, Column, Kind};
//!
//! let mut answer = Answer::new(vec![Column::new("endpoint", Kind::Text), Column::new("count()", Kind::Number)]);
//! answer.rows.push(vec![Cell::Text("/users".into()), Cell::Int(2)]);
//! assert_eq!(answer.ndjson(), "{\"endpoint\":\"/users\",\"count()\":2}\n");
//! ```
//!
//! Whoever shows an answer (a table, a chart, a page) takes an [`Answer`] and nothing else.

mod json;
mod notes;

use crate::lang::Unit;

pub use self::notes::{Lost, Notes, Sampled};
pub(crate) use self::{
    json::{quote, row_json},
    notes::counted,
};

/// A table of cells, or events, and what must be said beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// What the rows are.
    pub shape: Shape,
    /// One for each cell of a row.
    pub columns: Vec<Column>,
    /// The rows, in their order; each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// What a reader must know to read the numbers right.
    pub notes: Notes,
}

/// What the rows of an answer are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A table.
    #[default]
    Table,
    /// Rows by time: the first column of [`Kind::Time`] is the begin of a bucket of so many nanoseconds; other columns that are
    /// [`Column::is_key`] tell series apart.
    Series {
        /// Length of a bucket.
        every_ns: i64,
    },
    /// Events as they stand in the log: one column, [`Cell::Nested`], the line.
    Events,
}

/// A column of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// What it is called: a field, or the expression as it was written, or the name behind `as`.
    pub name: String,
    /// What its cells are, those that are not [`Cell::Null`].
    pub kind: Kind,
    /// Of what its numbers are, where the question tells: from the field's name (`duration_ms`).
    pub unit: Unit,
    /// True for what the rows are grouped by; the others are measured.
    pub is_key: bool,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Of several kinds, or not known.
    #[default]
    Any,
    /// [`Cell::Text`].
    Text,
    /// [`Cell::Int`] or [`Cell::Float`].
    Number,
    /// A number between 0 and 1 that is a share of a whole.
    Share,
    /// [`Cell::Bool`].
    Bool,
    /// [`Cell::Time`].
    Time,
    /// [`Cell::Duration`].
    Duration,
    /// [`Cell::Nested`].
    Nested,
}

/// One value of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// There is none: a group of events without the field, a minimum of nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number. May be infinite or NaN.
    Float(f64),
    /// A text.
    Text(String),
    /// A point in time: nanoseconds since 1970-01-01 UTC.
    Time(i64),
    /// A length of time in nanoseconds.
    Duration(i64),
    /// A list or a map, or a whole event, as JSON.
    Nested(String),
}

impl Answer {
    /// No rows yet.
    pub fn new(columns: Vec<Column>) -> Answer {
        Answer { columns, ..Answer::default() }
    }

    /// Where the column with this name is.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

impl Column {
    /// A column that is measured, in no unit.
    pub fn new(name: impl Into<String>, kind: Kind) -> Column {
        Column { name: name.into(), kind, ..Column::default() }
    }

    /// A column that the rows are grouped by.
    pub fn key(name: impl Into<String>, kind: Kind) -> Column {
        Column { is_key: true, ..Column::new(name, kind) }
    }

    /// The same column with a unit.
    pub fn with_unit(self, unit: Unit) -> Column {
        Column { unit, ..self }
    }
}

impl Cell {
    /// As a number; `None` for what is none. A truth value is 0 or 1, a time or duration its nanoseconds.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Bool(is_true) => Some(f64::from(*is_true)),
            Cell::Int(int) => Some(*int as f64),
            Cell::Float(float) => Some(*float),
            Cell::Time(ns) | Cell::Duration(ns) => Some(*ns as f64),
            Cell::Null | Cell::Text(_) | Cell::Nested(_) => None,
        }
    }

    /// The bytes that the cell takes, itself and what it points to.
    pub fn bytes(&self) -> usize {
        let behind = match self {
            Cell::Text(text) | Cell::Nested(text) => text.len(),
            _ => 0,
        };
        size_of::<Cell>() + behind
    }
}
