//! `trine generate`: makes up logs that look like a shop's.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use trine_query::{
    generate::{self, Settings},
    scan::time,
};

use crate::exit::Failure;

/// Make up logs that look like a shop's: the same settings give the same bytes.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// How many events.
    #[arg(long, short = 'n', value_name = "N", default_value_t = Settings::default().events)]
    events: u64,
    /// Which of many logs.
    #[arg(long, value_name = "N", default_value_t = Settings::default().seed)]
    seed: u64,
    /// When the log begins: a time like 2025-10-24T08:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    start: Option<i64>,
    /// Events per second of the log's time.
    #[arg(long, value_name = "N", default_value_t = Settings::default().rate)]
    rate: f64,
    /// Write to this file instead of the standard output.
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
}

fn parse_time(text: &str) -> Result<i64, String> {
    time::from_text(text.as_bytes()).ok_or_else(|| "expected a time like 2025-10-24T08:00:00Z".to_owned())
}

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let settings = Settings {
        seed: flags.seed,
        events: flags.events,
        start_ns: flags.start.unwrap_or(Settings::default().start_ns),
        rate: flags.rate,
    };
    match &flags.output {
        Some(path) => {
            let mut file = File::create(path).map_err(Failure::io(format!("create `{}`", path.display())))?;
            generate::write(settings, &mut file)
                .map_err(Failure::io(format!("write `{}`", path.display())))?;
        }
        None => {
            let mut out = io::stdout().lock();
            generate::write(settings, &mut out)
                .and_then(|_| out.flush())
                .map_err(Failure::io("write to the standard output"))?;
        }
    }
    Ok(())
}
