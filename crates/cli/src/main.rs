//! `trine`: asks logs from the command line. This file parses, runs, and maps what came of it to an exit code.

#![forbid(unsafe_code)]

mod commands;
mod exit;
mod flags;
mod interrupt;
mod logs;
mod progress;
mod reader;
mod render;
mod talk;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(flags::Flags::of_command_line().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
