//! Which logs a command reads, and which part of them.

use std::{
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use trine_query::{
    events::Formats,
    lang::{Dimension, Unit},
    scan::{
        foreign::Format,
        input::{Block, Input, Options, Outcome, Progress, Report, TimeRange, Trouble, scan},
        time,
    },
};

use crate::{exit::Failure, interrupt, progress::Bar, talk};

/// Files, folders, globs; `-` is the standard input.
#[derive(Args, Clone, Debug)]
pub(crate) struct Logs {
    /// Files, folders and globs; `-` is the standard input. Plain, gzip or zstd.
    #[arg(value_name = "LOGS", required = true)]
    pub(crate) logs: Vec<String>,
    #[command(flatten)]
    pub(crate) range: Range,
}

/// A part of the time.
#[derive(Args, Clone, Debug)]
pub(crate) struct Range {
    /// From then on: a time like 2025-10-24T10:00, or so long ago, like 2h.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<i64>,
    /// Up to then, without it.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<i64>,
}

impl Range {
    /// As a range, if any of the two was said.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        (self.since.is_some() || self.until.is_some()).then(|| TimeRange {
            since_ns: self.since.unwrap_or(i64::MIN),
            until_ns: self.until.unwrap_or(i64::MAX),
        })
    }
}

/// Now. Nanoseconds since 1970-01-01 UTC.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// A point in time, or how long ago it was.
pub(crate) fn moment(text: &str) -> Result<i64, String> {
    if let Ok(ns) = length_ns(text) {
        return Ok(now_ns().saturating_sub(i64::try_from(ns).unwrap_or(i64::MAX)));
    }
    time::from_text(text.as_bytes()).ok_or_else(|| {
        "expected a time like 2025-10-24T10:00, or how long ago, like 90s, 15m, 2h, 3d".to_owned()
    })
}

/// A length of time, like `2h`, in nanoseconds.
pub(crate) fn length_ns(text: &str) -> Result<u64, String> {
    let expected = || "expected a length of time, like 500ms, 90s, 15m, 2h, 3d".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
    let number: f64 = text[..split].parse().map_err(|_| expected())?;
    let (times, unit) = Unit::of_symbol(&text[split..]).ok_or_else(expected)?;
    if unit.dimension() != Dimension::Time {
        return Err(expected());
    }
    // A float beyond the range of the integer becomes its end.
    Ok((number * times * unit.factor()) as u64)
}

impl Logs {
    /// Finds the logs and tells what could not be found.
    ///
    /// Errors: nothing was found at all.
    pub(crate) fn find(&self) -> Result<Input, Failure> {
        let (input, troubles) = Input::find(&self.logs);
        if input.sources().is_empty() {
            return Err(Failure::NoLogs(troubles));
        }
        tell(&troubles);
        Ok(input)
    }

    /// Reads the logs with all cores: each begins a state of its own, and folds blocks into it, of which it is told the format. Ctrl-C ends
    /// it early; when it takes long, a bar says how far it is.
    pub(crate) fn read<S: Send>(
        &self,
        input: &Input,
        begin: impl Fn() -> S + Sync,
        fold: impl Fn(&mut S, Block<'_>, &'static Format) + Sync,
    ) -> (Vec<S>, Report) {
        let formats = Formats::of(input);
        let progress = Progress::default();
        let options = Options {
            range: self.range.range(),
            stop: Some(interrupt::flag()),
            progress: Some(&progress),
            ..Options::default()
        };
        let Outcome { states, report } = thread::scope(|scope| {
            let bar = Bar::start(scope, &progress);
            let outcome = scan(input, &options, begin, |state, block| {
                fold(state, block, formats.of_block(block.order.source, block.bytes));
            });
            bar.finish();
            outcome
        });
        tell(&report.troubles);
        (states, report)
    }

    /// The logs as they were named, for a title.
    pub(crate) fn names(&self) -> String {
        self.logs.join(" ")
    }
}

/// Says on the standard error what could not be read.
pub(crate) fn tell(troubles: &[Trouble]) {
    troubles.iter().for_each(talk::warn);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_units() {
        for (text, expected) in [
            ("90s", 90_000_000_000),
            ("1.5ms", 1_500_000),
            ("2h", 7_200_000_000_000),
            ("1w", 604_800_000_000_000),
        ] {
            assert_eq!(length_ns(text), Ok(expected), "{text}");
        }
        for wrong in ["", "2", "h", "2x", "2kB", "-2h", "2 %", "1.2.3s"] {
            assert!(length_ns(wrong).is_err(), "{wrong}");
        }
        assert_eq!(length_ns("999999999999999999999d"), Ok(u64::MAX));
    }

    #[test]
    fn moments_are_times_or_ages() {
        assert_eq!(moment("1970-01-01T00:00:01Z"), Ok(1_000_000_000));
        let hour_ago = moment("1h").unwrap();
        assert!((now_ns() - hour_ago - 3_600_000_000_000).abs() < 60_000_000_000);
        assert!(moment("yesterday").unwrap_err().contains("2h"));
    }
}
