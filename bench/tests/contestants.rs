//! Every contestant runs with a tiny input and writes what it should: benches that do not run are already lost.

use std::process::Command;

fn bench(args: &[&str]) -> String {
    let run =
        Command::new(env!("CARGO_BIN_EXE_trine-bench")).args(args).output().expect("the benchmark starts");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{args:?} failed:\n{out}{err}");
    out.into_owned()
}

#[test]
fn every_installed_contestant_writes_the_whole_line() {
    let checked = bench(&["check"]);
    assert!(!checked.contains("FAILED"), "{checked}");
    let rivals = if cfg!(feature = "rivals") { 12 } else { 0 };
    assert!(checked.lines().filter(|line| line.contains(": ok")).count() >= 2 + rivals, "{checked}");
}

#[test]
fn a_tiny_run_measures_every_rust_contestant() {
    let tables = bench(&["run", "tiny"]);
    let inline = ["slog-json", "tracing-json", "emit", "logforth", "spdlog-rs", "provide-telemetry"];
    let queued = ["slog-async", "tracing-non-blocking", "emit-file", "logforth-async", "ticklog"];
    let rivals = inline.iter().chain(&queued).filter(|_| cfg!(feature = "rivals"));
    let trine: &[&str] = if cfg!(feature = "trine") { &["trine", "trine-queued"] } else { &[] };
    for contestant in ["floor", "floor-queued"].iter().chain(rivals).chain(trine) {
        assert!(tables.contains(&format!("\n| {contestant} |")), "no row of {contestant}:\n{tables}");
    }
}
