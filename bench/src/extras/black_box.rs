//! What the black box costs: the caller of an event, with it and without; and the start that writes what a dead process left.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::project::{self, Project};
use crate::measure::Report;

const PROGRAM: &str = include_str!("black_box_program.rs");
/// How often each of the two is measured, in turns.
const ROUNDS: usize = 7;
/// Events left to the next start, and the ring that holds them all.
const EVENTS: usize = 1_000_000;
const RING_BYTES: &str = "512MiB";
/// Starts that recover.
const RECOVERIES: usize = 3;

/// `black_box_on_ns` and `black_box_off_ns` (an event of W2, bursts of 100), `recovered_keps` (thousand events per second).
pub fn measure() -> Result<Report, String> {
    let project = Project::new("blackbox", &project::trine_dependency()?, PROGRAM)?;
    project.build(true)?;
    let place = BlackBox::new(&project);
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        on.push(run(&project, &["caller"], &place.0)?);
        off.push(run(&project, &["caller"], Path::new("off"))?);
    }
    let mut rates = Vec::new();
    for _ in 0..RECOVERIES {
        rates.push(recover(&project, &place.0)?);
    }
    Ok(Report::from([
        ("black_box_on_ns".to_owned(), median(on)),
        ("black_box_off_ns".to_owned(), median(off)),
        ("recovered_keps".to_owned(), median(rates)),
    ]))
}

/// Has events left, and written by another start; thousands of them per second.
fn recover(project: &Project, place: &Path) -> Result<f64, String> {
    let folder = project.folder().join("logs");
    let _ = std::fs::remove_dir_all(&folder);
    let left = command(project, &["leave", &EVENTS.to_string()], place).status();
    if left.is_ok_and(|status| status.success()) {
        return Err("the program that is to abort does not".to_owned());
    }
    std::fs::create_dir(&folder).map_err(|err| err.to_string())?;
    let ns = run(project, &["recover"], place)?;
    let log = std::fs::read(folder.join("events.jsonl")).map_err(|err| err.to_string())?;
    match log.iter().filter(|byte| **byte == b'\n').count() {
        EVENTS => Ok(EVENTS as f64 / ns * 1e6),
        lines => Err(format!("{lines} lines of {EVENTS} events: is there room for a ring of {RING_BYTES}?")),
    }
}

/// The number that the program says.
fn run(project: &Project, words: &[&str], place: &Path) -> Result<f64, String> {
    let folder = project.folder().join("logs");
    std::fs::create_dir_all(folder).map_err(|err| err.to_string())?;
    let done = command(project, words, place).output().map_err(|err| err.to_string())?;
    let said = String::from_utf8_lossy(&done.stdout);
    said.trim().parse().map_err(|_| format!("{words:?}: {}", String::from_utf8_lossy(&done.stderr)))
}

fn command(project: &Project, words: &[&str], place: &Path) -> Command {
    let mut command = Command::new(project.program("blackbox", true));
    command.args(words).stdin(Stdio::null());
    command
        .env("TRINE_OUTPUT", format!("file:{}", project.folder().join("logs/events.jsonl").display()))
        .env("TRINE_FORMAT", "json")
        .env("TRINE_BLACK_BOX", place);
    if words[0] == "leave" {
        command.env("TRINE_RING_BYTES", RING_BYTES).stderr(Stdio::null());
    }
    command
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A directory for black boxes, in shared memory where that is a file system; removed when dropped.
struct BlackBox(PathBuf);

impl BlackBox {
    fn new(project: &Project) -> BlackBox {
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() { shared } else { project.folder() };
        BlackBox(parent.join(format!("trine-bench-{}", std::process::id())))
    }
}

impl Drop for BlackBox {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
