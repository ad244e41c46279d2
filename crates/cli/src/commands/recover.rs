//! `trine recover`: what processes that ended could not write, and what they were doing.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use trine::recovery::{self, Found};

use crate::exit::Failure;

/// Write what dead processes could not, and say what they were doing.
///
/// Looks into the directory of each process in DIR, leaves those of living ones alone, and shows of the others what they had begun and
/// not ended, the last events of each thread, and the signal that ended it, if one was seen. Then writes what no output has: once, whole, in order, to the files that
/// the process wrote to. The next start of the service does the same by itself.
///
/// What only the program knows (stages, an encoder or a sink of its own) it does not guess: such events are left to the program, or
/// are written without it to the file of `--to`, and what is missing is said. Secrets are masked there as by the program's masks.
///
/// Exits with 1 when dead processes have left nothing.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// Where processes leave things: their `TRINE_BLACK_BOX` [default: that of this user in /dev/shm]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Only look: change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write to the end of this file, as JSON lines, and not to the files of the process.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    to: Option<PathBuf>,
}

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let directory = flags.directory.clone().or_else(recovery::directory);
    let Some(directory) = directory else {
        return Err(Failure::Usage("there is no /dev/shm here: say which directory".to_owned()));
    };
    let nothing = || Failure::Nothing(format!("dead processes have left nothing in {}", directory.display()));
    let found = match recovery::look(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && flags.directory.is_none() => {
            return Err(nothing());
        }
        found => found.map_err(Failure::io(format!("look into {}", directory.display())))?,
    };
    let (running, dead): (Vec<Found>, Vec<Found>) = found.into_iter().partition(Found::is_running);
    let mut out = io::stdout().lock();
    let shown = running.iter().try_for_each(|found| {
        writeln!(out, "{}: process {} runs, and writes by itself", found.service(), process(found))
    });
    shown.map_err(Failure::io("write to the standard output"))?;
    if dead.is_empty() {
        return Err(nothing());
    }
    let mut failed = Vec::new();
    for found in dead {
        show(&mut out, &found).map_err(Failure::io("write to the standard output"))?;
        if flags.dry_run {
            continue;
        }
        let name = format!("what process {} of {} left", process(&found), found.service());
        let without = found.only_the_program_knows();
        let done = match found.write(flags.to.as_deref()) {
            Ok(events) => wrote(&mut out, events, &without),
            Err(why) => {
                let told = writeln!(out, "  kept: {why}");
                failed.push((name, why));
                told
            }
        };
        done.map_err(Failure::io("write to the standard output"))?;
    }
    match failed.into_iter().next() {
        None => Ok(()),
        Some((name, why)) => Err(Failure::Io(format!("write {name}"), io::Error::other(why))),
    }
}

fn process(found: &Found) -> String {
    found.process().map_or_else(|| "?".to_owned(), |process| process.to_string())
}

/// What was written, and what was not done to it.
fn wrote(out: &mut impl Write, events: u64, without: &[String]) -> io::Result<()> {
    writeln!(out, "  written: {events} events")?;
    if without.is_empty() {
        return Ok(());
    }
    writeln!(out, "  not applied, since only the program knows it: {}", without.join(", "))
}

/// The last words of one process.
fn show(out: &mut impl Write, found: &Found) -> io::Result<()> {
    writeln!(out, "{}: process {} has ended", found.service(), process(found))?;
    if let Some(why) = found.trouble() {
        return writeln!(out, "  kept: {why}");
    }
    match found.signal() {
        Some(signal) => writeln!(out, "  ended by {signal}"),
        None => {
            writeln!(out, "  no signal was seen: it was killed (kill -9, no memory), or left without ending")
        }
    }?;
    writeln!(out, "  not written: {} events", found.unwritten())?;
    let without = found.only_the_program_knows();
    if found.unwritten() > 0 && !without.is_empty() {
        writeln!(
            out,
            "  only the program knows: {} (start it, or write without with --to FILE)",
            without.join(", ")
        )?;
    }
    if !found.open_operations().is_empty() {
        writeln!(out, "  begun and not ended:")?;
        found.open_operations().iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    for (thread, lines) in found.last_events() {
        writeln!(out, "  last events of thread {thread}:")?;
        lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    Ok(())
}
