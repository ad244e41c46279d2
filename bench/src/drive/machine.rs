//! Where and from what a run was made.

use std::fs::read_to_string;
use std::process::Command;

/// The machine in words, and as a part of a file name.
#[derive(Debug)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub kernel: String,
}

impl Machine {
    pub fn here() -> Self {
        let cpuinfo = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpuinfo
            .lines()
            .find(|line| line.starts_with("model name"))
            .and_then(|line| line.split(':').nth(1));
        Self {
            cpu: cpu.unwrap_or("unknown processor").trim().to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: said_by("uname", &["-sr"]),
        }
    }

    /// `amd-epyc-2-cores`
    pub fn slug(&self) -> String {
        let words = format!("{} {} cores", self.cpu, self.cores).to_lowercase();
        let words: Vec<_> =
            words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
        words.join("-")
    }
}

/// The commit of the checkout, `+` when it has changes, `none` before the first.
pub fn commit() -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    let hash = said_by("git", &["-C", folder, "rev-parse", "--short=12", "HEAD"]);
    if hash.is_empty() {
        return "none".to_owned();
    }
    let changed = !said_by("git", &["-C", folder, "status", "--porcelain"]).is_empty();
    hash + if changed { "+" } else { "" }
}

/// `2026-11-23`, UTC.
pub fn date() -> String {
    said_by("date", &["-u", "+%Y-%m-%d"])
}

/// The load average over one minute: what else was running.
pub fn load() -> String {
    read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}

fn said_by(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output
        .ok()
        .filter(|o| o.status.success())
        .map_or(String::new(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
