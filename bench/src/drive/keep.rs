//! A run that is kept: summary, machine, commit, command, and the raw numbers, in `results/`.

use std::path::PathBuf;

use super::machine::{self, Machine};
use super::results::Results;

/// Writes `results/<date>-<machine>.md` and gives its path.
pub fn keep(
    summary: &str,
    results: &Results,
    command: &str,
    loads: (&str, &str),
) -> std::io::Result<PathBuf> {
    let (machine, date) = (Machine::here(), machine::date());
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("results");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{date}-{}.md", machine.slug()));
    let text = format!(
        "# Emission, side by side: {date}\n\n- machine: {}, {} cores, {}\n- commit: {}\n- command: `{command}`\n\
         - load average before and after: {} and {}\n\n{summary}\n## Raw numbers\n\nContestant, metric, one value per \
         round.\n\n```text\n{}```\n",
        machine.cpu,
        machine.cores,
        machine.kernel,
        machine::commit(),
        loads.0,
        loads.1,
        results.raw()
    );
    std::fs::write(&path, text)?;
    Ok(path)
}
