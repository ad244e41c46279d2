//! The options of the command line.

use std::{ffi::OsString, ops::RangeInclusive, path::PathBuf, thread};

/// How the program is called.
pub(crate) const USAGE: &str = "\
usage: shop [--events N] [--threads N] [--output PATH]

  --events N     events to emit, from 1 to 1000000000; the last orders are finished (default 1000000)
  --threads N    threads that fulfil orders, from 1 to 256 (default: one per core, at least 2)
  --output PATH  file of the events, made anew (default logs/shop.jsonl)
  --help         this text

TRINE_LEVEL, TRINE_FORMAT and TRINE_OUTPUT work as in any program.
";

/// A billion lines are some 250 GB.
const EVENTS: RangeInclusive<u64> = 1..=1_000_000_000;
/// Beyond the cores of any machine that runs an example.
const THREADS: RangeInclusive<u64> = 1..=256;
const DEFAULT_EVENTS: u64 = 1_000_000;
const DEFAULT_OUTPUT: &str = "logs/shop.jsonl";
/// With one thread there would be nothing to merge.
const DEFAULT_THREADS_MIN: usize = 2;

/// What the user wants.
#[derive(Debug)]
pub(crate) enum Request {
    Run(Options),
    Help,
}

/// How the shop runs.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) events: u64,
    pub(crate) threads: u64,
    pub(crate) output: PathBuf,
}

impl Options {
    /// Reads `--events 10`, `--events=10`, and the like.
    ///
    /// Errors: a sentence that names the option, the value, and what is allowed.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
        let threads = thread::available_parallelism().map_or(DEFAULT_THREADS_MIN, usize::from);
        let mut options = Options {
            events: DEFAULT_EVENTS,
            threads: (threads.max(DEFAULT_THREADS_MIN) as u64).min(*THREADS.end()),
            output: DEFAULT_OUTPUT.into(),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            let (name, joined) = match text.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (&*text, None),
            };
            let mut value = || {
                let value = joined.clone().or_else(|| arguments.next());
                value.filter(|value| !value.is_empty()).ok_or_else(|| format!("`{name}` needs a value"))
            };
            match name {
                "--events" => options.events = number(name, &value()?, EVENTS)?,
                "--threads" => options.threads = number(name, &value()?, THREADS)?,
                "--output" => options.output = value()?.into(),
                "--help" | "-h" => return Ok(Request::Help),
                _ => return Err(format!("unknown option `{text}`")),
            }
        }
        Ok(Request::Run(options))
    }
}

fn number(name: &str, value: &OsString, allowed: RangeInclusive<u64>) -> Result<u64, String> {
    let text = value.to_string_lossy();
    let number = text.replace('_', "").parse().ok();
    number.filter(|number| allowed.contains(number)).ok_or_else(|| {
        let (least, most) = (allowed.start(), allowed.end());
        format!("`{name}` is `{text}`; allowed: a whole number from {least} to {most}")
    })
}
