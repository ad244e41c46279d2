//! Aggregates: what is known of a group, fed event by event, and merged from many threads.

mod distinct;
mod quantile;
mod sum;
mod top;

use self::{distinct::Distinct, quantile::Quantiles, sum::Sum};
use super::{
    event::Row,
    expr::Expr,
    place::Place,
    test::Test,
    value::{Val, decode},
};
use crate::answer::Cell;

pub(super) use self::top::Counts;
pub use self::{
    distinct::{DISTINCT_ERROR, DISTINCT_EXACT_MAX},
    quantile::{QUANTILE_ERROR, QUANTILE_EXACT_MAX},
    top::{TOP_VALUES_MAX, VALUES_MAX},
};

/// What is gathered of a group.
#[derive(Clone, Debug)]
pub(super) enum Gather {
    /// How many events.
    Count,
    /// How many events have a value.
    CountOf(Expr),
    /// How many events pass.
    CountIf(Test),
    Distinct(Expr),
    /// Sum and how many, for averages too.
    Sum(Expr),
    Min(Expr),
    Max(Expr),
    Spread(Expr),
    Quantiles(Expr),
    First(Expr),
    Last(Expr),
    /// The values and how often each is there.
    Counts(Expr),
}

/// What is made of what was gathered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Finish {
    Count,
    Distinct,
    Sum,
    Average,
    Value,
    Deviation,
    /// Between 0 and 1.
    Quantile(f64),
    /// Per so many nanoseconds.
    Rate(f64),
    /// Of all events of the group, which the gatherer at this place counts.
    Ratio(usize),
    Top(usize),
    Values,
}

/// What an event brings along besides its fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// How many events it stands for.
    pub(super) weight: f64,
    /// When it happened; where that is unknown, before all others.
    pub(super) time: i64,
    /// Where it stands in the input.
    pub(super) place: Place,
}

/// What was gathered.
#[derive(Clone, Debug)]
pub(super) enum State {
    Count {
        events: u64,
        weight: f64,
    },
    Distinct(Box<Distinct>),
    Sum(Sum),
    /// The value, encoded.
    Extreme(Option<Box<Extreme>>),
    Spread {
        weight: f64,
        mean: f64,
        squares: f64,
    },
    Quantiles(Box<Quantiles>),
    Counts(Box<Counts>),
}

/// The first, last, smallest or largest value.
#[derive(Clone, Debug)]
pub(super) struct Extreme {
    at: (i64, Place),
    cell: Cell,
}

impl Gather {
    pub(super) fn begin(&self) -> State {
        match self {
            Gather::Count | Gather::CountOf(_) | Gather::CountIf(_) => {
                State::Count { events: 0, weight: 0.0 }
            }
            Gather::Distinct(_) => State::Distinct(Box::default()),
            Gather::Sum(_) => State::Sum(Sum::default()),
            Gather::Min(_) | Gather::Max(_) | Gather::First(_) | Gather::Last(_) => State::Extreme(None),
            Gather::Spread(_) => State::Spread { weight: 0.0, mean: 0.0, squares: 0.0 },
            Gather::Quantiles(_) => State::Quantiles(Box::default()),
            Gather::Counts(_) => State::Counts(Box::default()),
        }
    }

    /// Takes an event in; how many bytes of memory that took.
    #[inline(always)]
    pub(super) fn add(&self, state: &mut State, row: &impl Row, moment: &Moment) -> usize {
        // What is asked for most is not worth a call.
        match (self, state) {
            (Gather::Count, State::Count { events, weight }) => {
                *events += 1;
                *weight += moment.weight;
                0
            }
            (_, state) => self.add_apart(state, row, moment),
        }
    }

    #[inline(never)]
    fn add_apart(&self, state: &mut State, row: &impl Row, moment: &Moment) -> usize {
        match (self, state) {
            (Gather::CountOf(expr), State::Count { events, weight }) if !expr.value(row).is_null() => {
                *events += 1;
                *weight += moment.weight;
            }
            (Gather::CountIf(test), State::Count { events, weight }) if test.passes(row) => {
                *events += 1;
                *weight += moment.weight;
            }
            (Gather::Sum(expr), State::Sum(sum)) => sum.add_of(expr, row, moment.weight),
            (Gather::Spread(expr), State::Spread { weight, mean, squares }) => {
                if let Some(number) = expr.number(row).filter(|number| number.is_finite()) {
                    // Welford's way, with weights (West, 1979): no cancellation.
                    *weight += moment.weight;
                    let delta = number - *mean;
                    *mean += delta * moment.weight / *weight;
                    *squares += moment.weight * delta * (number - *mean);
                }
            }
            (Gather::Quantiles(expr), State::Quantiles(quantiles)) => {
                if let Some(number) = expr.number(row) {
                    return quantiles.add(number, moment.weight);
                }
            }
            (Gather::Distinct(expr), State::Distinct(distinct)) => {
                let val = expr.value(row);
                if !val.is_null() {
                    return distinct.add(&val);
                }
            }
            (Gather::Counts(expr), State::Counts(counts)) => {
                let val = expr.value(row);
                if !val.is_null() {
                    return counts.add(&val, moment.weight);
                }
            }
            (_, State::Extreme(extreme)) => return self.add_extreme(extreme, row, moment),
            _ => {}
        }
        0
    }

    fn add_extreme(&self, extreme: &mut Option<Box<Extreme>>, row: &impl Row, moment: &Moment) -> usize {
        let (Gather::Min(expr) | Gather::Max(expr) | Gather::First(expr) | Gather::Last(expr)) = self else {
            return 0;
        };
        let val = expr.value(row);
        if val.is_null() {
            return 0;
        }
        let at = (moment.time, moment.place);
        if extreme.as_ref().is_some_and(|old| !self.is_better(&val, at, old)) {
            return 0;
        }
        let new = Box::new(Extreme { at, cell: val.into_cell() });
        let before = extreme.as_ref().map_or(0, |old| old.cell.bytes());
        let bytes = new.cell.bytes();
        *extreme = Some(new);
        bytes.saturating_sub(before)
    }

    fn is_better(&self, val: &Val<'_>, at: (i64, Place), old: &Extreme) -> bool {
        match self {
            Gather::Min(_) => val.order(&Val::of_cell(&old.cell)).is_lt(),
            Gather::Max(_) => val.order(&Val::of_cell(&old.cell)).is_gt(),
            Gather::First(_) => at < old.at,
            _ => at > old.at,
        }
    }

    pub(super) fn merge(&self, into: &mut State, from: State) {
        match (into, from) {
            (State::Count { events, weight }, State::Count { events: more, weight: weight_more }) => {
                *events += more;
                *weight += weight_more;
            }
            (State::Sum(sum), State::Sum(more)) => sum.merge(more),
            (State::Distinct(distinct), State::Distinct(more)) => distinct.merge(*more),
            (State::Quantiles(quantiles), State::Quantiles(more)) => quantiles.merge(*more),
            (State::Counts(counts), State::Counts(more)) => counts.merge(*more),
            (State::Extreme(extreme), State::Extreme(Some(new))) => {
                let is_better =
                    extreme.as_ref().is_none_or(|old| self.is_better(&Val::of_cell(&new.cell), new.at, old));
                if is_better {
                    *extreme = Some(new);
                }
            }
            (
                State::Spread { weight, mean, squares },
                State::Spread { weight: weight_b, mean: mean_b, squares: squares_b },
            ) if weight_b > 0.0 => {
                // Chan, Golub, LeVeque, 1979.
                let total = *weight + weight_b;
                let delta = mean_b - *mean;
                *squares += squares_b + delta * delta * *weight * weight_b / total;
                *mean += delta * weight_b / total;
                *weight = total;
            }
            _ => {}
        }
    }
}

/// What the finish of a group may look at besides its own state.
pub(super) struct Whole<'a> {
    /// All states of the group.
    pub(super) states: &'a [State],
    /// Nanoseconds that the group spans: its bucket's, or those of the range.
    pub(super) span_ns: f64,
}

impl Finish {
    pub(super) fn cell(&self, state: &State, whole: &Whole<'_>) -> Cell {
        match (self, state) {
            (Finish::Count, State::Count { events, weight }) => count(*events, *weight),
            (Finish::Rate(per), State::Count { weight, .. }) => {
                if whole.span_ns > 0.0 {
                    Cell::Float(weight * per / whole.span_ns)
                } else {
                    Cell::Null
                }
            }
            (Finish::Ratio(all), State::Count { weight, .. }) => match whole.states.get(*all) {
                Some(State::Count { weight: total, .. }) if *total > 0.0 => Cell::Float(weight / total),
                _ => Cell::Null,
            },
            (Finish::Sum, State::Sum(sum)) => sum.total(),
            (Finish::Average, State::Sum(sum)) => sum.average(),
            (Finish::Distinct, State::Distinct(distinct)) => Cell::Int(distinct.count()),
            (Finish::Value, State::Extreme(extreme)) => {
                extreme.as_ref().map_or(Cell::Null, |extreme| extreme.cell.clone())
            }
            (Finish::Deviation, State::Spread { weight, squares, .. }) => {
                if *weight > 1.0 {
                    Cell::Float((squares / (weight - 1.0)).sqrt())
                } else {
                    Cell::Null
                }
            }
            (Finish::Quantile(quantile), State::Quantiles(quantiles)) => {
                quantiles.at(*quantile).map_or(Cell::Null, Cell::Float)
            }
            (Finish::Top(most), State::Counts(counts)) => Cell::Nested(counts.top(*most)),
            (Finish::Values, State::Counts(counts)) => Cell::Nested(counts.values()),
            _ => Cell::Null,
        }
    }
}

/// A count: exact where no event stands for others, else the nearest whole number.
pub(super) fn count(events: u64, weight: f64) -> Cell {
    if weight == events as f64 { Cell::Int(events.into()) } else { Cell::Int(weight.round() as i128) }
}

/// A value that was encoded alone.
fn decoded(bytes: &[u8]) -> Cell {
    decode(&mut &*bytes)
}
