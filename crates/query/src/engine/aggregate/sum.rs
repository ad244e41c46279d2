//! Sums: of integers exactly, of floats with the rounding error carried along.

use crate::{
    answer::Cell,
    engine::{event::Row, expr::Expr, value::Val},
};

/// A sum, and of how many numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Sum {
    int: i64,
    float: f64,
    /// What adding up lost (Neumaier, 1974): 0.1 ten times is 1, in whatever order the threads come.
    lost: f64,
    weight: f64,
    has_float: bool,
}

impl Sum {
    #[inline]
    pub(super) fn add_of(&mut self, expr: &Expr, row: &impl Row, weight: f64) {
        if let Expr::Slot(slot) = expr
            && let Some(raw) = row.raw(*slot)
            && raw.kind() == crate::scan::line::Kind::Number
        {
            match raw.value(&mut String::new()) {
                Ok(crate::scan::line::Value::Int(int)) => return self.add_int(int, weight),
                Ok(crate::scan::line::Value::Float(float)) => return self.add_float(float, weight),
                _ => return,
            }
        }
        match expr.value(row) {
            Val::Int(int) => self.add_int(int, weight),
            other => {
                if let Some(number) = other.number() {
                    self.add_float(number, weight);
                }
            }
        }
    }

    fn add_int(&mut self, int: i128, weight: f64) {
        let sum = i64::try_from(int).ok().and_then(|int| self.int.checked_add(int));
        match sum {
            Some(sum) if weight == 1.0 => {
                self.int = sum;
                self.weight += 1.0;
            }
            _ => self.add_float(int as f64, weight),
        }
    }

    fn add_float(&mut self, float: f64, weight: f64) {
        self.has_float = true;
        self.weight += weight;
        self.carry(float * weight);
    }

    fn carry(&mut self, float: f64) {
        let sum = self.float + float;
        let lost = if self.float.abs() >= float.abs() {
            (self.float - sum) + float
        } else {
            (float - sum) + self.float
        };
        self.float = sum;
        // Infinite sums have lost nothing that counts.
        if lost.is_finite() {
            self.lost += lost;
        }
    }

    pub(super) fn merge(&mut self, other: Sum) {
        match self.int.checked_add(other.int) {
            Some(sum) => self.int = sum,
            None => {
                self.has_float = true;
                self.carry(other.int as f64);
            }
        }
        self.carry(other.float);
        self.lost += other.lost;
        self.weight += other.weight;
        self.has_float |= other.has_float;
    }

    fn float(&self) -> f64 {
        let mut sum = *self;
        sum.carry(self.int as f64);
        sum.float + sum.lost
    }

    pub(super) fn total(&self) -> Cell {
        match (self.weight == 0.0, self.has_float) {
            (true, _) => Cell::Null,
            (false, true) => Cell::Float(self.float()),
            (false, false) => Cell::Int(self.int.into()),
        }
    }

    pub(super) fn average(&self) -> Cell {
        if self.weight == 0.0 { Cell::Null } else { Cell::Float(self.float() / self.weight) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_adds_up_whatever_the_order() {
        let amounts = [99.99, 0.1, 1e9, 0.2, -1e9, 99.99];
        let mut sums = [Sum::default(), Sum::default(), Sum::default()];
        for (place, amount) in amounts.iter().enumerate() {
            sums[0].add_float(*amount, 1.0);
            sums[1 + place % 2].add_float(*amount, 1.0);
        }
        let [whole, mut merged, rest] = sums;
        merged.merge(rest);
        assert_eq!(whole.total(), Cell::Float(200.28));
        assert_eq!(merged.total(), Cell::Float(200.28));
        assert_eq!(Sum::default().total(), Cell::Null);
    }

    #[test]
    fn integers_are_exact_until_they_overflow() {
        let mut sum = Sum::default();
        sum.add_int(i64::MAX.into(), 1.0);
        assert_eq!(sum.total(), Cell::Int(i64::MAX.into()));
        sum.add_int(i64::MAX.into(), 1.0);
        assert_eq!(sum.total(), Cell::Float(2.0 * i64::MAX as f64));
        let mut weighted = Sum::default();
        weighted.add_int(3, 100.0);
        assert_eq!((weighted.total(), weighted.average()), (Cell::Float(300.0), Cell::Float(3.0)));
    }
}
