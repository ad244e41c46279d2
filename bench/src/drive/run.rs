//! `run`: A B C, A B C, ..., medians, tables.

use std::path::PathBuf;
use std::process::ExitCode;

use super::results::Results;
use super::{goals, keep, machine, one, tables};
use crate::check;
use crate::entries::{ENTRIES, Entry};
use crate::extras;
use crate::measure::Measure;

/// How much is done: rounds, and the amount of each measurement.
struct Plan {
    rounds: usize,
    /// Milliseconds per workload.
    inline_ms: u64,
    /// Bursts; [`crate::measure::paced`] adds 50 single events for each.
    bursts: u64,
    /// Events of the sustained run.
    events: u64,
    extras: bool,
}

/// About ten minutes with all contestants, most of them the extras' builds.
const FULL: Plan = Plan { rounds: 5, inline_ms: 150, bursts: 1000, events: 1_000_000, extras: true };
/// Between one and two minutes.
const QUICK: Plan = Plan { rounds: 3, inline_ms: 40, bursts: 150, events: 200_000, extras: false };

/// A few seconds, for the tests: the numbers mean nothing.
const TINY: Plan = Plan { rounds: 1, inline_ms: 1, bursts: 2, events: 1000, extras: false };

impl Plan {
    fn from(options: &[&str]) -> Self {
        match options {
            _ if options.contains(&"tiny") => TINY,
            _ if options.contains(&"quick") => QUICK,
            _ => FULL,
        }
    }

    fn amount(&self, measure: Measure, entry: &Entry) -> u64 {
        match measure {
            Measure::Inline => self.inline_ms,
            Measure::Caller => self.bursts,
            Measure::Sustained | Measure::Show => self.events / entry.slow,
        }
    }
}

/// `run [quick | tiny] [only=NAME,NAME] [rounds=N] [keep]`
pub fn main(options: &[&str]) -> ExitCode {
    let mut plan = Plan::from(options);
    let value = |name: &str| options.iter().find_map(|option| option.strip_prefix(name));
    if let Some(rounds) = value("rounds=").and_then(|rounds| rounds.parse().ok()) {
        plan.rounds = rounds;
    }
    let only: Option<Vec<&str>> = value("only=").map(|names| names.split(',').collect());
    let chosen = |entry: &&Entry| only.as_ref().is_none_or(|names| names.contains(&entry.name));
    let scratch = Scratch::new();
    let (entries, mut summary, failed) = admitted(ENTRIES.iter().filter(chosen), &scratch);

    let load_before = machine::load();
    let mut results = measure(&plan, &entries, &scratch);
    if plan.extras && only.is_none() {
        extras::add(&mut results);
    }
    summary += &format!(
        "\n## Inline, to a null writer\n\n{}\n## Queued, W2 to a file\n\n{}\n## Must reach\n\n{}",
        tables::inline(&results),
        tables::queued(&results),
        goals::table(&results)
    );
    println!("{summary}");
    if options.contains(&"keep") {
        let command = format!("bash bench/run.sh {}", options.join(" "));
        match keep::keep(&summary, &results, &command, (&load_before, &machine::load())) {
            Ok(path) => eprintln!("kept as {}", path.display()),
            Err(err) => eprintln!("could not keep the results: {err}"),
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Those that are installed and write what they should, and a list of what is to be known about each.
fn admitted(
    entries: impl Iterator<Item = &'static Entry>,
    scratch: &Scratch,
) -> (Vec<&'static Entry>, String, bool) {
    let (mut admitted, mut failed) = (Vec::new(), false);
    let mut notes = "## Contestants\n\n".to_owned();
    for entry in entries {
        if let Err(how) = entry.executable() {
            notes += &format!("- {}: skipped, not installed; {how}\n", entry.name);
            continue;
        }
        match check::check(entry, &scratch.file()) {
            Ok(differences) if differences.is_empty() => {
                notes += &format!("- {}: the whole line\n", entry.name)
            }
            Ok(differences) => notes += &format!("- {}: {}\n", entry.name, differences.join(", ")),
            Err(err) => {
                notes += &format!("- {}: FAILED, {err}\n", entry.name);
                failed = true;
                continue;
            }
        }
        admitted.push(entry);
    }
    (admitted, notes, failed)
}

fn measure(plan: &Plan, entries: &[&'static Entry], scratch: &Scratch) -> Results {
    let mut results = Results::default();
    for round in 1..=plan.rounds {
        for measure in [Measure::Inline, Measure::Caller, Measure::Sustained] {
            eprintln!("round {round} of {}: {}", plan.rounds, measure.name());
            for entry in entries.iter().filter(|entry| entry.measures().contains(&measure)) {
                match one::run(entry, measure, &scratch.file(), plan.amount(measure, entry)) {
                    Ok(report) => results.add(entry.name, report),
                    Err(err) => eprintln!("{} {}: {err}", entry.name, measure.name()),
                }
            }
        }
    }
    results
}

/// A folder of this run, emptied before every measurement and removed at the end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("trine-bench-{}", std::process::id())))
    }

    /// A path in an empty folder: some contestants add suffixes to the name.
    pub fn file(&self) -> PathBuf {
        let _ = std::fs::remove_dir_all(&self.0);
        std::fs::create_dir_all(&self.0).expect("the temporary folder is writable");
        self.0.join("events.jsonl")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
