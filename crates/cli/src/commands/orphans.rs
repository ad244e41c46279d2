//! `trine orphans`: what began and did not end, and what ended and did not begin.

use clap::{Args, ValueEnum};
use trine_query::{
    answer::{Answer, Cell, Column, Kind},
    operations::What,
};

use super::ops::{self, Pairing};
use crate::{
    exit::Failure,
    logs::Logs,
    render::{self, Look, Shown, cell_count},
};

/// List runs that never ended, and ends that have no start.
///
/// Exits with 1 when there are none, so that a script can ask.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    #[command(flatten)]
    logs: Logs,
    #[command(flatten)]
    pairing: Pairing,
    /// Only these; may be repeated.
    #[arg(long = "only", value_name = "KIND")]
    only: Vec<Only>,
    /// Rows at most; the oldest come first.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Runs that go on for longer than they should.
    Stuck,
    /// Runs that go on, for no longer than others did.
    InFlight,
    /// Runs that were begun again before they ended.
    Restarted,
    /// Ends whose start is not in the log.
    NoStart,
}

impl Only {
    const fn what(self) -> What {
        match self {
            Only::Stuck => What::Stuck,
            Only::InFlight => What::InFlight,
            Only::Restarted => What::Restarted,
            Only::NoStart => What::Unbegun,
        }
    }
}

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let (mut report, read) = ops::gather(&flags.logs, flags.pairing.settings(&flags.logs, true)?)?;
    let is_wanted = |what: What| flags.only.is_empty() || flags.only.iter().any(|only| only.what() == what);
    let mut beyond = report.lone_all - report.lone.len();
    report.lone.retain(|lone| is_wanted(lone.what) && flags.pairing.takes(&lone.operation));
    if report.lone.is_empty() {
        return Err(Failure::Nothing("every start has its end, and every end its start".to_owned()));
    }
    let mut answer = Answer::new(vec![
        Column::new("what", Kind::Text),
        Column::key("operation", Kind::Text),
        Column::new("time", Kind::Time),
        Column::new("age", Kind::Duration),
        Column::key("id", Kind::Text),
    ]);
    beyond += report.lone.len().saturating_sub(flags.limit);
    for lone in report.lone.iter().take(flags.limit) {
        answer.rows.push(vec![
            Cell::Text(lone.what.as_str().to_owned()),
            Cell::Text(lone.operation.clone()),
            Cell::Time(lone.at_ns),
            Cell::Duration(i64::try_from(lone.age_ns).unwrap_or(i64::MAX)),
            if lone.id.is_empty() { Cell::Null } else { Cell::Text(lone.id.clone()) },
        ]);
    }
    answer.notes = ops::notes(&report, &read);
    // What the list shows need not be counted beside it.
    answer.notes.remarks.retain(|remark| !remark.contains("trine orphans") && !remark.contains("came again"));
    if beyond > 0 {
        answer.notes.remarks.push(format!("not shown: {} more (--limit)", cell_count(beyond as f64)));
    }
    let title = format!("trine orphans {}", flags.logs.names());
    render::show(&answer, Look { title: &title, spare: &["time"] }, &flags.shown)
        .map_err(Failure::io("write to the standard output"))
}
