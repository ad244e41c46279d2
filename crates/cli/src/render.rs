//! How an answer is shown: as a table for people, as lines for programs, as a chart, as a page.

mod bars;
mod braille;
mod cell;
mod chart;
mod csv;
mod html;
mod markdown;
mod screen;
mod series;
mod style;
mod table;
mod width;

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use trine_query::answer::Answer;

use crate::talk;

pub(crate) use self::{
    bars::{bar, span_bar},
    cell::{bytes as cell_bytes, clock, count as cell_count, duration},
    screen::Screen,
    style::Style,
    width::{clean, cut, pad_left, pad_right, width},
};

/// Forms of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Columns that fit the terminal.
    #[default]
    Table,
    /// One document: columns, rows, notes.
    Json,
    /// A line of JSON for each row.
    Ndjson,
    /// Comma-separated values, the names of the columns first.
    Csv,
    /// A table of Markdown.
    Markdown,
    /// Lines, bars and sparklines.
    Chart,
    /// A page with the chart and the table, in one file.
    Html,
}

/// How to show it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Shown {
    /// The form of the answer.
    #[arg(long, short = 'O', value_name = "FORM", default_value = "table")]
    pub(crate) output: Output,
}

/// How one answer is shown, beside its form.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look<'a> {
    /// What the answer is called on a page.
    pub(crate) title: &'a str,
    /// Columns that a table leaves out first where there is no room, in this order.
    pub(crate) spare: &'a [&'a str],
}

/// Shows an answer on the standard output, and what must be said beside it: in the document where the form has a place for it, else on
/// the standard error.
pub(crate) fn show(answer: &Answer, look: Look<'_>, shown: &Shown) -> io::Result<()> {
    let screen = Screen::of_stdout();
    let mut out = io::stdout().lock();
    out.write_all(text(answer, look, shown.output, &screen).as_bytes())?;
    out.flush()?;
    if matches!(shown.output, Output::Table | Output::Chart | Output::Ndjson | Output::Csv) {
        tell_notes(answer);
    }
    Ok(())
}

/// Says on the standard error what must be said beside an answer.
pub(crate) fn tell_notes(answer: &Answer) {
    let style = Style::of_stderr();
    for sentence in answer.notes.sentences() {
        talk::say(style.faint(&format!("note: {sentence}")));
    }
}

/// An answer in one of its forms.
pub(crate) fn text(answer: &Answer, look: Look<'_>, output: Output, screen: &Screen) -> String {
    match output {
        Output::Table => table::text(answer, look.spare, screen),
        Output::Json => answer.json(),
        Output::Ndjson => answer.ndjson(),
        Output::Csv => csv::text(answer),
        Output::Markdown => markdown::text(answer),
        Output::Chart => chart::text(answer, screen),
        Output::Html => html::text(answer, look.title),
    }
}
