//! A file that rolls.
//!
//! ```
//! # let directory = std::env::temp_dir().join(format!("trine-doc-{}", std::process::id()));
//! # let path = directory.join("app.jsonl");
//! # use trine::sink::{Sink as _, file::{Every, FileSink}};
//! let sink = FileSink::new(&path)            // logs/app.jsonl
//!     .create_directory(true)
//!     .rotate_every(Every::Day)
//!     .rotate_bytes(100 << 20)
//!     .keep_files(30);
//! sink.write(b"{\"event\":\"user_login\"}\n").unwrap();
//! assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"event\":\"user_login\"}\n");
//! # std::fs::remove_dir_all(directory).unwrap();
//! ```
//!
//! # When does a file roll?
//! `app.jsonl` is always the file being written. Before a line that would make it larger than
//! [`rotate_bytes`](FileSink::rotate_bytes), and at every UTC boundary of [`rotate_every`](FileSink::rotate_every), it
//! is renamed to `app.2026-11-23T10-00-00-000.jsonl` (the time it was closed: all its lines are older) and a new one is
//! begun. Names sort in the order of their lines, also when the clock stepped back. A file of an earlier run is
//! continued: its size counts, and its last modification says which period it belongs to. An empty file never rolls,
//! nor does a pipe or a device. A line is never divided between files; one that alone is larger than the limit gets a
//! file to itself.
//!
//! # What is deleted?
//! Only closed files named as above, oldest first, by count, age and total size: after each rotation, when the file is
//! first opened, and once a minute. Without a `keep_` rule nothing is ever deleted.
//!
//! # What survives a crash?
//! Every line that was accepted: nothing is buffered here, so a line is with the operating system when `write` returns.
//! Against a loss of power, [`sync`](FileSink::sync) makes `flush` wait for the disk. Half a line, cut by a crash in the
//! middle of a write, is ended with a newline at the next start, so that no line is glued to it. A compressed file takes
//! its name, and the original is deleted, only when it is complete and on the disk. A process that ends waits a second
//! for that; what is unfinished then, or after a crash, is done again at the next start.
//!
//! # What if the disk is full?
//! [`Sink::write`] says exactly how many bytes it accepted; sent the rest later, it continues in the middle of the line.
//! (Sent another line instead, it first ends the torn one.) A rotation that fails loses nothing: writing goes on in the
//! same file, too large as it may become, and the rotation is tried again a second later. Trouble of that kind, or of
//! the compressor, is told by [`take_reports`](FileSink::take_reports).
//!
//! # What if the file is moved?
//! Within a second it is noticed that the path leads elsewhere or nowhere, and the path is opened anew: `logrotate`
//! needs neither `copytruncate` nor a signal. [`request_reopen`](FileSink::request_reopen), for a SIGHUP handler, makes
//! it immediate. Lines of that second go to the moved file, in whole. A file that is *truncated* in place is simply
//! appended to, and counted as larger than it is until it rolls.
//!
//! # What does it cost?
//! `write` takes a lock, reads the clock, and calls write(2); once a second, one stat(2). Rotation lists the directory.
//!
//! Not here: several processes writing one path. It works while nothing rolls; then they keep an eye on one another and
//! lose nothing, but a file may grow past its limit, and compression skips a file that still grows.

mod closed;
mod compress;
mod current;
mod filesystem;
mod log;
mod naming;
mod reports;
mod retention;
mod rotate;
#[cfg(test)]
mod tests;

pub use self::compress::Compression;
pub use self::rotate::Every;

use self::compress::Compressor;
use self::filesystem::{Clock, Filesystem, RealFilesystem};
use self::log::{Due, Log, Settings};
use self::reports::Reports;
use self::retention::Retention;
use super::{FilePlace, Sink, WriteError};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Permissions of new files (Unix), before the umask: logs carry personal data, and others need not read them.
pub const DEFAULT_MODE: u32 = 0o640;

/// Appends lines to a file, rotates it, and looks after what it left behind. The [module](self) answers the questions.
#[derive(Debug)]
#[must_use = "a sink does nothing until lines are written to it: hand it to the pipeline"]
pub struct FileSink {
    /// As the user wrote it, for messages.
    path: PathBuf,
    reopen: Arc<AtomicBool>,
    reports: Arc<Reports>,
    compressor: Arc<Compressor>,
    log: Mutex<Log>,
}

impl FileSink {
    /// A sink for this file. Nothing is opened before the first write, or the first flush: call that to learn early
    /// whether the file can be opened. A relative path is relative to the directory of this moment.
    pub fn new(path: impl Into<PathBuf>) -> FileSink {
        FileSink::on(Arc::new(RealFilesystem), Clock::real(), path.into())
    }

    fn on(disk: Arc<dyn Filesystem>, clock: Clock, path: PathBuf) -> FileSink {
        let (reopen, reports) = (Arc::new(AtomicBool::new(false)), Arc::new(Reports::default()));
        let compressor = Arc::new(Compressor::new(Arc::clone(&disk), Arc::clone(&reports)));
        let settings = Settings {
            // A service that changes its directory later must not reopen somewhere else.
            path: std::path::absolute(&path).unwrap_or_else(|_| path.clone()),
            rotate_bytes: None,
            rotate_every: None,
            retention: Retention::default(),
            compression: Compression::None,
            create_directory: false,
            mode: DEFAULT_MODE,
            sync: false,
        };
        let log = Log {
            settings,
            disk,
            clock,
            reports: Arc::clone(&reports),
            compressor: Arc::clone(&compressor),
            reopen: Arc::clone(&reopen),
            current: None,
            due: Due::default(),
        };
        FileSink { path, reopen, reports, compressor, log: Mutex::new(log) }
    }

    /// Begins a new file before a line that would make this one larger. Bytes. Default: no limit. A line that alone
    /// is larger gets a file to itself; 0 gives every line its own.
    pub fn rotate_bytes(self, bytes: u64) -> Self {
        self.with(|settings| settings.rotate_bytes = Some(bytes))
    }

    /// Begins a new file at each boundary, in UTC: an [`Every`] or a [`Duration`]. Default: never. A period without a
    /// line leaves no file.
    pub fn rotate_every(self, every: impl Into<Every>) -> Self {
        self.with(|settings| settings.rotate_every = Some(every.into()))
    }

    /// Keeps this many closed files, besides the current one. Default: all. 0 deletes each as it is closed.
    pub fn keep_files(self, files: usize) -> Self {
        self.with(|settings| settings.retention.files = Some(files))
    }

    /// Deletes files this long after they were closed; see [`rotate_every`](Self::rotate_every) to have them closed.
    /// Default: never. Checked once a minute.
    pub fn keep_age(self, age: Duration) -> Self {
        self.with(|settings| settings.retention.age = Some(age))
    }

    /// Keeps the newest closed files that together take no more than this. Bytes on the disk, compressed or not, the
    /// current file not counted. Default: no limit.
    pub fn keep_bytes(self, bytes: u64) -> Self {
        self.with(|settings| settings.retention.bytes = Some(bytes))
    }

    /// Compresses files after they are closed, on a thread of its own. Default: [`Compression::None`]. When the cargo
    /// feature is missing, opening the file fails and names it. Closed files of earlier runs are compressed too.
    pub fn compress(self, compression: Compression) -> Self {
        self.with(|settings| settings.compression = compression)
    }

    /// Creates the directory, with its parents, when it is missing. Default: false, a missing directory is an error:
    /// it is more often a mistyped path, or a disk that is not mounted.
    pub fn create_directory(self, create: bool) -> Self {
        self.with(|settings| settings.create_directory = create)
    }

    /// Permissions of new files, before the umask. Default: [`DEFAULT_MODE`]. Files that exist keep theirs; nothing
    /// happens where there are no such permissions.
    pub fn mode(self, mode: u32) -> Self {
        self.with(|settings| settings.mode = mode)
    }

    /// Makes [`Sink::flush`] wait until the disk has the lines, and rotation until it has the names, so that they
    /// outlive a loss of power. Default: false. Cost: milliseconds per flush on many disks.
    pub fn sync(self, sync: bool) -> Self {
        self.with(|settings| settings.sync = sync)
    }

    /// Asks to open the path anew, at the next write or tick: after someone renamed the file. Sets a flag and nothing
    /// else, so it may be called from a signal handler.
    pub fn request_reopen(&self) {
        self.reopen.store(true, Ordering::Relaxed);
    }

    /// What went wrong since the last call and lost nothing: a rotation, a deletion or a compression that failed.
    /// Bounded: the last says how many more there were.
    pub fn take_reports(&self) -> Vec<String> {
        self.reports.take()
    }

    /// Waits for compression under way. False when it is not done within `timeout`; leaving then is safe, the next
    /// start finishes it.
    pub fn finish(&self, timeout: Duration) -> bool {
        self.compressor.finish(timeout)
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.log.get_mut().unwrap_or_else(PoisonError::into_inner).settings);
        self
    }

    /// A panic under the lock leaves at worst a file to be opened anew: the log is used on.
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for FileSink {
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        self.write_watched(lines, &mut |_, _| ())
    }

    fn write_watched(&self, lines: &[u8], watch: &mut dyn FnMut(usize, FilePlace)) -> Result<(), WriteError> {
        let mut written = 0;
        if lines.is_empty() {
            return Ok(());
        }
        let appended = self.log().append(lines, &mut written, watch);
        appended.map_err(|source| WriteError { written, source })
    }

    fn flush(&self) -> io::Result<()> {
        self.log().flush()
    }

    fn make_durable(&self) {
        self.log().settings.sync = true;
    }

    fn tick(&self) -> io::Result<()> {
        self.log().tick()
    }

    fn is_file(&self) -> bool {
        true
    }

    fn request_reopen(&self) {
        FileSink::request_reopen(self);
    }

    fn take_reports(&self) -> Vec<String> {
        FileSink::take_reports(self)
    }

    fn finish(&self, timeout: Duration) {
        FileSink::finish(self, timeout);
    }

    /// For a pipe or a device at this path; not for a file, which is there or will be made.
    fn may_wait(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir())
    }

    fn describe(&self) -> String {
        format!("file:{}", self.path.display())
    }
}
