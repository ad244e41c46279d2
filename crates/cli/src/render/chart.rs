//! Charts of an answer in the terminal: lines over time, else bars.

use trine_query::answer::{Answer, Cell, Shape};

use super::{
    bars::{bar, sparkline},
    braille::Canvas,
    cell::{Format, clock},
    screen::Screen,
    series::{self, Lines},
    table,
    width::{cut, pad_left, pad_right, width},
};

/// Rows of characters of a chart of lines.
const ROWS: usize = 10;
/// Bars that are drawn; the rest is counted.
const BARS_MAX: usize = 40;
/// Widest label beside a bar or a sparkline, as a share of the screen: one part in so many.
const LABEL_PART: usize = 3;

pub(super) fn text(answer: &Answer, screen: &Screen) -> String {
    let measures = series::measures(answer);
    if measures.is_empty() || answer.rows.is_empty() {
        return table::text(answer, &[], screen);
    }
    let mut out = String::new();
    for (place, measure) in measures.iter().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        match series::lines(answer, *measure) {
            Some(lines) => draw_lines(answer, &lines, screen, &mut out),
            None => draw_bars(answer, *measure, screen, &mut out),
        }
    }
    out
}

fn format(answer: &Answer, measure: usize) -> Format {
    Format::of(&answer.columns[measure], answer.rows.iter().map(|row| &row[measure]))
}

/// One chart with all lines, and below it each with its own height, so that a small one is seen beside a large one.
fn draw_lines(answer: &Answer, lines: &Lines, screen: &Screen, out: &mut String) {
    let (style, format) = (screen.style, format(answer, lines.measure));
    let number = |value: f64| format.text(&Cell::Float(value));
    let values = || lines.series.iter().flat_map(|series| series.values.iter().flatten().copied());
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let (top, bottom) = (number(high), number(low));
    let margin = width(&top).max(width(&bottom));
    let mut canvas = Canvas::new(screen.columns().saturating_sub(margin + 2).max(8), ROWS);
    for (place, series) in lines.series.iter().enumerate().rev() {
        draw_series(&mut canvas, &series.values, (low, high), place);
    }
    out.push_str(
        &style.bold(&table::head(&answer.columns[lines.measure].name, answer.columns[lines.measure].unit)),
    );
    out.push('\n');
    for row in 0..canvas.rows() {
        let label = match row {
            0 => &*top,
            row if row + 1 == canvas.rows() => &*bottom,
            _ => "",
        };
        let drawn: String = canvas
            .row(row)
            .map(|(c, series)| series.map_or(c.to_string(), |series| style.series(series, &c.to_string())))
            .collect();
        let line = format!("{} ┤{drawn}", pad_left(label, margin));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    let begin = clock(lines.begin_ns);
    let buckets = lines.series.first().map_or(1, |series| series.values.len()) as i64;
    let end = clock(lines.begin_ns.saturating_add((buckets - 1).saturating_mul(lines.every_ns)));
    let room = (canvas.width() / 2).saturating_sub(width(&begin));
    let ends = if width(&end) < room { pad_left(&end, room) } else { String::new() };
    out.push_str(&style.faint(&format!("{:margin$}  {begin}{ends}", "")));
    out.push('\n');
    if lines.series.len() > 1 {
        draw_legend(lines, &number, screen, out);
    }
    if lines.hidden > 0 {
        out.push_str(&style.faint(&format!("and {} smaller ones\n", lines.hidden)));
    }
}

fn draw_series(canvas: &mut Canvas, values: &[Option<f64>], (low, high): (f64, f64), series: usize) {
    let x = |bucket: usize| bucket * (canvas.width() - 1) / values.len().saturating_sub(1).max(1);
    let y = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        (share * (canvas.height() - 1) as f64).round() as usize
    };
    let points: Vec<Option<(usize, usize)>> =
        values.iter().enumerate().map(|(bucket, value)| Some((x(bucket), y((*value)?)))).collect();
    let mut before = None;
    for point in points {
        if let Some(point) = point {
            canvas.line(before.unwrap_or(point), point, series);
        }
        before = point;
    }
}

fn draw_legend(lines: &Lines, number: &impl Fn(f64) -> String, screen: &Screen, out: &mut String) {
    let room = screen.columns();
    let label_max =
        lines.series.iter().map(|series| width(&series.label)).max().unwrap_or(0).min(room / LABEL_PART);
    for (place, series) in lines.series.iter().enumerate() {
        let most = series.values.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let most = format!("max {}", number(most));
        let spark_room = room.saturating_sub(label_max + width(&most) + 4).max(4);
        let spark = sparkline(&shrunk(&series.values, spark_room));
        let label = pad_right(&cut(&series.label, label_max), label_max);
        let line =
            format!("{}  {}  {most}", screen.style.series(place, &label), screen.style.series(place, &spark));
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Values in at most so many columns: the largest of each column's, so that no peak is lost.
fn shrunk(values: &[Option<f64>], columns: usize) -> Vec<Option<f64>> {
    if values.len() <= columns {
        return values.to_vec();
    }
    let part = |column: usize| column * values.len() / columns;
    (0..columns)
        .map(|column| {
            let values = &values[part(column)..part(column + 1)];
            values
                .iter()
                .flatten()
                .copied()
                .fold(None, |most: Option<f64>, value| Some(most.map_or(value, |most| most.max(value))))
        })
        .collect()
}

fn draw_bars(answer: &Answer, measure: usize, screen: &Screen, out: &mut String) {
    let (style, format) = (screen.style, format(answer, measure));
    let column = &answer.columns[measure];
    let shown = answer.rows.len().min(BARS_MAX);
    let has_time = matches!(answer.shape, Shape::Series { .. });
    let label = |row: usize| {
        let time = answer
            .columns
            .iter()
            .position(|column| has_time && column.kind == trine_query::answer::Kind::Time);
        let time = time.and_then(|at| answer.rows[row][at].number()).map(|ns| clock(ns as i64));
        [time.unwrap_or_default(), series::label(answer, row)].join(" ").trim().to_owned()
    };
    let labels: Vec<String> = (0..shown).map(label).collect();
    let numbers: Vec<String> = (0..shown).map(|row| format.text(&answer.rows[row][measure])).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| width(text)).max().unwrap_or(0);
    let label_max = widest(&labels).min(screen.columns() / LABEL_PART);
    let number_max = widest(&numbers);
    let room = screen.columns().saturating_sub(label_max + number_max + 4).max(4);
    let most = answer.rows.iter().filter_map(|row| row[measure].number()).fold(0.0, f64::max);
    out.push_str(&style.bold(&table::head(&column.name, column.unit)));
    out.push('\n');
    for row in 0..shown {
        let share = answer.rows[row][measure].number().map_or(0.0, |number| number / most);
        let label = pad_right(&cut(&labels[row], label_max), label_max);
        let line =
            format!("{label}  {}  {}", pad_left(&numbers[row], number_max), style.accent(&bar(share, room)));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if answer.rows.len() > shown {
        out.push_str(&style.faint(&format!("and {} more\n", answer.rows.len() - shown)));
    }
}

#[cfg(test)]
mod tests {
    use trine_query::answer::{Column, Kind};

    use super::*;

    #[test]
    fn lines_over_time_have_an_axis_and_a_legend() {
        let shown = text(&series::tests::answer(), &Screen::plain(40));
        assert!(shown.starts_with("count()\n8 ┤"), "{shown}");
        assert!(shown.contains("0 ┤") && shown.contains("   1970-01-01 00:00"), "{shown}");
        assert!(shown.contains("\nweb  ▅█▃  max 8\n") && shown.contains("\napi  ▃ █  max 3\n"), "{shown}");
        assert!(shown.lines().all(|line| width(line) <= 40), "{shown}");
    }

    #[test]
    fn a_table_is_drawn_as_bars() {
        let mut answer =
            Answer::new(vec![Column::key("event", Kind::Text), Column::new("count()", Kind::Number)]);
        for (event, count) in [("a_b", 40), ("c_d", 10)] {
            answer.rows.push(vec![Cell::Text(event.into()), Cell::Int(count)]);
        }
        assert_eq!(
            text(&answer, &Screen::plain(29)),
            "count()\na_b  40  ████████████████████\nc_d  10  █████\n"
        );
    }

    #[test]
    fn no_peak_is_lost_in_a_narrow_line() {
        let mut values = vec![Some(1.0); 1_000];
        values[777] = Some(9.0);
        assert_eq!(shrunk(&values, 10).iter().flatten().filter(|value| **value == 9.0).count(), 1);
        assert_eq!(shrunk(&values[..5], 10).len(), 5);
    }
}
