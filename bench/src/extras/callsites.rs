//! Compile time of 1,000 callsites: Trine beside tracing and slog, each program alone, dependencies built before.

use std::process::Command;

use super::project::{self, Project};
use crate::measure::Report;

/// Callsites in the generated program, in functions of ten, as real code would have them.
const CALLSITES: usize = 1000;
const PER_FUNCTION: usize = 10;
/// The best of this many builds: compile times have a long tail upwards only.
const BUILDS: usize = 2;

const TRACING: &str = "tracing = { version = \"0.1\", default-features = false, features = [\"std\"] }";
const SLOG: &str =
    "slog = { version = \"2.8\", features = [\"max_level_trace\", \"release_max_level_trace\"] }";
const SLOG_BEFORE: &str = "let log = &slog::Logger::root(slog::Discard, slog::o!());";

/// How a program is generated for one logger.
struct Logger<'a> {
    name: &'a str,
    dependency: &'a str,
    callsite: fn(usize) -> String,
    /// Stands at the beginning of every function.
    before: &'a str,
}

/// `callsites_<logger>_<profile>_s` and `callsites_ratio_<logger>_<profile>` (Trine's time over the logger's).
pub fn measure() -> Result<Report, String> {
    let trine = project::trine_dependency()?;
    let loggers = [
        Logger { name: "trine", dependency: &trine, callsite: trine_callsite, before: "" },
        Logger { name: "tracing", dependency: TRACING, callsite: tracing_callsite, before: "" },
        Logger { name: "slog", dependency: SLOG, callsite: slog_callsite, before: SLOG_BEFORE },
    ];
    let mut report = Report::new();
    for Logger { name, dependency, callsite, before } in loggers {
        let project = Project::new(&format!("callsites-{name}"), dependency, &program(callsite, before))?;
        for (profile, release) in [("dev", false), ("release", true)] {
            project.build(release)?;
            let mut best = f64::INFINITY;
            for _ in 0..BUILDS {
                best = best.min(project.rebuild(release)?.as_secs_f64());
            }
            report.insert(format!("callsites_{name}_{profile}_s"), best);
        }
        if name == "trine" {
            emits_all(&project)?;
        }
    }
    for profile in ["dev", "release"] {
        for rival in ["tracing", "slog"] {
            let ours = report[&format!("callsites_trine_{profile}_s")];
            let ratio = ours / report[&format!("callsites_{rival}_{profile}_s")];
            report.insert(format!("callsites_ratio_{rival}_{profile}"), ratio);
        }
    }
    Ok(report)
}

/// A program that compiles fast because it says nothing would not count. The rivals' have no output set up.
fn emits_all(project: &Project) -> Result<(), String> {
    let file = project.folder().join("events.jsonl");
    let mut program = Command::new(project.program("callsites-trine", true));
    program.env("TRINE_OUTPUT", format!("file:{}", file.display())).env("TRINE_FORMAT", "json");
    program.status().map_err(|err| err.to_string())?;
    let lines = std::fs::read_to_string(file).map_err(|err| err.to_string())?.lines().count();
    if lines == CALLSITES { Ok(()) } else { Err(format!("{CALLSITES} callsites wrote {lines} lines")) }
}

fn program(callsite: fn(usize) -> String, before: &str) -> String {
    let mut text = String::new();
    let functions = CALLSITES / PER_FUNCTION;
    for function in 0..functions {
        text += &format!("#[inline(never)]\nfn part{function}(id: &str, count: i64, ms: f64) {{\n{before}\n");
        for at in 0..PER_FUNCTION {
            text += &callsite(function * PER_FUNCTION + at);
        }
        text += "}\n";
    }
    let calls: String = (0..functions).map(|function| format!("part{function}(&id, count, ms);\n")).collect();
    format!(
        "{text}fn main() {{\nlet id = std::env::args().next().unwrap_or_default();\nlet (count, ms) = (id.len() as i64, id.len() as f64);\n{calls}}}\n"
    )
}

fn trine_callsite(at: usize) -> String {
    format!(
        "trine::info!(\"request_step{at}_completed\", id = id, count = count, duration_ms = ms, step = {at}_i64);\n"
    )
}

fn tracing_callsite(at: usize) -> String {
    format!(
        "tracing::info!(id = id, count = count, duration_ms = ms, step = {at}_i64, \"request_step{at}_completed\");\n"
    )
}

fn slog_callsite(at: usize) -> String {
    format!(
        "slog::info!(log, \"request_step{at}_completed\"; \"id\" => id, \"count\" => count, \"duration_ms\" => ms, \"step\" => {at}_i64);\n"
    )
}
