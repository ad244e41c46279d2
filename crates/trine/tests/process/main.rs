//! Whole processes: what a program emitted, seen from outside, however it ends and whatever happens to it.
//!
//! A case is a program and a check. The check runs here; it starts this executable again with [`stage::CASE`] set, and that
//! process runs the program on its main thread, then returns from `main`. So there is no harness of libtest's in here: this
//! file is a small one, which takes a filter, `--exact`, `--list`, `--skip` and `--test-threads` and ignores other flags.
#![cfg_attr(not(unix), allow(unused))]

#[cfg(unix)]
mod black_box;
#[cfg(unix)]
mod configuration;
#[cfg(unix)]
mod counts;
#[cfg(target_os = "linux")]
mod fatal;
#[cfg(unix)]
mod fork;
#[cfg(unix)]
mod health;
#[cfg(unix)]
mod leaving;
#[cfg(unix)]
mod levels;
#[cfg(unix)]
mod lines;
#[cfg(unix)]
mod masks;
#[cfg(unix)]
mod panics;
#[cfg(unix)]
mod recovery;
#[cfg(unix)]
mod shortage;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod sinks;
#[cfg(unix)]
mod stage;
#[cfg(target_os = "linux")]
mod surroundings;
#[cfg(unix)]
mod threads;
#[cfg(unix)]
mod time;
#[cfg(unix)]
mod trouble;

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let files = [
        black_box::CASES,
        configuration::CASES,
        counts::CASES,
        #[cfg(target_os = "linux")]
        fatal::CASES,
        fork::CASES,
        health::CASES,
        leaving::CASES,
        levels::CASES,
        masks::CASES,
        panics::CASES,
        recovery::CASES,
        shortage::CASES,
        signals::CASES,
        #[cfg(target_os = "linux")]
        surroundings::CASES,
        threads::CASES,
        time::CASES,
        trouble::CASES,
    ];
    stage::main(&files.concat())
}
