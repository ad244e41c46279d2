//! What does a whole service look like?
//!
//! A shop fulfils orders on several threads: payment, inventory, shipping, notification, each of which may fail. It emits a
//! million events into `logs/shop.jsonl`, looks whether all of them are there, and says what that took:
//!
//! ```text
//! cargo run --release --example shop -- [--events N] [--threads N] [--output PATH]
//! ```
//!
//! Read `fulfill.rs` first, then `payment.rs`. `TRINE_LEVEL`, `TRINE_FORMAT` and `TRINE_OUTPUT` work as in any program.

mod chance;
mod file;
mod fulfill;
mod inventory;
mod ledger;
mod notification;
mod options;
mod order;
mod payment;
mod shipping;
mod shop;
mod stopwatch;
mod summary;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use trine::config::Settings;

use crate::{
    options::{Options, Request},
    summary::{Place, Summary},
};

/// The options are wrong, or the file they name cannot be written.
const EXIT_OPTIONS: u8 = 2;
/// Longest that the last events may take to the file. What can wait in the rings is some MiB: a slow disk needs seconds.
const FLUSH_WAIT: Duration = Duration::from_secs(5);
/// Events of the rehearsal: enough that a thread runs for tens of milliseconds.
const REHEARSAL_EVENTS: u64 = 200_000;

fn main() -> ExitCode {
    let outcome = match Options::parse(std::env::args_os().skip(1)) {
        Ok(Request::Run(options)) => run(&options),
        Ok(Request::Help) => {
            print(io::stdout(), options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(mistake) => Err(mistake),
    };
    outcome.unwrap_or_else(|mistake| {
        print(io::stderr(), &format!("error: {mistake}\n\n{}", options::USAGE));
        ExitCode::from(EXIT_OPTIONS)
    })
}

fn run(options: &Options) -> Result<ExitCode, String> {
    // What variables and configuration files say, they say to `setup` below; here only to tell the truth at the end.
    let (outside, _) = Settings::load_from_process(Settings::default());
    let is_redirected = outside.outputs.is_some();
    if !is_redirected {
        file::create(&options.output)?;
    }
    trine::setup().output(trine::Output::file(&options.output)).start();

    // The same work with all events off: what is left is the price of the events. An output from outside may have a level
    // of its own, which `set_level` does not change.
    let rehearsal = (!is_redirected).then(|| {
        let level = outside.level.clone().unwrap_or_default().to_string();
        trine::set_level("off").expect("`off` is a level");
        let ledger = shop::open(options.threads, REHEARSAL_EVENTS.min(options.events), shop::Binding::Off);
        trine::set_level(&level).expect("rules are shown as they are read");
        ledger
    });

    let start = Instant::now();
    let ledger = shop::open(options.threads, options.events, shop::Binding::On);
    let waiting = trine::flush(FLUSH_WAIT);
    let elapsed = start.elapsed();
    let health = trine::health();

    let place = match is_redirected {
        true => Place::Elsewhere,
        false => Place::File(options.output.clone(), file::examine(&options.output)),
    };
    let is_filtered = outside.level.is_some();
    let summary =
        Summary { threads: options.threads, ledger, rehearsal, elapsed, waiting, health, place, is_filtered };
    match summary.place {
        // Standard output may be where the events are.
        Place::Elsewhere => print(io::stderr(), &summary.to_string()),
        Place::File(..) => print(io::stdout(), &summary.to_string()),
    }
    match summary.verdict() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(trouble) => {
            print(io::stderr(), &format!("error: {trouble}\n"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Prints. A reader that has gone away (`| head -1`) is no error.
fn print(mut to: impl Write, text: &str) {
    let _ = to.write_all(text.as_bytes());
}
