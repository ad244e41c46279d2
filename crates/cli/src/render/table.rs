//! A table that fits: numbers to the right, text to the left and cut where there is no room.

use std::collections::HashSet;

use trine_query::{
    answer::{Answer, Cell, Column, Kind, Shape},
    lang::{Dimension, Unit},
};

use super::{
    bars::bar,
    cell::Format,
    screen::Screen,
    width::{clean, cut, pad_left, pad_right, width},
};

/// Blanks between two columns.
const GAP: usize = 2;
/// A column of text is cut to this before a column is left out, and to the second before one is left out that is not spare.
const TEXT_FAIR: usize = 24;
const TEXT_MIN: usize = 10;
/// Columns for bars beside a measure: fewer say nothing, more are in the way.
const BAR_MIN: usize = 8;
const BAR_MAX: usize = 30;
/// Columns whose numbers are bad news, when they are not zero.
const BAD: [&str; 3] = ["errors", "failed", "stuck"];

/// A column made ready: its cells as text.
struct Ready<'a> {
    /// Its place among the columns.
    at: usize,
    of: &'a Column,
    head: String,
    cells: Vec<String>,
    is_number: bool,
    width: usize,
}

pub(super) fn text(answer: &Answer, spare: &[&str], screen: &Screen) -> String {
    if answer.shape == Shape::Events {
        return answer.ndjson();
    }
    let mut columns: Vec<Ready<'_>> = (0..answer.columns.len()).map(|place| ready(answer, place)).collect();
    let hidden = fit(&mut columns, spare, screen.width);
    let room = screen.columns().saturating_sub(total(&columns) + GAP);
    let bars = if screen.is_terminal { bars(answer, &columns, room) } else { None };
    let style = screen.style;

    let mut out = String::new();
    let head: Vec<String> = columns.iter().map(|column| place(&column.head, column)).collect();
    out.push_str(&style.bold(head.join("  ").trim_end()));
    out.push('\n');
    out.push_str(&style.faint(&"─".repeat(total(&columns))));
    out.push('\n');
    for (number, row) in answer.rows.iter().enumerate() {
        let cells = columns.iter().map(|column| {
            let text = place(&column.cells[number], column);
            let is_bad = BAD.contains(&column.of.name.as_str())
                && row[column.at].number().is_some_and(|bad| bad > 0.0);
            if is_bad { style.bad(&text) } else { text }
        });
        let mut line = cells.collect::<Vec<_>>().join("  ");
        if let Some((measure, room, most)) = bars {
            let share = row[measure].number().unwrap_or(0.0) / most;
            line = format!("{line}  {}", style.accent(&bar(share, room)));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if !hidden.is_empty() {
        out.push_str(&style.faint(&format!("no room for: {} (--output csv has all)", hidden.join(", "))));
        out.push('\n');
    }
    out
}

fn total(columns: &[Ready<'_>]) -> usize {
    columns.iter().map(|column| column.width).sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

fn ready(answer: &Answer, place: usize) -> Ready<'_> {
    let column = &answer.columns[place];
    let cells = || answer.rows.iter().filter_map(|row| row.get(place));
    let format = Format::of(column, cells());
    let texts: Vec<String> = cells().map(|cell| format.text(cell)).collect();
    let is_number = match column.kind {
        Kind::Number | Kind::Share | Kind::Duration => true,
        Kind::Any => {
            let said = || cells().filter(|cell| **cell != Cell::Null);
            said().next().is_some() && said().all(|cell| matches!(cell, Cell::Int(_) | Cell::Float(_)))
        }
        _ => false,
    };
    let head = head(&column.name, column.unit);
    let mut ready = Ready { at: place, of: column, head, cells: texts, is_number, width: 0 };
    ready.widen();
    ready
}

/// The name of a column. A unit at its end is left out where the cells have theirs: `p99_ms` is `p99`, and `12.3 ms` below it.
pub(super) fn head(name: &str, unit: Unit) -> String {
    let name = clean(name);
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match name.rsplit_once('_') {
        Some((rest, _))
            if is_word && unit.dimension() != Dimension::Number && Unit::of_field(&name) == unit =>
        {
            rest.to_owned()
        }
        _ => name,
    }
}

fn place(text: &str, column: &Ready<'_>) -> String {
    let text = cut(text, column.width);
    if column.is_number { pad_left(&text, column.width) } else { pad_right(&text, column.width) }
}

/// Makes columns fit: cuts texts, leaves out what is spare, cuts texts further, leaves out what is last. Which were left out.
fn fit(columns: &mut Vec<Ready<'_>>, spare: &[&str], room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return Vec::new() };
    let mut hidden = Vec::new();
    let fair = |_: &Ready<'_>| TEXT_FAIR;
    cut_texts(columns, room, &fair);
    for name in spare {
        if total(columns) > room
            && let Some(place) = columns.iter().position(|column| column.of.name == *name)
        {
            hidden.push(columns.remove(place).of.name.clone());
            // What was cut may have room now.
            columns.iter_mut().for_each(Ready::widen);
            cut_texts(columns, room, &fair);
        }
    }
    cut_texts(columns, room, &|column| if column.of.is_key { column.telling_width() } else { TEXT_MIN });
    while columns.len() > 1 && total(columns) > room {
        hidden.extend(columns.pop().map(|column| column.of.name.clone()));
    }
    if let [only] = &mut columns[..] {
        only.width = only.width.min(room);
    }
    hidden
}

/// Cuts the widest texts, a column at a time, until all fits or all have the least width.
fn cut_texts(columns: &mut [Ready<'_>], room: usize, least: &dyn Fn(&Ready<'_>) -> usize) {
    if total(columns) <= room {
        return;
    }
    let least: Vec<usize> = columns.iter().map(least).collect();
    while total(columns) > room {
        // Half a time says the wrong one.
        let is_cuttable = |column: &Ready<'_>| !column.is_number && column.of.kind != Kind::Time;
        let texts = columns.iter_mut().zip(&least).filter(|(column, _)| is_cuttable(column));
        let wide = texts.filter(|(column, least)| column.width > **least);
        let Some((widest, _)) = wide.max_by_key(|(column, _)| column.width) else { return };
        widest.width -= 1;
    }
}

impl Ready<'_> {
    /// As wide as its widest cell.
    fn widen(&mut self) {
        self.width = self.cells.iter().chain([&self.head]).map(|text| width(text)).max().unwrap_or(0);
    }

    /// The least width at which its cells, cut, still tell the rows apart: `/api/users` and `/api/users/me` are not one. At most
    /// [`TEXT_FAIR`].
    fn telling_width(&self) -> usize {
        let texts: HashSet<&str> = self.cells.iter().map(String::as_str).collect();
        let is_telling = |width: &usize| {
            texts.iter().map(|text| cut(text, *width)).collect::<HashSet<String>>().len() == texts.len()
        };
        (TEXT_MIN..TEXT_FAIR).find(is_telling).unwrap_or(TEXT_FAIR)
    }
}

/// Which column has bars beside it, how wide, and its largest number: the first measure, where there is room.
fn bars(answer: &Answer, columns: &[Ready<'_>], room: usize) -> Option<(usize, usize, f64)> {
    let has_keys = columns.iter().any(|column| column.of.is_key);
    let is_measure =
        |column: &&Ready<'_>| !column.of.is_key && matches!(column.of.kind, Kind::Number | Kind::Share);
    let measure = columns.iter().find(is_measure)?.at;
    let numbers = || answer.rows.iter().filter_map(|row| row[measure].number());
    let most = numbers().fold(0.0, f64::max);
    let is_good = has_keys && room >= BAR_MIN && numbers().count() > 1 && most > 0.0 && most.is_finite();
    is_good.then_some((measure, room.min(BAR_MAX), most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        let mut answer = Answer::new(vec![
            Column::key("operation", Kind::Text),
            Column::new("runs", Kind::Number),
            Column::new("errors", Kind::Share),
            Column::new("p99_ms", Kind::Number).with_unit(Unit::Milliseconds),
            Column::new("why", Kind::Text),
        ]);
        for (name, runs, errors, p99) in
            [("payment_process", 12_345, 0.041, 183.2), ("db_query", 7, 0.0, 1_800.0)]
        {
            let why = if errors > 0.0 { Cell::Text("insufficient funds".into()) } else { Cell::Null };
            answer.rows.push(vec![
                Cell::Text(name.into()),
                Cell::Int(runs),
                Cell::Float(errors),
                Cell::Float(p99),
                why,
            ]);
        }
        answer
    }

    #[test]
    fn numbers_are_right_and_texts_left() {
        let screen = Screen { width: None, is_terminal: false, ..Screen::plain(80) };
        let expected = "\
operation          runs  errors     p99  why
─────────────────────────────────────────────────────────────
payment_process  12,345   4.1 %  183 ms  insufficient funds
db_query              7     0 %  1.80 s  -
";
        assert_eq!(text(&answer(), &[], &screen).replace("─", ""), expected.replace("─", ""));
    }

    #[test]
    fn a_table_fits_whatever_the_width() {
        for width_max in 20..120 {
            let shown = text(&answer(), &[], &Screen::plain(width_max));
            for line in shown.lines().filter(|line| !line.starts_with("no room for")) {
                assert!(width(line) <= width_max, "{width_max}: {line}");
            }
        }
        let narrow = text(&answer(), &[], &Screen::plain(34));
        assert!(narrow.contains("no room for: why (--output csv has all)"), "{narrow}");
        assert!(narrow.contains("payment_p…"), "{narrow}");
    }

    #[test]
    fn keys_are_cut_as_long_as_they_tell_rows_apart() {
        let mut answer = Answer::new(vec![
            Column::key("endpoint", Kind::Text),
            Column::new("note", Kind::Text),
            Column::new("count", Kind::Number),
        ]);
        for endpoint in ["/api/v1/users/me", "/api/v1/users/me/address", "/api/v1/users"] {
            answer.rows.push(vec![
                Cell::Text(endpoint.into()),
                Cell::Text("a note that is long".into()),
                Cell::Int(1),
            ]);
        }
        let shown = text(&answer, &[], &Screen::plain(36));
        assert!(
            shown.contains("/api/v1/users/me  a note tha…") && shown.contains("/api/v1/users/m…  a"),
            "{shown}"
        );
        assert!(shown.lines().all(|line| width(line) <= 36), "{shown}");
    }

    #[test]
    fn what_is_spare_is_left_out_first() {
        let shown = text(&answer(), &["p99_ms", "errors"], &Screen::plain(51));
        assert!(
            shown.starts_with("operation          runs  errors  why")
                && shown.contains("no room for: p99_ms"),
            "{shown}"
        );
    }

    #[test]
    fn room_that_is_left_shows_bars() {
        let wide = text(&answer(), &[], &Screen::plain(100));
        assert!(wide.contains("insufficient funds  ████"), "{wide}");
    }
}
