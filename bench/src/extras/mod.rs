//! What a logger costs beside its events: building it, compiling its callsites, doing nothing, and outliving its process.

mod black_box;
mod build;
mod callsites;
mod idle;
mod project;

use std::process::ExitCode;

use crate::drive::goals::number;
use crate::drive::results::Results;
use crate::measure::Report;

/// An extra measurement and how it is called.
type Extra = (&'static str, fn() -> Result<Report, String>);

const EXTRAS: [Extra; 4] = [
    ("build", build::measure),
    ("callsites", callsites::measure),
    ("idle", idle::measure),
    ("black_box", black_box::measure),
];

/// `extras [build] [callsites] [idle] [black_box]`: those that are named, or all.
pub fn main(names: &[&str]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (name, measure) in EXTRAS.iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        match measure() {
            Ok(report) => report.iter().for_each(|(metric, value)| println!("{metric} {}", number(*value))),
            Err(err) => {
                eprintln!("{name}: {err}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Measures all of them once, as numbers of `trine`.
pub fn add(results: &mut Results) {
    for (name, measure) in EXTRAS {
        eprintln!("extras: {name}");
        match measure() {
            Ok(report) => results.add("trine", report),
            Err(err) => eprintln!("{name}: {err}"),
        }
    }
}
