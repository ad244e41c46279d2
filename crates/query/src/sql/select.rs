//! One SELECT, grown stage by stage; what cannot be said in it becomes a table for the next.

use super::{
    Error, Translator,
    expr::Sql,
    made,
    scope::{Column, Scope},
};
use crate::lang::ast::Expr;

/// What is sorted by.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// The column at this place of the output.
    Column(usize),
    /// Something of what is read.
    Expr(Expr),
}

#[derive(Clone, Debug)]
pub(super) struct Select {
    /// Tables that were made before, by their names.
    with: Vec<(String, String)>,
    pub(super) from: String,
    pub(super) scope: Scope,
    pub(super) wheres: Vec<String>,
    /// The columns; none where they are those of what is read.
    pub(super) output: Option<Vec<(String, Column)>>,
    pub(super) is_grouped: bool,
    /// How many columns, the first ones, tell groups apart.
    pub(super) keys: usize,
    /// Each with whether the largest comes first.
    pub(super) order: Vec<(Order, bool)>,
    pub(super) limit: Option<u64>,
    /// Columns of the events instead of which there are new ones of the same name.
    pub(super) replaced: Vec<String>,
    /// Whether equal rows are one.
    pub(super) is_distinct: bool,
}

impl Select {
    /// All events.
    pub(super) fn events() -> Select {
        Select::from("events".to_owned(), Scope::Events(Vec::new()), Vec::new())
    }

    fn from(from: String, scope: Scope, with: Vec<(String, String)>) -> Select {
        Select {
            with,
            from,
            scope,
            wheres: Vec::new(),
            output: None,
            is_grouped: false,
            keys: 0,
            order: Vec::new(),
            limit: None,
            replaced: Vec::new(),
            is_distinct: false,
        }
    }

    /// Whether its rows are made, so that what comes next is of them.
    pub(super) fn is_shaped(&self) -> bool {
        self.output.is_some() || self.limit.is_some() || self.is_distinct
    }

    /// Reads from a table that is made before.
    pub(super) fn with(&mut self, name: &str, sql: String) {
        self.with.push((name.to_owned(), sql));
        self.from = name.to_owned();
    }

    /// Makes a table of what is read, with its conditions, and reads from that.
    pub(super) fn step(&mut self, sql: impl FnOnce(&str, &str) -> String) {
        let wheres = match self.wheres.is_empty() {
            true => String::new(),
            false => format!("\nWHERE {}", self.wheres.join(" AND ")),
        };
        self.wheres.clear();
        let name = format!("step{}", self.with.len() + 1);
        let sql = sql(&self.from, &wheres);
        self.with(&name, sql);
    }

    /// The place of a column of the output; `p95` also finds the only one that is called `p95(…)`.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let output = self.output.as_ref()?;
        let short = name.strip_suffix("()").unwrap_or(name);
        let call = format!("{name}(");
        let find = |is: &dyn Fn(&str) -> bool| output.iter().position(|(_, column)| is(&column.name));
        find(&|other| other == name || other == short).or_else(|| find(&|other| other.starts_with(&call)))
    }

    /// Of rows, the first column.
    pub(super) fn first_column(&self) -> Option<String> {
        match (&self.output, &self.scope) {
            (Some(output), _) => output.first().map(|(_, column)| column.name.clone()),
            (None, Scope::Rows(columns)) => columns.first().map(|column| column.name.clone()),
            (None, _) => None,
        }
    }

    /// Makes it the table that the next SELECT reads from, and is that one.
    pub(super) fn wrap(&mut self, to: &Translator<'_>) -> Result<(), Error> {
        let is_ordered = self.limit.is_some();
        let sql = self.body(to, is_ordered)?;
        let name = format!("step{}", self.with.len() + 1);
        let mut order = Vec::new();
        for (key, is_descending) in self.order.drain(..) {
            let expr = match (key, &self.output) {
                (Order::Column(place), Some(output)) => made(&output[place].1.name),
                (Order::Column(_), None) => continue,
                (Order::Expr(expr), _) => expr,
            };
            order.push((Order::Expr(expr), is_descending));
        }
        let scope = match (self.output.take(), &self.scope) {
            (Some(output), _) => Scope::Rows(output.into_iter().map(|(_, column)| column).collect()),
            (None, Scope::Events(added)) => {
                let as_column = |(name, sql): &(String, Sql)| {
                    (name.clone(), Sql { text: to.dialect.name(name), ..sql.clone() })
                };
                Scope::Events(added.iter().map(as_column).collect())
            }
            (None, other) => other.clone(),
        };
        // What it is sorted by must still be there.
        for (key, _) in &order {
            if let Order::Expr(expr) = key
                && to.expr(&scope, expr).is_err()
            {
                let word = expr.to_string();
                let at = to.text.find(&word).unwrap_or(0);
                return Err(to
                    .unsayable(at, word.len(), "to sort by what a later stage leaves out")
                    .hint("sort behind that stage"));
            }
        }
        let mut with = std::mem::take(&mut self.with);
        with.push((name.clone(), sql));
        *self = Select { order, ..Select::from(name, scope, with) };
        Ok(())
    }

    /// All of it.
    pub(super) fn finish(&self, to: &Translator<'_>) -> Result<String, Error> {
        let body = self.body(to, true)?;
        if self.with.is_empty() {
            return Ok(body);
        }
        let with: Vec<String> =
            self.with.iter().map(|(name, sql)| format!("{name} AS (\n{sql}\n)")).collect();
        Ok(format!("WITH {}\n{body}", with.join(", ")))
    }

    fn body(&self, to: &Translator<'_>, is_ordered: bool) -> Result<String, Error> {
        let named = |sql: &str, name: &str| format!("{sql} AS {}", to.dialect.name(name));
        let columns: Vec<String> = match (&self.output, &self.scope) {
            (Some(output), _) => output.iter().map(|(sql, column)| named(sql, &column.name)).collect(),
            (None, Scope::Events(added)) => {
                // What was calculated in a step before is a column there.
                let new = added.iter().filter(|(name, sql)| sql.text != to.dialect.name(name));
                let replaced: Vec<String> = self.replaced.iter().map(|name| to.dialect.name(name)).collect();
                let all = if replaced.is_empty() {
                    "*".to_owned()
                } else {
                    to.dialect.all_but(&replaced.join(", "))
                };
                std::iter::once(all).chain(new.map(|(name, sql)| named(&sql.text, name))).collect()
            }
            (None, _) => vec!["*".to_owned()],
        };
        let distinct = if self.is_distinct { "DISTINCT " } else { "" };
        let mut sql = format!("SELECT {distinct}{}\nFROM {}", columns.join(", "), self.from);
        if !self.wheres.is_empty() {
            sql.push_str(&format!("\nWHERE {}", self.wheres.join(" AND ")));
        }
        if self.is_grouped && self.keys > 0 {
            let places: Vec<String> = (1..=self.keys).map(|place| place.to_string()).collect();
            sql.push_str(&format!("\nGROUP BY {}", places.join(", ")));
        }
        if is_ordered && !self.order.is_empty() {
            let mut keys = Vec::new();
            for (key, is_descending) in &self.order {
                let key = match key {
                    Order::Column(place) => (place + 1).to_string(),
                    Order::Expr(expr) => to.expr(&self.scope, expr)?.text,
                };
                keys.push(format!("{key} {} NULLS LAST", if *is_descending { "DESC" } else { "ASC" }));
            }
            sql.push_str(&format!("\nORDER BY {}", keys.join(", ")));
        }
        if let Some(limit) = self.limit {
            sql.push_str(&format!("\nLIMIT {limit}"));
        }
        Ok(sql)
    }
}
