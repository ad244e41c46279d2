//! `trine ops`: per operation its runs, rate, errors, durations, what is in flight and what is stuck.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use clap::Args;
use trine_query::{
    answer::{Answer, Cell, Column, Kind, Lost, Notes},
    lang::Unit,
    operations::{HANDED_OVER, KEYS_MORE_MAX, Operations, Report, Row, Settings},
    scan::input::{self, Options},
};

use crate::{
    exit::Failure,
    logs::{Logs, length_ns},
    render::{self, Look, Output, Shown, cell_count},
};

/// Reasons that are shown of each operation.
const REASONS_SHOWN: usize = 3;
/// Reasons that are listed below the table, of all operations together.
const FAILURES_SHOWN: usize = 10;

/// Show what the operations of a log did: how many runs, how fast, how many failed, which never ended.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    #[command(flatten)]
    logs: Logs,
    #[command(flatten)]
    pairing: Pairing,
    #[command(flatten)]
    shown: Shown,
}

/// Which operations, how starts find their ends, and how long that may take.
#[derive(Args, Debug)]
pub(crate) struct Pairing {
    /// Only operations that match: a name, or a pattern with `*`.
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// A field that tells runs apart, beside the usual ids. May be repeated.
    #[arg(long = "key", value_name = "FIELD")]
    keys: Vec<String>,
    /// How long a run may take before it is stuck: `30s` for all, `payment_process=5s` for one. May be repeated.
    #[arg(long = "deadline", value_name = "[NAME=]TIME", value_parser = deadline)]
    deadlines: Vec<(String, u64)>,
}

fn deadline(text: &str) -> Result<(String, u64), String> {
    let (name, length) = text.split_once('=').unwrap_or(("", text));
    Ok((name.to_owned(), length_ns(length)?))
}

impl Pairing {
    /// As settings.
    ///
    /// Errors: too many keys.
    pub(crate) fn settings(&self, logs: &Logs, has_texts: bool) -> Result<Settings, Failure> {
        if self.keys.len() > KEYS_MORE_MAX {
            return Err(Failure::Usage(format!(
                "{} fields are named by --key; at most {KEYS_MORE_MAX} are allowed",
                self.keys.len()
            )));
        }
        Ok(Settings {
            keys: self.keys.clone(),
            range: logs.range.range(),
            deadlines: self.deadlines.clone(),
            has_texts,
            ..Settings::default()
        })
    }

    /// Whether an operation is among those that were asked for.
    pub(crate) fn takes(&self, operation: &str) -> bool {
        self.operation.as_ref().is_none_or(|pattern| matches(pattern, operation))
    }
}

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let (mut report, read) = gather(&flags.logs, flags.pairing.settings(&flags.logs, false)?)?;
    if let Some(pattern) = &flags.pairing.operation {
        let all: Vec<String> = report.rows.iter().map(|row| row.name.clone()).collect();
        report.rows.retain(|row| flags.pairing.takes(&row.name));
        if report.rows.is_empty() {
            return Err(nothing(pattern, &all));
        }
    }
    let title = format!("trine ops {}", flags.logs.names());
    let look = Look { title: &title, spare: &["max_ms", "p95_ms", "rate"] };
    let written = Failure::io("write to the standard output");
    let is_for_programs = matches!(flags.shown.output, Output::Json | Output::Ndjson);
    let mut answer = answer(&report, &read, if is_for_programs { reasons_map } else { reasons });
    if flags.shown.output != Output::Table {
        return render::show(&answer, look, &flags.shown).map_err(written);
    }
    // Reasons are long: a table of their own has room for them.
    answer.columns.pop();
    answer.rows.iter_mut().for_each(|row| _ = row.pop());
    let notes = std::mem::take(&mut answer.notes);
    let failures = Answer { notes, ..failures(&report) };
    render::show(&answer, look, &flags.shown)
        .and_then(|()| {
            if failures.rows.is_empty() {
                render::tell_notes(&failures);
                return Ok(());
            }
            writeln!(io::stdout())?;
            render::show(&failures, look, &flags.shown)
        })
        .map_err(written)
}

/// The most frequent reasons of all operations.
fn failures(report: &Report) -> Answer {
    let mut answer = Answer::new(vec![
        Column::key("failed", Kind::Text),
        Column::key("reason", Kind::Text),
        Column::new("runs", Kind::Number),
        Column::new("share", Kind::Share),
    ]);
    let mut all: Vec<(&Row, &String, f64)> = Vec::new();
    for row in &report.rows {
        all.extend(row.reasons.iter().map(|(reason, count)| (row, reason, *count)));
    }
    all.sort_by(|a, b| b.2.total_cmp(&a.2));
    for (row, reason, count) in all.into_iter().take(FAILURES_SHOWN) {
        let cells = [
            Cell::Text(row.name.clone()),
            Cell::Text(reason.clone()),
            Cell::Int(count.round() as i128),
            Cell::Float(count / row.failed),
        ];
        answer.rows.push(cells.into());
    }
    answer
}

/// Reads logs and pairs what is in them.
pub(crate) fn gather(logs: &Logs, settings: Settings) -> Result<(Report, input::Report), Failure> {
    let input = logs.find()?;
    let threads = Options::default().threads;
    // Room for what every worker still holds.
    let marks_max = settings.marks_max + 2 * threads * HANDED_OVER;
    let begin = Operations::new(Settings { marks_max, ..settings });
    let all = Mutex::new(begin.fork());
    let merge = |part: Operations| all.lock().unwrap_or_else(PoisonError::into_inner).merge(part);
    let (states, read) = logs.read(
        &input,
        || begin.fork(),
        |operations, block, format| {
            operations.feed(block.bytes, format);
            if operations.marks() >= HANDED_OVER {
                merge(operations.take());
            }
        },
    );
    states.into_iter().for_each(merge);
    Ok((all.into_inner().unwrap_or_else(PoisonError::into_inner).report(None), read))
}

/// Whether a name is what a pattern with `*` says.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn nothing(pattern: &str, names: &[String]) -> Failure {
    let near = trine_model::suggest::nearest(pattern, names.iter().map(String::as_str));
    let hint = match (near, names.is_empty()) {
        (Some(near), _) => format!("; did you mean `{near}`?"),
        (None, true) => "; no event in these logs begins or ends an operation".to_owned(),
        (None, false) => String::new(),
    };
    Failure::Nothing(format!("no operation is called `{pattern}`{hint}"))
}

fn answer(report: &Report, read: &input::Report, reasons: fn(&Row) -> Cell) -> Answer {
    let number = |name: &str| Column::new(name, Kind::Number);
    let ms = |name: &str| number(name).with_unit(Unit::Milliseconds);
    let mut answer = Answer::new(vec![
        Column::key("operation", Kind::Text),
        number("runs"),
        number("rate").with_unit(Unit::PerSecond),
        Column::new("errors", Kind::Share),
        ms("p50_ms"),
        ms("p95_ms"),
        ms("p99_ms"),
        ms("max_ms"),
        number("in_flight"),
        number("stuck"),
        Column::new("reasons", Kind::Text),
    ]);
    let count = |number: f64| Cell::Int(number.round() as i128);
    let float = |number: Option<f64>| number.map_or(Cell::Null, Cell::Float);
    for row in &report.rows {
        answer.rows.push(vec![
            Cell::Text(row.name.clone()),
            count(row.runs),
            float(row.rate),
            float(row.failed_share),
            float(row.p50_ms),
            float(row.p95_ms),
            float(row.p99_ms),
            float(row.max_ms),
            count(row.in_flight),
            row.stuck.map_or(Cell::Null, count),
            reasons(row),
        ]);
    }
    answer.notes = notes(report, read);
    answer
}

/// The most frequent reasons, with how often, for people.
fn reasons(row: &Row) -> Cell {
    let shown: Vec<String> = row
        .reasons
        .iter()
        .take(REASONS_SHOWN)
        .map(|(reason, count)| format!("{reason} {}", cell_count(*count)))
        .collect();
    let more = row.reasons.len().saturating_sub(REASONS_SHOWN);
    let more = if more > 0 { format!(", {more} more") } else { String::new() };
    if shown.is_empty() { Cell::Null } else { Cell::Text(shown.join(", ") + &more) }
}

/// All reasons, with how often, as a map.
fn reasons_map(row: &Row) -> Cell {
    let columns = row.reasons.iter().map(|(reason, _)| Column::new(reason, Kind::Number)).collect();
    let mut map = Answer::new(columns);
    map.rows.push(row.reasons.iter().map(|(_, count)| Cell::Int(count.round() as i128)).collect());
    Cell::Nested(map.ndjson().trim_end().to_owned())
}

/// What must be said beside the figures of operations.
pub(crate) fn notes(report: &Report, read: &input::Report) -> Notes {
    let seen = &report.seen;
    let sum = |of: fn(&Row) -> f64| report.rows.iter().map(of).sum::<f64>();
    let mut remarks = Vec::new();
    let mut say = |number: f64, what: &str| {
        if number >= 0.5 {
            remarks.push(format!("{what}: {}", cell_count(number)));
        }
    };
    say(
        sum(|row| row.restarted),
        "starts that came again under the same id before an end (retries, or an id used twice)",
    );
    say(sum(|row| row.unbegun), "ends without a start in the log (`trine orphans` lists them)");
    say(sum(|row| row.unjudged), "starts and ends that were sampled or let go, and so not judged");
    say(
        report.rows.iter().map(|row| row.by_time as f64).sum(),
        "runs without an id, paired by time alone (--key names a field to pair them by)",
    );
    say(seen.untimed as f64, "starts and ends without a time, counted and not paired");
    say(seen.beyond as f64, "starts and ends left out, of more operations than are told apart");
    if seen.is_approximate {
        remarks.push("more runs were open at once than are held: those in flight are estimated".to_owned());
    }
    let broken = if seen.broken > 0 { [("is no JSON", seen.broken)].into() } else { Default::default() };
    Notes {
        bytes: read.bytes,
        broken,
        lost: Lost { events: seen.lost, names: report.lost.clone() },
        is_partial: read.is_partial,
        remarks,
        ..Notes::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in
            [("a_b", "a_b"), ("a_*", "a_b"), ("*_b", "a_b"), ("*", ""), ("a*b*c", "a_b_b_c"), ("*b*", "abc")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("a_b", "a_bc"), ("a_*", "b_a_"), ("*_b", "a_bc"), ("a*b*a", "a_b"), ("", "a")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
