//! Comma-separated values, as RFC 4180 has them: no thousands, no units, times in RFC 3339.

use trine_query::{
    answer::{Answer, Cell},
    scan::time,
};

pub(super) fn text(answer: &Answer) -> String {
    let mut out = String::new();
    let names = answer.columns.iter().map(|column| field(&column.name));
    line(names, &mut out);
    for row in &answer.rows {
        line(row.iter().map(cell), &mut out);
    }
    out
}

fn line(fields: impl Iterator<Item = String>, out: &mut String) {
    for (place, field) in fields.enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(&field);
    }
    out.push('\n');
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(is_true) => is_true.to_string(),
        Cell::Int(int) => int.to_string(),
        Cell::Float(float) => float.to_string(),
        Cell::Text(text) | Cell::Nested(text) => field(text),
        Cell::Time(ns) => String::from_utf8_lossy(&time::to_text(*ns)).into_owned(),
        Cell::Duration(ns) => (*ns as f64 / 1e9).to_string(),
    }
}

/// Quoted where it must be.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use trine_query::answer::{Column, Kind};

    use super::*;

    #[test]
    fn what_would_end_a_field_is_quoted() {
        let mut answer = Answer::new(vec![Column::key("a,b", Kind::Text), Column::new("n", Kind::Any)]);
        answer.rows.push(vec![Cell::Text("say \"hi\"\nyou".into()), Cell::Null]);
        answer.rows.push(vec![Cell::Text("plain".into()), Cell::Float(1_234.5)]);
        answer.rows.push(vec![Cell::Time(0), Cell::Duration(1_500_000_000)]);
        let expected = "\"a,b\",n\n\"say \"\"hi\"\"\nyou\",\nplain,1234.5\n1970-01-01T00:00:00.000000Z,1.5\n";
        assert_eq!(text(&answer), expected);
    }
}
