//! What a question says, as a tree: one for both spellings, clauses and pipes.
//!
//! Printing a tree gives its canonical text, in the spelling with pipes; reading that gives the same tree.

use super::{functions::Function, unit::Unit};
use crate::scan::line::Path;

/// A question: which events, and what is done with them, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Which events.
    pub filter: Filter,
    /// What is done with them, in this order.
    pub stages: Vec<Stage>,
}

/// Which events, or which rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Filter {
    /// All of them.
    #[default]
    All,
    /// Those that match all of these, at least two.
    And(Vec<Filter>),
    /// Those that match one of these, at least two.
    Or(Vec<Filter>),
    /// Those that do not match.
    Not(Box<Filter>),
    /// Those whose field passes a test.
    Field(Field, Test),
    /// Those whose line holds it, in whatever key or value.
    Anywhere(Pattern),
    /// Those whose field is among the answers of another question.
    In(Field, Box<Query>),
    /// Those for which an expression is true.
    Expr(Expr),
}

/// A field, by its path.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where it lies.
    pub path: Path,
    /// The path as text.
    pub name: String,
    /// The byte of the question at which it is named; of no meaning for equality.
    pub at: usize,
}

/// What a field must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// There, and not null: `field:*`.
    Exists,
    /// This value, or a list that holds it: `field:"exact"`, `field:5`.
    Is(Literal),
    /// Like this, or a list that holds such a text: `field:pre*`, `field:/regex/`.
    Like(Pattern),
    /// More or less than this: `field:>5`.
    Compare(Comparison, Literal),
    /// Within a range: `field:[1 TO 5]`, `{` and `}` for ends that do not belong to it, `*` for no end.
    Range(Bound, Bound),
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The end; none where the range is open.
    pub at: Option<Literal>,
    /// Whether the end itself belongs to it.
    pub is_included: bool,
}

/// What a text must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// It holds this.
    Text(String),
    /// These parts in this order, anything between them; the first stands at the begin and the last at the end of a field's value.
    Glob(Vec<String>),
    /// A regular expression finds something.
    Regex(String),
}

/// A value in a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// `5`.
    Int(i128),
    /// `0.5`.
    Float(f64),
    /// `2s`, `1.5MiB`, `5%`.
    Quantity(f64, Unit),
    /// `"text"`.
    Text(String),
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`, also written `=`.
    Equal,
    /// `!=`.
    Unequal,
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    More,
    /// `>=`.
    AtLeast,
}

/// An operator between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
}

/// Something that has a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A value as it stands.
    Literal(Literal),
    /// A field of the event, or a column.
    Field(Field),
    /// A function of others.
    Call(Call),
    /// `-x`.
    Minus(Box<Expr>),
    /// `not x`.
    Not(Box<Expr>),
    /// `a + b`.
    Arithmetic(Arithmetic, Box<[Expr; 2]>),
    /// `a < b`.
    Compare(Comparison, Box<[Expr; 2]>),
    /// `a =~ "regex"`.
    Matches(Box<Expr>, String),
    /// `a in (1, 2)`.
    In(Box<Expr>, Vec<Literal>),
    /// `a and b`.
    And(Vec<Expr>),
    /// `a or b`.
    Or(Vec<Expr>),
}

/// A call of a function.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which.
    pub function: &'static Function,
    /// What stands behind its name where that is a number: 95 of `p95`.
    pub percent: Option<f64>,
    /// What it is called with.
    pub arguments: Vec<Argument>,
    /// The byte of the question at which it stands; of no meaning for equality.
    pub at: usize,
}

/// What a function is called with.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A value.
    Expr(Expr),
    /// Which events count.
    Filter(Filter),
}

/// One thing that is done with events or rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// `where …`: keeps those that match.
    Where(Filter),
    /// `count(), p95(x) by y, 5m`: a row for each group.
    Aggregate(Vec<Item>, Vec<Key>),
    /// `extend a = …`: adds fields.
    Extend(Vec<Item>),
    /// `fields a, b as c`: keeps these, in this order.
    Fields(Vec<Item>),
    /// `sort -a, b`: brings into order.
    Sort(Vec<SortKey>),
    /// `limit 10`: keeps the first ones.
    Limit(u64),
    /// `dedup a, b`: keeps the first with each combination of values; of whole events or rows, without fields.
    Dedup(Vec<Field>),
    /// `explode a`: an event for each item of a list.
    Explode(Field),
    /// `facets 5`: the most common values of every field.
    Facets(u64),
    /// `field_names`: which fields there are.
    FieldNames,
    /// `field_values a`: which values a field has.
    FieldValues(Field, Option<u64>),
    /// `context 3`: the events around each, of the same flow.
    Context(u64),
    /// `collapse_nums a`: `<N>` for each number within a text.
    CollapseNums(Field),
    /// `pair by a`: a row for each run, from its begin to its end.
    Pair(Vec<Field>),
    /// `compare 1d`: this period beside the one before.
    Compare(f64, Unit),
    /// `differ by a, b where …`: which values are more common in those that match than in the others.
    Differ(Vec<Field>, Option<Filter>),
}

/// An expression, and what its value is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its value.
    pub expr: Expr,
    /// What it is called, where the question says it.
    pub name: Option<String>,
}

/// What groups are told apart by.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// The value of an expression.
    Item(Item),
    /// In which stretch of time, of this length.
    Every(f64, Unit),
}

/// What is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// By its value.
    pub expr: Expr,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

impl Field {
    /// A field that no place of a text names.
    pub fn of(path: Path) -> Field {
        Field { name: path.to_string(), path, at: 0 }
    }

    /// A field by its key in the line.
    pub fn key(key: &str) -> Field {
        Field::of(Path::key(key))
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.path == other.path
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Call) -> bool {
        self.function.name == other.function.name
            && self.percent == other.percent
            && self.arguments == other.arguments
    }
}

impl Item {
    /// An expression that is called as it is written.
    pub fn unnamed(expr: Expr) -> Item {
        Item { expr, name: None }
    }
}

impl Filter {
    /// All of these, without needless layers.
    pub fn all(filters: Vec<Filter>) -> Filter {
        let mut flat = Vec::with_capacity(filters.len());
        for filter in filters {
            match filter {
                Filter::And(inner) => flat.extend(inner),
                Filter::All => {}
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Filter::All,
            1 => flat.remove(0),
            _ => Filter::And(flat),
        }
    }

    /// One of these, without needless layers.
    pub fn any(filters: Vec<Filter>) -> Filter {
        let mut flat = Vec::with_capacity(filters.len());
        for filter in filters {
            match filter {
                Filter::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Filter::Or(flat) }
    }

    /// The first aggregate that stands in it; those within another question are that question's.
    pub fn aggregate(&self) -> Option<&Call> {
        match self {
            Filter::And(all) | Filter::Or(all) => all.iter().find_map(Filter::aggregate),
            Filter::Not(inner) => inner.aggregate(),
            Filter::Expr(expr) => {
                let mut found = Vec::new();
                expr.aggregates(&mut found);
                found.first().copied()
            }
            Filter::All | Filter::Field(..) | Filter::Anywhere(_) | Filter::In(..) => None,
        }
    }
}

impl Expr {
    /// The calls of aggregates within it, outermost first.
    pub fn aggregates<'a>(&'a self, found: &mut Vec<&'a Call>) {
        match self {
            Expr::Call(call) if call.function.is_aggregate => found.push(call),
            Expr::Call(call) => {
                for argument in &call.arguments {
                    if let Argument::Expr(expr) = argument {
                        expr.aggregates(found);
                    }
                }
            }
            Expr::Minus(inner) | Expr::Not(inner) | Expr::Matches(inner, _) | Expr::In(inner, _) => {
                inner.aggregates(found);
            }
            Expr::Arithmetic(_, sides) | Expr::Compare(_, sides) => {
                sides.iter().for_each(|side| side.aggregates(found));
            }
            Expr::And(all) | Expr::Or(all) => all.iter().for_each(|one| one.aggregates(found)),
            Expr::Literal(_) | Expr::Field(_) => {}
        }
    }

    /// Whether an aggregate stands in it.
    pub fn has_aggregate(&self) -> bool {
        let mut found = Vec::new();
        self.aggregates(&mut found);
        !found.is_empty()
    }
}
