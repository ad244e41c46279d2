//! `compare 1d`: a period beside the one that began so much earlier.

use std::collections::HashMap;

use super::{Error, Settings, run, value::Val};
use crate::{
    answer::{Answer, Cell, Column, Kind},
    lang::{
        self, Unit,
        ast::{Argument, Call, Expr, Field, Item, Query, Stage},
    },
    scan::input::{Input, TimeRange},
};

/// The question up to `compare`, and how far back the other period is.
///
/// The period is the range of the settings; without one, or without its begin, it is as long as the distance, and ends with the last
/// event.
pub(super) fn answer(
    text: &str,
    query: &Query,
    back: (f64, Unit),
    input: &Input,
    settings: &Settings<'_>,
) -> Result<Answer, Error> {
    run::check_twice(text, "compare", input)?;
    if !matches!(query.stages.last(), Some(Stage::Aggregate(..))) {
        let at = text.find("compare").unwrap_or(0);
        let error = lang::Error::new(text, at, "compare".len(), "`compare` sets groups beside each other");
        return Err(Error::Question(
            error.hint("it stands behind the stage that makes them: `count() by event | compare 1d`"),
        ));
    }
    let back_ns = (back.0 * back.1.factor()) as i64;
    let until_ns = match settings.range {
        Some(range) if range.until_ns < i64::MAX => range.until_ns,
        _ => last_ns(text, query, input, settings)?.saturating_add(1),
    };
    let since_ns = match settings.range {
        Some(range) if range.since_ns > i64::MIN => range.since_ns,
        _ => until_ns.saturating_sub(back_ns),
    };
    let of =
        |range: TimeRange| run::answer(text, query, input, &Settings { range: Some(range), ..*settings });
    let now = of(TimeRange { since_ns, until_ns })?;
    let before = run::answer(
        text,
        query,
        input,
        &Settings {
            range: Some(TimeRange {
                since_ns: since_ns.saturating_sub(back_ns),
                until_ns: until_ns.saturating_sub(back_ns),
            }),
            // What is in one of the periods is known.
            is_lenient: true,
            ..*settings
        },
    )?;
    Ok(beside(now, before, back_ns))
}

/// When the last event was that the filter lets through.
fn last_ns(text: &str, query: &Query, input: &Input, settings: &Settings<'_>) -> Result<i64, Error> {
    let time = Expr::Field(Field::key(super::event::TIME));
    let Some(function) = lang::FUNCTIONS.iter().find(|function| function.name == "max") else {
        return Ok(settings.now_ns);
    };
    let max = Expr::Call(Call { function, percent: None, arguments: vec![Argument::Expr(time)], at: 0 });
    let query = Query {
        filter: query.filter.clone(),
        stages: vec![Stage::Aggregate(vec![Item::unnamed(max)], Vec::new())],
    };
    let answer = run::answer(text, &query, input, settings)?;
    match answer.rows.first().and_then(|row| row.first()) {
        Some(Cell::Time(ns)) => Ok(*ns),
        _ => Ok(settings.now_ns),
    }
}

/// Rows of both periods with the same keys beside each other; each measure, what it was, and by what share it changed.
fn beside(now: Answer, before: Answer, back_ns: i64) -> Answer {
    let keys = now.columns.iter().filter(|column| column.is_key).count();
    let measures = now.columns.len() - keys;
    let key_of = |row: &[Cell], shift_ns: i64| {
        let mut key = Vec::new();
        for cell in &row[..keys] {
            match cell {
                Cell::Time(ns) => Val::Time(ns.saturating_add(shift_ns)).encode(&mut key),
                other => Val::of_cell(other).encode(&mut key),
            }
        }
        key
    };
    let mut columns: Vec<Column> = now.columns[..keys].to_vec();
    for column in &now.columns[keys..] {
        columns.push(column.clone());
        columns.push(Column { name: format!("{}_before", column.name), ..column.clone() });
        columns.push(Column::new(format!("{}_change", column.name), Kind::Share));
    }
    let mut old: HashMap<Vec<u8>, Vec<Cell>> =
        before.rows.into_iter().map(|row| (key_of(&row, back_ns), row)).collect();
    let mut answer = Answer { shape: now.shape, columns, notes: now.notes, ..Answer::default() };
    let row = |keys_of: &[Cell], now: Option<&[Cell]>, old: Option<&[Cell]>| {
        let mut cells = keys_of.to_vec();
        for measure in keys..keys + measures {
            let value = |row: Option<&[Cell]>| row.map_or(Cell::Null, |row| row[measure].clone());
            let (now, old) = (value(now), value(old));
            let change = match (now.number(), old.number()) {
                (Some(now), Some(old)) if old != 0.0 => Cell::Float((now - old) / old),
                _ => Cell::Null,
            };
            cells.extend([now, old, change]);
        }
        cells
    };
    for cells in &now.rows {
        let old = old.remove(&key_of(cells, 0));
        answer.rows.push(row(&cells[..keys], Some(cells), old.as_deref()));
    }
    // What there was and is no more.
    let mut gone: Vec<Vec<Cell>> = old
        .into_values()
        .map(|cells| {
            let shifted: Vec<Cell> = cells[..keys]
                .iter()
                .map(|cell| match cell {
                    Cell::Time(ns) => Cell::Time(ns.saturating_add(back_ns)),
                    other => other.clone(),
                })
                .collect();
            row(&shifted, None, Some(&cells))
        })
        .collect();
    gone.sort_by(|a, b| {
        let order = |place: usize| Val::of_cell(&a[place]).order(&Val::of_cell(&b[place]));
        (0..keys).map(order).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    answer.rows.extend(gone);
    answer
}

/// A question cut at the first stage that reads the input twice.
pub(super) fn cut(query: &Query) -> Option<(Query, &Stage, &[Stage])> {
    let at = query.stages.iter().position(|stage| matches!(stage, Stage::Compare(..) | Stage::Context(_)))?;
    let before = Query { filter: query.filter.clone(), stages: query.stages[..at].to_vec() };
    Some((before, &query.stages[at], &query.stages[at + 1..]))
}
