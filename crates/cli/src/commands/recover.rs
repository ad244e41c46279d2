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
/// not ended, and the last events of each thread. Then writes what no output has: once, whole, in order, to the files that
/// the process wrote to. The next start of the service does the same by itself.
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
        if !flags.dry_run {
            let name = format!("what process {} of {} left", process(&found), found.service());
            match found.write(flags.to.as_deref()) {
                Ok(events) => writeln!(out, "  written: {events} events")
                    .map_err(Failure::io("write to the standard output"))?,
                Err(why) => failed.push((name, why)),
            }
        }
    }
    match failed.into_iter().next() {
        None => Ok(()),
        Some((name, why)) => Err(Failure::Io(format!("write {name}"), io::Error::other(why))),
    }
}

fn process(found: &Found) -> String {
    found.process().map_or_else(|| "?".to_owned(), |process| process.to_string())
}

/// The last words of one process.
fn show(out: &mut impl Write, found: &Found) -> io::Result<()> {
    writeln!(out, "{}: process {} has ended", found.service(), process(found))?;
    if let Some(why) = found.trouble() {
        return writeln!(out, "  kept: {why}");
    }
    writeln!(out, "  not written: {} events", found.unwritten())?;
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
