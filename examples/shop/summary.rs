//! What the run was like, for the person who started it.

use std::{
    fmt::{self, Display},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use trine::Health;

use crate::{file::Contents, ledger::Ledger};

/// All that is known after a run.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) threads: u64,
    pub(crate) ledger: Ledger,
    /// The same work without events, where that could be had.
    pub(crate) rehearsal: Option<Ledger>,
    /// From the first event until all were flushed.
    pub(crate) elapsed: Duration,
    /// Events that did not reach the output in time.
    pub(crate) waiting: u64,
    pub(crate) health: Health,
    pub(crate) place: Place,
    /// Levels were said outside: some events are off, or more are on.
    pub(crate) is_filtered: bool,
}

/// Where the events are.
#[derive(Debug)]
pub(crate) enum Place {
    /// In our file, which was read again.
    File(PathBuf, io::Result<Contents>),
    /// Where TRINE_OUTPUT or a configuration file said.
    Elsewhere,
}

impl Summary {
    /// Events that went somewhere. What is on is decided outside when levels are said there: then only Trine knows.
    fn events(&self) -> u64 {
        if self.is_filtered { self.health.written } else { self.ledger.events() }
    }

    /// Events that arrived: lines of the file, where it could be read.
    fn written(&self) -> u64 {
        match &self.place {
            Place::File(_, Ok(contents)) => contents.lines,
            _ => self.health.written,
        }
    }

    /// Whether every event is where it belongs; if not, what is wrong.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let (lost, waiting) = (self.health.lost, self.waiting);
        if let Place::File(path, contents) = &self.place {
            let (path, events) = (path.display(), self.events());
            let lines = contents.as_ref().map_err(|error| format!("`{path}` cannot be read: {error}"))?.lines;
            if lines != events {
                return Err(format!(
                    "{} events were emitted, but `{path}` has {} lines ({} lost, {} still waiting)",
                    grouped(events),
                    grouped(lines),
                    grouped(lost),
                    grouped(waiting)
                ));
            }
        }
        match lost + waiting {
            0 => Ok(()),
            _ => Err(format!("{} events are lost, {} still waiting", grouped(lost), grouped(waiting))),
        }
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        writeln!(f, "\n{} orders on {} threads.\n", grouped(self.ledger.orders()), self.threads)?;
        let mut row = |name: &str, value: String, note: &str| writeln!(f, "  {name:<7} {value:>13}  {note}");
        let events = match (&self.place, self.is_filtered) {
            (Place::Elsewhere, _) => {
                "sent where TRINE_OUTPUT or a configuration file says; not counted there"
            }
            (_, true) => "were on, by the level you set",
            (_, false) => "emitted",
        };
        row("events", grouped(self.events()), events)?;
        row("seconds", format!("{seconds:.2}"), "from the first event until all are written")?;
        row("rate", grouped((self.written() as f64 / seconds) as u64), "events per second")?;
        self.write_cost(&mut row)?;
        row("lost", grouped(self.health.lost), "by trine::health()")?;
        if self.waiting > 0 {
            row("waiting", grouped(self.waiting), "did not reach the output in time")?;
        }
        if let Place::File(path, Ok(contents)) = &self.place {
            let megabytes = format!("{:.1} MB", contents.bytes as f64 / 1e6);
            row("file", megabytes, &format!("{}, {} lines", path.display(), grouped(contents.lines)))?;
        }

        writeln!(f, "\n  {:<18} {:>9} {:>9}", "operation", "runs", "failed")?;
        for runs in self.ledger.operations() {
            writeln!(f, "  {:<18} {:>9} {:>9}", runs.operation, grouped(runs.started), grouped(runs.failed))?;
        }
        if let Place::File(path, Ok(contents)) = &self.place {
            self.write_samples(f, contents)?;
            self.write_hints(f, path, contents)?;
        }
        Ok(())
    }
}

impl Summary {
    /// What the shop does besides is known from the rehearsal, where there was one.
    fn write_cost(&self, row: &mut dyn FnMut(&str, String, &str) -> fmt::Result) -> fmt::Result {
        let [median_ns, mean_ns] = [Ledger::event_ns_median, Ledger::event_ns_mean].map(|ns| {
            let own_ns = self.rehearsal.as_ref().map_or(0.0, ns);
            format!("{:.0} ns", (ns(&self.ledger) - own_ns).max(0.0))
        });
        let besides = if self.rehearsal.is_some() { "" } else { ", the shop's own work included" };
        row(
            "cost",
            median_ns,
            &format!("per event for the thread that emits it, in half of all orders{besides}"),
        )?;
        row("", mean_ns, "on average: at full speed these threads also help to write the file")
    }

    fn write_samples(&self, f: &mut fmt::Formatter<'_>, contents: &Contents) -> fmt::Result {
        for (index, line) in contents.samples.iter().flatten().enumerate() {
            writeln!(f, "{}{line}", if index == 0 { "\n" } else { "" })?;
        }
        Ok(())
    }

    fn write_hints(&self, f: &mut fmt::Formatter<'_>, path: &Path, contents: &Contents) -> fmt::Result {
        writeln!(f, "\nTry next:")?;
        // An order that failed has the better story.
        let [started, failed, _] = &contents.samples;
        if let Some(order_id) = failed.as_deref().or(started.as_deref()).and_then(order_id) {
            writeln!(f, "  grep {order_id} {}", path.display())?;
        }
        writeln!(f, "  TRINE_LEVEL=error cargo run --release --example shop")?;
        writeln!(
            f,
            "  TRINE_OUTPUT=stdout TRINE_FORMAT=pretty cargo run --release --example shop -- --events 100"
        )
    }
}

/// The order's id in a line of any format.
fn order_id(line: &str) -> Option<&str> {
    let id = &line[line.find("ORD-")?..];
    Some(&id[..id.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(id.len())])
}

/// A number with its thousands apart: `1,000,004`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
