//! A table of Markdown, aligned in its source too, with the notes below it.

use trine_query::answer::{Answer, Kind};

use super::{
    cell::Format,
    table,
    width::{pad_left, pad_right, width},
};

pub(super) fn text(answer: &Answer) -> String {
    let columns = answer.columns.len();
    let is_number =
        |place: usize| matches!(answer.columns[place].kind, Kind::Number | Kind::Share | Kind::Duration);
    let cells: Vec<Vec<String>> = (0..columns)
        .map(|place| {
            let column = &answer.columns[place];
            let format = Format::of(column, answer.rows.iter().map(|row| &row[place]));
            let head = escaped(&table::head(&column.name, column.unit));
            [head]
                .into_iter()
                .chain(answer.rows.iter().map(|row| escaped(&format.text(&row[place]))))
                .collect()
        })
        .collect();
    let widths: Vec<usize> =
        cells.iter().map(|cells| cells.iter().map(|cell| width(cell)).max().unwrap_or(0).max(3)).collect();
    let mut out = String::new();
    for row in 0..=answer.rows.len() {
        for (place, (cells, width)) in cells.iter().zip(&widths).enumerate() {
            let pad = if is_number(place) { pad_left } else { pad_right };
            out.push_str(&format!("| {} ", pad(&cells[row], *width)));
        }
        out.push_str("|\n");
        if row == 0 {
            for (place, width) in widths.iter().enumerate() {
                let (dashes, end) = if is_number(place) { (width + 1, ":") } else { (width + 2, "") };
                out.push_str(&format!("|{}{end}", "-".repeat(dashes)));
            }
            out.push_str("|\n");
        }
    }
    for sentence in answer.notes.sentences() {
        out.push_str(&format!("\n{}\n", escaped(&sentence)));
    }
    out
}

/// Text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '\\' | '|' | '*' | '`' | '[' | ']' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use trine_query::answer::{Cell, Column};

    use super::*;

    #[test]
    fn a_table_is_aligned_and_nothing_in_it_is_markup() {
        let mut answer = Answer::new(vec![Column::key("event", Kind::Text), Column::new("n", Kind::Number)]);
        answer.rows.push(vec![Cell::Text("a|b <i>".into()), Cell::Int(1_234)]);
        answer.notes.remarks.push("one thing".into());
        let expected = "\
| event       |     n |
|-------------|------:|
| a\\|b &lt;i> | 1,234 |

one thing
";
        assert_eq!(text(&answer), expected);
    }
}
