//! The stage that makes groups.

use super::Planner;
use crate::{
    answer::{Column, Kind},
    engine::{
        aggregate::{Finish, Gather},
        event::Slot,
        expr::Expr,
        functions::Scalar,
        groups::{Grouping, KeyBy, Shortcut},
        scope::Scope,
        sink::Sink,
    },
    lang::{
        Error, Unit,
        ast::{self, Argument, Call, Item, Key, Literal},
    },
};

/// What one aggregate is: what is gathered for it (told apart by its text), what is made of that, of which unit and kind it is.
struct Made {
    gather: Gather,
    text: String,
    finish: Finish,
    unit: Unit,
    kind: Kind,
}

impl Planner<'_> {
    pub(super) fn aggregate(&mut self, items: &[Item], keys: &[Key]) -> Result<(), Error> {
        let mut columns = Vec::new();
        let mut by = Vec::new();
        let mut every_ns = None;
        for key in keys {
            let (made, column) = self.key(key)?;
            if let (Key::Every(..), KeyBy::Every(ns, _)) = (key, &made) {
                every_ns = every_ns.or(Some(*ns));
            }
            by.push(made);
            columns.push(column);
        }
        let mut calls: Vec<&Call> = Vec::new();
        for item in items {
            item.expr.aggregates(&mut calls);
        }
        let (mut gathers, mut texts) = (Vec::new(), Vec::<String>::new());
        let (mut finishes, mut finished) = (Vec::new(), Vec::<Column>::new());
        let has_every = by.iter().any(|key| matches!(key, KeyBy::Every(..)));
        let (mut needs_span, mut needs_time) = (false, has_every);
        for call in calls {
            let name = call.to_string();
            if finished.iter().any(|column| column.name == name) {
                continue;
            }
            let made = self.gather(call)?;
            needs_span |= matches!(made.finish, Finish::Rate(_));
            needs_time |= matches!(made.gather, Gather::First(_) | Gather::Last(_));
            let mut place_of =
                |text: String, gather: Gather| match texts.iter().position(|other| *other == text) {
                    Some(place) => place,
                    None => {
                        texts.push(text);
                        gathers.push(gather);
                        texts.len() - 1
                    }
                };
            let place = place_of(made.text, made.gather);
            let finish = match made.finish {
                Finish::Ratio(_) => Finish::Ratio(place_of("count()".to_owned(), Gather::Count)),
                other => other,
            };
            finishes.push((place, finish));
            finished.push(Column::new(name, made.kind).with_unit(made.unit));
        }
        // Behind the finishes stand the keys: an item may use both.
        let mut over = Scope::Rows(finished.iter().chain(&columns).cloned().collect());
        let mut exprs = Vec::new();
        for item in items {
            let (expr, unit) = self.compiler.expr(&mut over, &item.expr)?;
            let unit = super::unit_of(item, unit);
            let kind = match &expr {
                Expr::Slot(slot) => over.columns()[*slot].kind,
                _ => Kind::Number,
            };
            let name = item.name.clone().unwrap_or_else(|| {
                let text = item.expr.to_string();
                text.strip_suffix("()").map_or(text.clone(), str::to_owned)
            });
            exprs.push(expr);
            columns.push(Column::new(name, kind).with_unit(unit));
        }
        let time = match &mut self.open.scope {
            Scope::Events(scope) if needs_time || needs_span => Some(scope.time()),
            _ => None,
        };
        let grouping = Grouping {
            shortcut: Shortcut::of(&by),
            keys: by,
            gathers,
            finishes,
            items: exprs,
            columns: columns.clone(),
            every_ns,
            needs_span,
        };
        self.close(Sink::Group(grouping), time, Some(columns));
        Ok(())
    }

    fn key(&mut self, key: &Key) -> Result<(KeyBy, Column), Error> {
        match key {
            Key::Every(number, unit) => {
                let slot = match &mut self.open.scope {
                    Scope::Events(scope) => scope.time(),
                    Scope::Rows(columns) => {
                        let time = columns.iter().position(|column| column.kind == Kind::Time);
                        time.ok_or_else(|| {
                            Error::new(
                                self.compiler.text,
                                0,
                                1,
                                format!("no column here is a time to group `{key}` by"),
                            )
                        })?
                    }
                };
                let every = KeyBy::Every((number * unit.factor()) as i64, slot);
                Ok((every, Column::key("time", Kind::Time)))
            }
            Key::Item(item) => {
                let (expr, unit) = self.compiler.expr(&mut self.open.scope, &item.expr)?;
                let name = item.name.clone().unwrap_or_else(|| match &item.expr {
                    ast::Expr::Field(field) => field.name.clone(),
                    other => other.to_string(),
                });
                let kind = match &item.expr {
                    ast::Expr::Call(call) if matches!(call.function.name, "bucket" | "date") => Kind::Time,
                    _ => Kind::Any,
                };
                let slots = match &self.open.scope {
                    Scope::Events(scope) => &scope.slots[..],
                    Scope::Rows(_) => &[],
                };
                let by = match &expr {
                    Expr::Slot(slot) if slots.get(*slot).is_some_and(Slot::is_of_name) => KeyBy::Name(*slot),
                    Expr::Slot(slot) => KeyBy::Slot(*slot),
                    Expr::Call(Scalar::Bucket(every), of) => match &of[..] {
                        [Expr::Slot(slot), ..] if slots.get(*slot) == Some(&Slot::Time) => {
                            KeyBy::Every(*every, *slot)
                        }
                        _ => KeyBy::Expr(expr),
                    },
                    _ => KeyBy::Expr(expr),
                };
                Ok((by, Column::key(name, kind).with_unit(unit)))
            }
        }
    }

    fn gather(&mut self, call: &Call) -> Result<Made, Error> {
        let (mut expr, mut unit, mut argument) = (None, Unit::None, String::new());
        let of = if call.function.name == "top" { call.arguments.last() } else { call.arguments.first() };
        if let Some(Argument::Expr(tree)) = of
            && call.function.name != "rate"
        {
            let (compiled, own) = self.compiler.expr(&mut self.open.scope, tree)?;
            argument = tree.to_string();
            (expr, unit) = (Some(compiled), own);
        }
        let test = match of {
            Some(Argument::Filter(filter)) => {
                argument = filter.to_string();
                Some(self.compiler.filter(&mut self.open.scope, filter)?)
            }
            _ => None,
        };
        let made = |word: &str, gather: Gather, finish: Finish, unit: Unit, kind: Kind| {
            Ok(Made { gather, text: format!("{word}({argument})"), finish, unit, kind })
        };
        use Kind::{Any, Nested, Number, Share};
        match (call.function.name, expr, test) {
            ("count", None, _) => made("count", Gather::Count, Finish::Count, Unit::None, Number),
            ("count", Some(expr), _) => {
                made("count", Gather::CountOf(expr), Finish::Count, Unit::None, Number)
            }
            ("count_if", _, Some(test)) => {
                made("count_if", Gather::CountIf(test), Finish::Count, Unit::None, Number)
            }
            ("ratio", _, Some(test)) => {
                made("count_if", Gather::CountIf(test), Finish::Ratio(0), Unit::None, Share)
            }
            ("rate", ..) => {
                let per = self.per(call)?;
                // Of another stretch of time the name says it.
                let unit = if per == 1e9 { Unit::PerSecond } else { Unit::None };
                made("count", Gather::Count, Finish::Rate(per), unit, Number)
            }
            ("count_distinct", Some(expr), _) => {
                made("distinct", Gather::Distinct(expr), Finish::Distinct, Unit::None, Number)
            }
            ("sum", Some(expr), _) => made("sum", Gather::Sum(expr), Finish::Sum, unit, Number),
            ("avg", Some(expr), _) => made("sum", Gather::Sum(expr), Finish::Average, unit, Number),
            ("min", Some(expr), _) => made("min", Gather::Min(expr), Finish::Value, unit, Any),
            ("max", Some(expr), _) => made("max", Gather::Max(expr), Finish::Value, unit, Any),
            ("first", Some(expr), _) => made("first", Gather::First(expr), Finish::Value, unit, Any),
            ("last", Some(expr), _) => made("last", Gather::Last(expr), Finish::Value, unit, Any),
            ("stddev", Some(expr), _) => {
                made("spread", Gather::Spread(expr), Finish::Deviation, unit, Number)
            }
            ("median", Some(expr), _) => {
                made("quantiles", Gather::Quantiles(expr), Finish::Quantile(0.5), unit, Number)
            }
            ("quantile", Some(expr), _) => {
                let quantile = self.quantile(call)?;
                made("quantiles", Gather::Quantiles(expr), Finish::Quantile(quantile), unit, Number)
            }
            ("top", Some(expr), _) => {
                let most = self.most(call)?;
                made("counts", Gather::Counts(expr), Finish::Top(most), Unit::None, Nested)
            }
            ("values", Some(expr), _) => {
                made("counts", Gather::Counts(expr), Finish::Values, Unit::None, Nested)
            }
            _ => Err(self.compiler.wrong(call, "this aggregate is not known here")),
        }
    }

    fn per(&self, call: &Call) -> Result<f64, Error> {
        match call.arguments.first() {
            None => Ok(1e9),
            Some(Argument::Expr(ast::Expr::Literal(Literal::Quantity(number, unit))))
                if unit.dimension() == crate::lang::Dimension::Time && *number > 0.0 =>
            {
                Ok(number * unit.factor())
            }
            Some(_) => Err(self.compiler.wrong(call, "it is told per a length of time, as `rate(1m)`")),
        }
    }

    fn quantile(&self, call: &Call) -> Result<f64, Error> {
        if let Some(percent) = call.percent {
            return Ok(percent / 100.0);
        }
        let quantile = match call.arguments.get(1) {
            Some(Argument::Expr(ast::Expr::Literal(Literal::Float(quantile)))) => *quantile,
            Some(Argument::Expr(ast::Expr::Literal(Literal::Int(quantile)))) => *quantile as f64,
            Some(Argument::Expr(ast::Expr::Literal(Literal::Quantity(percent, Unit::Percent)))) => {
                percent / 100.0
            }
            _ => f64::NAN,
        };
        if (0.0..=1.0).contains(&quantile) {
            Ok(quantile)
        } else {
            Err(self.compiler.wrong(call, "a quantile is a number between 0 and 1, as 0.99"))
        }
    }

    fn most(&self, call: &Call) -> Result<usize, Error> {
        match call.arguments.first() {
            Some(Argument::Expr(expr))
                if call.arguments.len() == 1 && !matches!(expr, ast::Expr::Literal(_)) =>
            {
                Ok(crate::lang::TOP_VALUES)
            }
            Some(Argument::Expr(ast::Expr::Literal(Literal::Int(most))))
                if *most > 0 && call.arguments.len() == 2 =>
            {
                Ok(usize::try_from(*most).unwrap_or(usize::MAX))
            }
            _ => Err(self.compiler.wrong(call, "write how many, and of what: top(5, field)")),
        }
    }
}
