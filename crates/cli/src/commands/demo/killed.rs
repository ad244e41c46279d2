//! A process of the shop that is killed in the middle of its work, and what is left of that.

use std::{
    env, fs, io,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use trine::recovery;

use crate::exit::Failure;

/// How often it is looked whether the shop still runs.
const LOOK: Duration = Duration::from_millis(50);
/// The directory that outlives the process, beside its log.
const BLACK_BOX: &str = "black-box";

/// What came of it.
pub(super) struct Outcome {
    /// Lines of the log, in the end.
    pub(super) events: u64,
    /// Its bytes.
    pub(super) bytes: u64,
    /// How many of the events the process had not written when it was killed.
    pub(super) recovered: u64,
}

/// A process that does not outlive whoever started it.
struct Shop(Child);

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has the shop work for so long with this log, kills it, and writes what it could not.
pub(super) fn run(log: &Path, time: Duration) -> Result<Outcome, Failure> {
    let black_box = log.with_file_name(BLACK_BOX);
    let start = || format!("start the shop with its log `{}`", log.display());
    let mut command = Command::new(env::current_exe().map_err(Failure::io(start()))?);
    // What is set for the programs of whoever looks at the demo is not meant for the shop.
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRINE_")) {
        command.env_remove(name);
    }
    command.args(["demo", "--shop"]).arg(log).env("TRINE_BLACK_BOX", &black_box);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(Failure::io(start()))?;
    let mut shop = Shop(child);
    let end = Instant::now() + time;
    while Instant::now() < end {
        thread::sleep(LOOK.min(end.saturating_duration_since(Instant::now())));
        if let Some(status) = shop.0.try_wait().map_err(Failure::io("see whether the shop runs"))? {
            return Err(Failure::Io("run the shop".to_owned(), io::Error::other(status.to_string())));
        }
    }
    drop(shop);
    let mut recovered = 0;
    if black_box.exists() {
        let found = recovery::look(&black_box);
        for found in found.map_err(Failure::io(format!("look into `{}`", black_box.display())))? {
            let why = |why| Failure::Io("write what the shop had not".to_owned(), io::Error::other(why));
            recovered += found.write(None).map_err(why)?;
        }
        fs::remove_dir_all(&black_box).map_err(Failure::io(format!("remove `{}`", black_box.display())))?;
    }
    let read = fs::read(log).map_err(Failure::io(format!("read `{}`", log.display())))?;
    let events = read.iter().filter(|byte| **byte == b'\n').count() as u64;
    Ok(Outcome { events, bytes: read.len() as u64, recovered })
}
