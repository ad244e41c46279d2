//! One stage of a question as steps or a sink.

use std::iter::Peekable;

use super::{Planner, Step, unit_of};
use crate::{
    answer::{Column, Kind},
    engine::{
        differ::Differing,
        event::TIME,
        expr::Expr,
        facets,
        functions::Scalar,
        keep::Keeping,
        pairs::Pairing,
        scope::Scope,
        sink::Sink,
        test::{Check, Test},
    },
    lang::{
        Error, Unit,
        ast::{self, Field, Filter, Item, Key, SortKey, Stage},
    },
};

type Stages<'s> = Peekable<std::slice::Iter<'s, Stage>>;

impl Planner<'_> {
    pub(super) fn stage(&mut self, stage: &Stage, next: &mut Stages<'_>) -> Result<(), Error> {
        match stage {
            Stage::Where(filter) => self.step_filter(filter)?,
            Stage::Extend(items) => {
                for item in items {
                    let (expr, unit) = self.compiler.expr(&mut self.open.scope, &item.expr)?;
                    let unit = unit_of(item, unit);
                    let name = item.name.clone().unwrap_or_else(|| item.expr.to_string());
                    self.extend(&name, expr, unit);
                }
            }
            Stage::CollapseNums(field) => {
                let slot = self.compiler.slot(&mut self.open.scope, field)?;
                let expr = Expr::Call(Scalar::CollapseNums, vec![Expr::Slot(slot)]);
                self.extend(&field.name, expr, Unit::None);
            }
            Stage::Explode(field) => {
                let slot = self.compiler.slot(&mut self.open.scope, field)?;
                let place = self.place(&field.name, Unit::of_field(&field.name));
                self.step(Step::Explode(slot, place));
            }
            Stage::Fields(items) => self.fields(items, next)?,
            Stage::Sort(keys) => {
                let is_time =
                    |expr: &ast::Expr| matches!(expr, ast::Expr::Field(field) if field.name == TIME);
                let is_newest_first = keys.last().is_some_and(|key| key.is_descending && is_time(&key.expr));
                let keeping = Keeping { sort: self.sort(keys)?, is_newest_first, limit: limit_of(next) };
                self.close(Sink::Keep(keeping), None, None);
            }
            Stage::Limit(limit) => {
                let limit = Some(usize::try_from(*limit).unwrap_or(usize::MAX));
                self.close(Sink::Keep(Keeping { limit, ..Keeping::default() }), None, None);
            }
            Stage::Dedup(fields) => {
                let exprs = self.slots(fields)?;
                self.close(Sink::Dedup(exprs), None, None);
            }
            Stage::Aggregate(items, keys) => self.aggregate(items, keys)?,
            Stage::Facets(values) => {
                let sink = Sink::Facets(usize::try_from(*values).unwrap_or(usize::MAX));
                self.close(sink, None, Some(facets::facet_columns()));
            }
            Stage::FieldNames => {
                self.close(Sink::FieldNames, None, Some(facets::name_columns()));
            }
            Stage::FieldValues(field, limit) => {
                let slot = self.compiler.slot(&mut self.open.scope, field)?;
                self.step(Step::Test(Test::Slot(slot, Check::Exists)));
                let key = Key::Item(Item::unnamed(ast::Expr::Field(field.clone())));
                self.aggregate(&[Item::unnamed(crate::lang::count())], &[key])?;
                if let Some(limit) = limit {
                    self.stage(&Stage::Limit(*limit), next)?;
                }
            }
            Stage::Pair(fields) => self.pair(fields)?,
            Stage::Differ(fields, filter) => self.differ(fields, filter.as_ref())?,
            Stage::Context(_) | Stage::Compare(..) => {
                return Err(self.not_here(stage));
            }
        }
        Ok(())
    }

    /// What another stage must stand before or behind.
    fn not_here(&self, stage: &Stage) -> Error {
        let word = stage.to_string();
        let at = self.compiler.text.find(word.split(' ').next().unwrap_or_default()).unwrap_or(0);
        let error = Error::new(self.compiler.text, at, word.len(), format!("`{word}` cannot stand here"));
        error.hint(match stage {
            Stage::Context(_) => "`context` stands once, behind a filter of events",
            _ => "`compare` stands once, behind the stage that makes groups",
        })
    }

    fn extend(&mut self, name: &str, expr: Expr, unit: Unit) {
        let place = self.place(name, unit);
        self.step(Step::Extend(place, expr));
    }

    /// Where a value that is added goes.
    fn place(&mut self, name: &str, unit: Unit) -> usize {
        match &mut self.open.scope {
            Scope::Events(scope) => scope.add(name, unit),
            Scope::Rows(columns) => {
                let place = columns.iter().position(|column| column.name == name).unwrap_or(columns.len());
                let column = Column::new(name, Kind::Any).with_unit(unit);
                if place < columns.len() {
                    columns[place] = Column { is_key: columns[place].is_key, ..column };
                } else {
                    columns.push(column);
                }
                place
            }
        }
    }

    fn fields(&mut self, items: &[Item], next: &mut Stages<'_>) -> Result<(), Error> {
        let mut exprs = Vec::with_capacity(items.len());
        let mut columns = Vec::with_capacity(items.len());
        for item in items {
            let (expr, unit) = self.compiler.expr(&mut self.open.scope, &item.expr)?;
            let unit = unit_of(item, unit);
            let mut column = match (&expr, &self.open.scope) {
                (Expr::Slot(slot), Scope::Rows(columns)) => columns[*slot].clone(),
                _ => Column::new("", Kind::Any).with_unit(unit),
            };
            column.name = item.name.clone().unwrap_or_else(|| match &item.expr {
                ast::Expr::Field(field) => field.name.clone(),
                other => other.to_string(),
            });
            if let (Scope::Events(_), ast::Expr::Field(field)) = (&self.open.scope, &item.expr)
                && field.name == TIME
            {
                column.kind = Kind::Time;
            }
            exprs.push(expr);
            columns.push(column);
        }
        let keeping = Keeping { limit: limit_of(next), ..Keeping::default() };
        self.close(Sink::Project(exprs, columns.clone(), keeping), None, Some(columns));
        Ok(())
    }

    fn sort(&mut self, keys: &[SortKey]) -> Result<Vec<(Expr, bool)>, Error> {
        keys.iter()
            .map(|key| Ok((self.compiler.expr(&mut self.open.scope, &key.expr)?.0, key.is_descending)))
            .collect()
    }

    fn slots(&mut self, fields: &[Field]) -> Result<Vec<Expr>, Error> {
        fields.iter().map(|field| self.compiler.slot(&mut self.open.scope, field).map(Expr::Slot)).collect()
    }

    fn pair(&mut self, fields: &[Field]) -> Result<(), Error> {
        let Scope::Events(scope) = &mut self.open.scope else {
            let error = Error::new(self.compiler.text, 0, 1, "`pair` needs events, here are rows");
            return Err(error.hint("pair before the stage that makes groups"));
        };
        let (name, time) = (scope.name(), scope.time());
        let exprs = self.slots(fields)?;
        let keys: Vec<(String, Expr)> = fields.iter().map(|field| field.name.clone()).zip(exprs).collect();
        let pairing = Pairing { name, time, keys };
        let columns = crate::engine::pairs::columns(&pairing);
        self.close(Sink::Pair(pairing), Some(time), Some(columns));
        Ok(())
    }

    fn differ(&mut self, fields: &[Field], filter: Option<&Filter>) -> Result<(), Error> {
        let role = |role: &str| {
            Filter::Field(Field::key("role"), ast::Test::Is(ast::Literal::Text(role.to_owned())))
        };
        let (these, others) = match filter {
            Some(filter) => (self.compiler.filter(&mut self.open.scope, filter)?, Test::All),
            None => (
                self.compiler.filter(&mut self.open.scope, &role("fail"))?,
                self.compiler.filter(&mut self.open.scope, &role("ok"))?,
            ),
        };
        let exprs = self.slots(fields)?;
        let fields = fields.iter().map(|field| field.name.clone()).zip(exprs).collect();
        let columns = crate::engine::differ::columns();
        self.close(Sink::Differ(Differing { these, others, fields }), None, Some(columns));
        Ok(())
    }
}

/// Takes the limit that stands next.
fn limit_of(next: &mut Stages<'_>) -> Option<usize> {
    match next.peek() {
        Some(Stage::Limit(limit)) => {
            next.next();
            Some(usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        _ => None,
    }
}
