//! One measurement of one contestant in a process of its own, from both ends of the pipe.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::entries::{Entry, Program};
use crate::measure::{Measure, Report, Task};

/// The child: `one CONTESTANT MEASURE PATH AMOUNT` prints `name value` lines.
pub fn main(contestant: &str, measure: &str, path: &str, amount: &str) -> ExitCode {
    let (Some(entry), Some(measure), Ok(amount)) =
        (Entry::named(contestant), Measure::parse(measure), amount.parse())
    else {
        eprintln!("no such contestant, measurement or amount: `{contestant}` `{measure}` `{amount}`");
        return ExitCode::from(2);
    };
    let Program::Rust(run) = entry.program else {
        eprintln!("`{contestant}` is a program of its own");
        return ExitCode::from(2);
    };
    for (name, value) in run(&Task { measure, path: PathBuf::from(path), amount }) {
        println!("{name} {value}");
    }
    ExitCode::SUCCESS
}

/// The parent: starts the child for `entry` and reads its report. The file at `path` is the caller's to look at.
pub fn run(entry: &Entry, measure: Measure, path: &Path, amount: u64) -> Result<Report, String> {
    let mut command = Command::new(entry.executable()?);
    if matches!(entry.program, Program::Rust(_)) {
        command.arg("one");
    }
    let child = command
        .args([entry.name, measure.name()])
        .arg(path)
        .arg(amount.to_string())
        // Trine is told by variables, as a user would; nobody else reads them.
        .env("TRINE_OUTPUT", format!("file:{}", path.display()))
        .env("TRINE_FORMAT", "json")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|err| err.to_string())?;
    if !child.status.success() {
        let talk = String::from_utf8_lossy(&child.stderr);
        return Err(format!("{}: {}", child.status, talk.lines().last().unwrap_or("no word on stderr")));
    }
    parse(&String::from_utf8_lossy(&child.stdout))
}

fn parse(report: &str) -> Result<Report, String> {
    let line = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    report.lines().map(|text| line(text).ok_or_else(|| format!("not `name value`: `{text}`"))).collect()
}
