//! A process of the shop that is killed in the middle of its work, and what is left of that.

use std::{
    env, fs, io,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

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
    let mut command = trine().map_err(Failure::io(start()))?;
    command.args(["demo", "--shop"]).arg(log).env("TRINE_BLACK_BOX", &black_box);
    let mut shop = Shop(command.stdout(Stdio::null()).spawn().map_err(Failure::io(start()))?);
    let end = Instant::now() + time;
    while Instant::now() < end {
        thread::sleep(LOOK.min(end.saturating_duration_since(Instant::now())));
        if let Some(status) = shop.0.try_wait().map_err(Failure::io("see whether the shop runs"))? {
            return Err(Failure::Io("run the shop".to_owned(), io::Error::other(status.to_string())));
        }
    }
    drop(shop);
    let (written, _) = size_of(log)?;
    if black_box.exists() {
        recover(&black_box)?;
        fs::remove_dir_all(&black_box).map_err(Failure::io(format!("remove `{}`", black_box.display())))?;
    }
    let (events, bytes) = size_of(log)?;
    Ok(Outcome { events, bytes, recovered: events - written })
}

/// This program, without what is set for the programs of whoever looks at the demo.
fn trine() -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRINE_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    Ok(command)
}

/// Has the command write what the shop had not. Another process: recovery opens the files as outputs of whoever does it, who then
/// looks after them to its end.
fn recover(black_box: &Path) -> Result<(), Failure> {
    let tried = || "write what the shop had not".to_owned();
    let output = trine().and_then(|mut trine| trine.arg("recover").arg(black_box).output());
    let output = output.map_err(Failure::io(tried()))?;
    match output.status.code() {
        // Or it had written all of it.
        Some(0 | 1) => Ok(()),
        _ => {
            Err(Failure::Io(tried(), io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())))
        }
    }
}

/// Lines and bytes of a log.
fn size_of(log: &Path) -> Result<(u64, u64), Failure> {
    let read = fs::read(log).map_err(Failure::io(format!("read `{}`", log.display())))?;
    Ok((read.iter().filter(|byte| **byte == b'\n').count() as u64, read.len() as u64))
}
