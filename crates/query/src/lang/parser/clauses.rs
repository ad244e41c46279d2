//! The spelling with clauses, as SQL has them, in any order: `SUM(amount) WHERE … GROUP BY … HAVING … ORDER BY … LIMIT 10`. Also what
//! stands before the first pipe in the other spelling: a filter, or the first aggregates.

use super::{Parser, Result};
use crate::lang::{
    ast::{Expr, Field, Filter, Item, Key, Literal, Query, SortKey, Stage},
    functions,
};

/// What the clauses said.
#[derive(Default)]
struct Clauses {
    filters: Vec<Filter>,
    items: Vec<Item>,
    keys: Vec<Key>,
    having: Vec<Filter>,
    order: Vec<SortKey>,
    limit: Option<u64>,
    has_select: bool,
    selects_all: bool,
}

impl Parser<'_> {
    pub(super) fn clauses(&mut self) -> Result<Query> {
        // The one stage that reads like words and a clause.
        if self.is_keyword(&["pair", "by"]) {
            return Ok(Query { filter: Filter::All, stages: self.stage()?.into_iter().collect() });
        }
        let mut clauses = Clauses::default();
        if self.is_select() {
            self.select(&mut clauses)?;
        } else if self.is_aggregate() {
            clauses.items = self.aggregates()?;
        } else {
            clauses.filters.push(self.event_filter()?);
        }
        while self.clause(&mut clauses)? {}
        self.query_of(clauses)
    }

    /// `select` in front of something: alone it is a word.
    fn is_select(&mut self) -> bool {
        let begin = self.at;
        let is_there = self.eat_keyword(&["select"]) && {
            self.skip_blank();
            !matches!(self.peek(), None | Some('|'))
        };
        self.at = begin;
        is_there
    }

    fn select(&mut self, clauses: &mut Clauses) -> Result<()> {
        clauses.has_select = true;
        self.eat_keyword(&["select"]);
        if self.eat("*") {
            clauses.selects_all = true;
        } else {
            clauses.items = self.list(Self::item)?;
        }
        if self.eat_keyword(&["from"]) {
            // The table is always the same: all events.
            self.field()?;
        }
        Ok(())
    }

    /// Reads the next clause, if one stands here.
    fn clause(&mut self, clauses: &mut Clauses) -> Result<bool> {
        self.step()?;
        let begin = self.at;
        if self.eat_keyword(&["where"]) {
            let filter = self.event_filter()?;
            if filter == Filter::All {
                return Err(self.unexpected("a filter behind `WHERE`"));
            }
            clauses.filters.push(filter);
        } else if self.eat_keyword(&["group", "by"]) || self.eat_keyword(&["by"]) {
            if !clauses.keys.is_empty() {
                return Err(self.error(begin, self.at - begin, "grouped twice"));
            }
            clauses.keys = self.list(Self::key)?;
        } else if self.eat_keyword(&["having"]) {
            clauses.having.push(self.filter()?);
        } else if self.eat_keyword(&["order", "by"]) {
            clauses.order = self.list(Self::sort_key)?;
        } else if self.is_limit() && self.eat_keyword(&["limit"]) {
            clauses.limit = Some(self.whole()?);
        } else if clauses.has_select || clauses.items.is_empty() || !self.is_aggregate() {
            return Ok(false);
        } else {
            clauses.items.extend(self.aggregates()?);
        }
        Ok(true)
    }

    fn query_of(&self, clauses: Clauses) -> Result<Query> {
        let Clauses { filters, mut items, mut keys, mut having, mut order, limit, has_select, selects_all } =
            clauses;
        for key in &mut order {
            if let Expr::Literal(Literal::Int(place)) = key.expr {
                let item = usize::try_from(place).ok().and_then(|place| items.get(place.checked_sub(1)?));
                key.expr = item.map(|item| item.expr.clone()).ok_or_else(|| self.no_place(place))?;
            }
            called(&mut key.expr, &items);
        }
        having.iter_mut().for_each(|filter| called_in(filter, &items));
        let is_grouped = !keys.is_empty() || items.iter().any(|item| item.expr.has_aggregate());
        let mut stages = Vec::new();
        let mut fields = None;
        if is_grouped && !selects_all {
            for key in &mut keys {
                self.by_place(key, &items)?;
            }
            if has_select {
                // What is selected and is no aggregate is what the groups are told apart by.
                let (aggregates, others): (Vec<_>, Vec<_>) =
                    items.into_iter().partition(|item| item.expr.has_aggregate());
                for other in others {
                    let name = other.name.clone();
                    match keys
                        .iter_mut()
                        .find(|key| matches!(key, Key::Item(item) if item.expr == other.expr))
                    {
                        Some(Key::Item(item)) => item.name = name.or(item.name.take()),
                        _ => keys.push(Key::Item(other)),
                    }
                }
                items = aggregates;
            }
            if items.is_empty() {
                items.push(Item::unnamed(count()));
            }
            stages.push(Stage::Aggregate(items, keys));
        } else if has_select && !selects_all {
            fields = Some(Stage::Fields(items));
        }
        if !having.is_empty() {
            stages.push(Stage::Where(Filter::all(having)));
        }
        if !order.is_empty() {
            stages.push(Stage::Sort(order));
        }
        stages.extend(limit.map(Stage::Limit));
        stages.extend(fields);
        Ok(Query { filter: Filter::all(filters), stages })
    }

    fn no_place(&self, place: i128) -> crate::lang::Error {
        let message = format!("nothing is selected at place {place}");
        self.error(self.at, 1, message).hint("order by the name of a field or by an aggregate")
    }

    /// `GROUP BY 1` is by the first of what is selected.
    fn by_place(&self, key: &mut Key, items: &[Item]) -> Result<()> {
        let Key::Item(Item { expr: Expr::Literal(literal), .. }) = key else { return Ok(()) };
        let place = if let Literal::Int(place) = literal { *place } else { 0 };
        let item = usize::try_from(place).ok().and_then(|place| items.get(place.checked_sub(1)?));
        match item.filter(|item| !item.expr.has_aggregate()) {
            Some(item) => {
                *key = Key::Item(item.clone());
                Ok(())
            }
            None => {
                let message = format!("nothing to group by is selected at place `{literal}`");
                Err(self.error(self.at, 1, message).hint("group by the name of a field"))
            }
        }
    }
}

/// What is selected under a name is called by it: `count(*) AS n … ORDER BY count(*)`.
fn called(expr: &mut Expr, items: &[Item]) {
    if let Some(name) = items.iter().find(|item| item.expr == *expr).and_then(|item| item.name.as_deref()) {
        *expr = Expr::Field(Field::key(name));
        return;
    }
    match expr {
        Expr::Minus(inner) | Expr::Not(inner) | Expr::Matches(inner, _) | Expr::In(inner, _) => {
            called(inner, items);
        }
        Expr::Arithmetic(_, sides) | Expr::Compare(_, sides) => {
            sides.iter_mut().for_each(|side| called(side, items));
        }
        Expr::And(all) | Expr::Or(all) => all.iter_mut().for_each(|one| called(one, items)),
        Expr::Literal(_) | Expr::Field(_) | Expr::Call(_) => {}
    }
}

fn called_in(filter: &mut Filter, items: &[Item]) {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter_mut().for_each(|one| called_in(one, items)),
        Filter::Not(inner) => called_in(inner, items),
        Filter::Expr(expr) => called(expr, items),
        Filter::All | Filter::Field(..) | Filter::Anywhere(_) | Filter::In(..) => {}
    }
}

/// `count()`.
pub(crate) fn count() -> Expr {
    use crate::lang::ast::Call;
    match functions::named("count") {
        Some(named) => {
            Expr::Call(Call { function: named.function, percent: None, arguments: Vec::new(), at: 0 })
        }
        None => Expr::Literal(Literal::Null),
    }
}
