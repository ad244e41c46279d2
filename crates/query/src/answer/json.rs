//! Answers as JSON: a line for each row, or one document with all of it.

use std::fmt::Write;

use super::{Answer, Cell, Column, Notes, Shape};
use crate::scan::{line::Line, time};

impl Answer {
    /// One object a line: the cells by the names of their columns; of events, the events as they stand in the log.
    pub fn ndjson(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            match (self.shape, &row[..]) {
                // Damaged or not.
                (Shape::Events, [Cell::Nested(line)]) => out.push_str(line),
                _ => self.row(row, &mut out),
            }
            out.push('\n');
        }
        out
    }

    /// One document: `columns`, `rows` (a list of objects), `notes`.
    pub fn json(&self) -> String {
        let mut out = String::from("{\"columns\":[");
        for (place, column) in self.columns.iter().enumerate() {
            out.push_str(if place == 0 { "{\"name\":" } else { ",{\"name\":" });
            quote(&column.name, &mut out);
            let _ = write!(out, ",\"unit\":\"{}\",\"is_key\":{}}}", column.unit, column.is_key);
        }
        out.push_str("],\"rows\":[");
        for (place, row) in self.rows.iter().enumerate() {
            out.push_str(if place == 0 { "\n" } else { ",\n" });
            self.row(row, &mut out);
        }
        out.push_str("],\n\"notes\":");
        notes(&self.notes, &mut out);
        out.push_str("}\n");
        out
    }

    fn row(&self, row: &[Cell], out: &mut String) {
        if self.shape == Shape::Events {
            row.iter().for_each(|cell| cell.json(out));
            return;
        }
        row_json(&self.columns, row, out);
    }
}

/// A row as an object: its cells by the names of their columns.
pub(crate) fn row_json(columns: &[Column], row: &[Cell], out: &mut String) {
    out.push('{');
    for (place, (column, cell)) in columns.iter().zip(row).enumerate() {
        if place > 0 {
            out.push(',');
        }
        quote(&column.name, out);
        out.push(':');
        cell.json(out);
    }
    out.push('}');
}

impl Cell {
    /// As JSON. A number that is not finite is a text, as in Trine's lines; a time is one of RFC 3339; a duration its seconds.
    pub fn json(&self, out: &mut String) {
        match self {
            Cell::Null => out.push_str("null"),
            Cell::Bool(is_true) => out.push_str(if *is_true { "true" } else { "false" }),
            Cell::Int(int) => {
                let _ = write!(out, "{int}");
            }
            Cell::Float(float) => number(*float, out),
            Cell::Text(text) => quote(text, out),
            Cell::Time(ns) => {
                let text = time::to_text(*ns);
                quote(&String::from_utf8_lossy(&text), out);
            }
            Cell::Duration(ns) => number(*ns as f64 / 1e9, out),
            Cell::Nested(json) if is_json(json) => out.push_str(json),
            // Of a damaged line; as a text the document stays one.
            Cell::Nested(damaged) => quote(damaged, out),
        }
    }
}

/// Judged as the value of a member, as lines are judged.
fn is_json(json: &str) -> bool {
    Line::new(format!("{{\"\":{json}}}").as_bytes()).check().is_ok()
}

fn number(float: f64, out: &mut String) {
    let _ = if float.is_nan() {
        write!(out, "\"NaN\"")
    } else if float.is_infinite() {
        write!(out, "\"{float}\"")
    } else if float != 0.0 && !(1e-5..1e21).contains(&float.abs()) {
        write!(out, "{float:e}")
    } else {
        write!(out, "{float:?}")
    };
}

/// A text of JSON, its quotes around it.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

fn notes(notes: &Notes, out: &mut String) {
    let _ = write!(
        out,
        "{{\"matched\":{},\"lines\":{},\"bytes\":{},\"broken_lines\":{},\"lost\":{},\"without_time\":{},\"is_partial\":{}",
        notes.matched,
        notes.lines,
        notes.bytes,
        notes.broken_lines(),
        notes.lost.events,
        notes.without_time,
        notes.is_partial,
    );
    if let Some(sampled) = notes.sampled {
        let _ = write!(out, ",\"sampled\":{{\"events\":{},\"weight\":", sampled.events);
        number(sampled.weight, out);
        out.push_str(",\"error\":");
        number(sampled.error, out);
        out.push('}');
    }
    out.push_str(",\"remarks\":[");
    for (place, remark) in notes.remarks.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        quote(remark, out);
    }
    out.push_str("]}");
}

#[cfg(test)]
mod tests {
    use crate::answer::{Answer, Cell, Column, Kind, Shape};

    #[track_caller]
    fn check(cell: Cell, expected: &str) {
        let mut out = String::new();
        cell.json(&mut out);
        assert_eq!(out, expected);
        assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{out}");
    }

    #[test]
    fn every_cell_is_json() {
        check(Cell::Null, "null");
        check(Cell::Int(i128::MIN), "-170141183460469231731687303715884105728");
        check(Cell::Float(0.1 + 0.2), "0.30000000000000004");
        check(Cell::Float(5.0), "5.0");
        check(Cell::Float(1e300), "1e300");
        check(Cell::Float(f64::NAN), "\"NaN\"");
        check(Cell::Float(f64::NEG_INFINITY), "\"-inf\"");
        check(Cell::Text("a\"\\\n\u{1}é".into()), "\"a\\\"\\\\\\n\\u0001é\"");
        check(Cell::Time(0), "\"1970-01-01T00:00:00.000000Z\"");
        check(Cell::Duration(1_500_000_000), "1.5");
        check(Cell::Nested("[1,2]".into()), "[1,2]");
        check(Cell::Nested("{\"a\":[1,}".into()), "\"{\\\"a\\\":[1,}\"");
    }

    #[test]
    fn a_document_holds_rows_and_notes() {
        let mut answer = Answer::new(vec![Column::key("a \"b\"", Kind::Text)]);
        answer.rows.push(vec![Cell::Text("x".into())]);
        answer.notes.remarks.push("said".into());
        let json: serde_json::Value = serde_json::from_str(&answer.json()).unwrap();
        assert_eq!(json["columns"][0]["name"], "a \"b\"");
        assert_eq!(json["rows"][0]["a \"b\""], "x");
        assert_eq!(json["notes"]["remarks"][0], "said");
    }

    #[test]
    fn events_stand_as_they_were() {
        let mut answer = Answer::new(vec![Column::new("line", Kind::Nested)]);
        answer.shape = Shape::Events;
        answer.rows.push(vec![Cell::Nested("{ \"a\" : 1 }".into())]);
        assert_eq!(answer.ndjson(), "{ \"a\" : 1 }\n");
    }
}
