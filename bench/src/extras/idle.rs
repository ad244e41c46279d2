//! A process that has emitted a few events and then does nothing: what its worker costs, seen from outside.

use std::fs::read_to_string;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::project::{self, Project};
use crate::measure::Report;

/// From the last event to the first look: start-up and the first drain are over.
const SETTLE: Duration = Duration::from_secs(1);
/// How long it is watched. The kernel counts processor time to the nanosecond in `schedstat`.
const WATCH: Duration = Duration::from_secs(10);

const PROGRAM: &str = r#"
fn main() {
    for id in 0..100 {
        trine::info!("api_request_completed", request_id = id, status_code = 200);
    }
    std::thread::sleep(std::time::Duration::from_secs(60));
}
"#;

/// `idle_percent` (of one core, all threads) and `idle_rss_mb` (resident, shared memory included).
pub fn measure() -> Result<Report, String> {
    let project = Project::new("idle", &project::trine_dependency()?, PROGRAM)?;
    project.build(true)?;
    let mut child = Command::new(project.program("idle", true))
        .env("TRINE_OUTPUT", format!("file:{}", project.folder().join("events.jsonl").display()))
        .env("TRINE_FORMAT", "json")
        .stdin(Stdio::null())
        .spawn()
        .map_err(|err| err.to_string())?;
    let report = watch(child.id());
    let _ = child.kill();
    let _ = child.wait();
    report
}

fn watch(pid: u32) -> Result<Report, String> {
    std::thread::sleep(SETTLE);
    let before = processor_ns(pid)?;
    std::thread::sleep(WATCH);
    let used = processor_ns(pid)? - before;
    Ok(Report::from([
        ("idle_percent".to_owned(), used / WATCH.as_nanos() as f64 * 100.0),
        ("idle_rss_mb".to_owned(), resident_mb(pid)?),
    ]))
}

/// Processor time of all threads: the first number of each `schedstat`, nanoseconds.
fn processor_ns(pid: u32) -> Result<f64, String> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).map_err(|err| err.to_string())?;
    let mut total = 0.0;
    for thread in threads.flatten() {
        let stat = read_to_string(thread.path().join("schedstat")).map_err(|err| err.to_string())?;
        let ns = stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
        total += ns.ok_or("the kernel keeps no schedstat")?;
    }
    Ok(total)
}

fn resident_mb(pid: u32) -> Result<f64, String> {
    let status = read_to_string(format!("/proc/{pid}/status")).map_err(|err| err.to_string())?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kib =
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).ok_or("VmRSS is no number")?;
    Ok(kib / 1024.0)
}
