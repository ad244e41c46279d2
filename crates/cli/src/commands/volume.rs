//! `trine volume`: what a log weighs, by event, field and place in the code, and what that costs.

use clap::{Args, ValueEnum};
use trine_query::{
    answer::{Answer, Cell, Column, Kind, Notes},
    lang::Unit,
    scan::time::SECOND_NS,
    volume::{Volume, Weighed},
};

use crate::{
    exit::Failure,
    logs::Logs,
    render::{self, Look, Shown, cell_bytes, cell_count},
};

/// Show which events, fields or callsites make up the bytes of a log, and what they cost.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    #[command(flatten)]
    logs: Logs,
    /// What to weigh.
    #[arg(long, value_name = "WHAT", default_value = "event")]
    by: By,
    /// Price of a gigabyte (10^9 bytes), in whatever currency: adds what these logs cost, and a month at this rate.
    #[arg(long, value_name = "PRICE", value_parser = price)]
    per_gb: Option<f64>,
    /// Rows at most; the heaviest come first.
    #[arg(long, value_name = "N", default_value_t = 25)]
    limit: usize,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// The name of the event.
    Event,
    /// The key of the field.
    Field,
    /// Where in the code, for lines that say so.
    Callsite,
}

/// Days of a month, for its price: 365 / 12.
const MONTH_DAYS: f64 = 365.0 / 12.0;
const DAY_S: f64 = 86_400.0;
/// A shorter log says nothing of a day.
const SPAN_S_MIN: f64 = 60.0;

fn price(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim_start_matches(['$', '€', '£']).parse().ok();
    number
        .filter(|price| price.is_finite() && *price >= 0.0)
        .ok_or_else(|| "expected a price, like 0.50".to_owned())
}

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let input = flags.logs.find()?;
    let range = flags.logs.range.range();
    let (states, read) = flags.logs.read(
        &input,
        || Volume::new(range),
        |volume, block, format| volume.feed(block.bytes, format),
    );
    let mut volume = Volume::new(range);
    states.into_iter().for_each(|state| volume.merge(state));
    let rows = match flags.by {
        By::Event => volume.events(),
        By::Field => volume.fields(),
        By::Callsite => volume.places(),
    };
    if rows.is_empty() {
        let what = if flags.by == By::Callsite {
            "no event says where in the code it comes from"
        } else {
            "no events"
        };
        return Err(Failure::Nothing(what.to_owned()));
    }
    let mut answer = answer(&volume, &rows, flags);
    answer.notes.bytes = read.bytes;
    answer.notes.is_partial = read.is_partial;
    let title = format!("trine volume {}", flags.logs.names());
    render::show(&answer, Look { title: &title, spare: &["bytes_each", "cost"] }, &flags.shown)
        .map_err(Failure::io("write to the standard output"))
}

fn answer(volume: &Volume, rows: &[Weighed], flags: &Flags) -> Answer {
    let name = match flags.by {
        By::Event => "event",
        By::Field => "field",
        By::Callsite => "callsite",
    };
    let bytes = |name: &str| Column::new(name, Kind::Number).with_unit(Unit::Bytes);
    let mut columns = vec![
        Column::key(name, Kind::Text),
        Column::new("events", Kind::Number),
        bytes("bytes"),
        Column::new("share", Kind::Share),
        bytes("bytes_each"),
    ];
    let span_s = volume.times_ns().map(|(first, last)| last.abs_diff(first) as f64 / SECOND_NS as f64);
    let span_s = span_s.filter(|span_s| *span_s >= SPAN_S_MIN);
    if flags.per_gb.is_some() {
        columns.extend(["cost", "cost_month"].map(|name| Column::new(name, Kind::Number)));
    }
    let mut answer = Answer::new(columns);
    for row in rows.iter().take(flags.limit) {
        let mut cells = vec![
            Cell::Text(row.name.clone()),
            Cell::Int(row.events.into()),
            Cell::Int(row.bytes.into()),
            Cell::Float(row.bytes as f64 / volume.bytes().max(1) as f64),
            Cell::Float((row.bytes as f64 / row.events.max(1) as f64).round()),
        ];
        if let Some(price) = flags.per_gb {
            let cost = row.bytes as f64 / 1e9 * price;
            cells.push(Cell::Float(cost));
            cells.push(span_s.map_or(Cell::Null, |span_s| Cell::Float(cost / span_s * DAY_S * MONTH_DAYS)));
        }
        answer.rows.push(cells);
    }
    answer.notes = notes(volume, rows, span_s, flags);
    answer
}

fn notes(volume: &Volume, rows: &[Weighed], span_s: Option<f64>, flags: &Flags) -> Notes {
    let mut remarks = Vec::new();
    let all = volume.bytes() as f64;
    let mut total = format!("in all: {} lines, {}", cell_count(volume.lines() as f64), cell_bytes(all));
    if let Some(span_s) = span_s {
        total += &format!("; {} a day at this rate", cell_bytes(all / span_s * DAY_S));
        if let Some(price) = flags.per_gb {
            total += &format!(", {:.2} a month", all / 1e9 * price / span_s * DAY_S * MONTH_DAYS);
        }
    }
    remarks.push(total);
    if rows.len() > flags.limit {
        remarks.push(format!("not shown: {} more (--limit)", cell_count((rows.len() - flags.limit) as f64)));
    }
    let broken =
        if volume.broken() > 0 { [("is no JSON", volume.broken())].into() } else { Default::default() };
    Notes { broken, remarks, ..Notes::default() }
}
