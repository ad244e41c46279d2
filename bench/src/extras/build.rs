//! A clean build of the crate `trine` with default features, and how many crates that takes.

use std::collections::BTreeSet;
use std::process::Command;

use super::project::{self, root};
use crate::measure::Report;

/// `build_dev_s`, `build_release_s`: an empty target folder each, sources already fetched. `crates`: trine included.
pub fn measure() -> Result<Report, String> {
    project::trine_dependency()?;
    let mut report = Report::from([("crates".to_owned(), crates()? as f64)]);
    for (name, release) in [("build_dev_s", false), ("build_release_s", true)] {
        let target = std::env::temp_dir().join(format!("trine-bench-build-{}", std::process::id()));
        let time = project::build(root(), &target, release, &["--package", "trine"]);
        let _ = std::fs::remove_dir_all(&target);
        report.insert(name.to_owned(), time?.as_secs_f64());
    }
    Ok(report)
}

fn crates() -> Result<usize, String> {
    let tree = Command::new("cargo")
        .current_dir(root())
        .args(["tree", "--package", "trine", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"])
        .output()
        .map_err(|err| err.to_string())?;
    if !tree.status.success() {
        return Err(String::from_utf8_lossy(&tree.stderr).into_owned());
    }
    let tree = String::from_utf8_lossy(&tree.stdout);
    let names: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    Ok(names.len())
}
