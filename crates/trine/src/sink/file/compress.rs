//! Compresses closed files on a thread of its own, which exists only while there is something to do.
//!
//! A file grows under a temporary name, is synced, renamed, and only then is the original deleted: at every moment
//! one of the two is complete. Whatever goes wrong leaves the plain file where it is, is reported, and is tried again
//! after the next rotation.

use super::filesystem::{Filesystem, OpenFile, explain};
use super::naming::{compressed, directory_of};
use super::reports::Reports;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use trine_ring::caught::catch_unwind;

/// Name of the thread, as `top` shows it (Linux shows 15 bytes).
const THREAD_NAME: &str = "trine-compress";

/// Files waiting for the thread. More are found again after the next rotation, so a directory full of old files
/// costs no more memory than this many paths.
const WAITING_MAX: usize = 1_024;

/// Bytes read at a time: large enough that system calls do not show beside the compressor (about 1 ms per step).
const STEP_BYTES: usize = 64 * 1_024;

/// How closed files are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Closed files stay as they are.
    #[default]
    None,
    /// `.gz`, level 6. Needs the cargo feature `gzip`.
    Gzip,
    /// `.zst`, level 3: smaller and several times faster than gzip. Needs the cargo feature `zstd`.
    Zstd,
}

impl Compression {
    /// Error: a sentence naming the cargo feature that is missing.
    pub(super) fn available(self) -> io::Result<()> {
        let missing = match self {
            Compression::Gzip if !cfg!(feature = "gzip") => "gzip",
            Compression::Zstd if !cfg!(feature = "zstd") => "zstd",
            _ => return Ok(()),
        };
        let message = format!("compression `{missing}` needs the cargo feature `{missing}` of crate `trine`");
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    /// What the name of a compressed file ends in.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
        }
    }
}

/// One closed file to be compressed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) plain: PathBuf,
    pub(super) compression: Compression,
    /// Permissions of the compressed file (Unix).
    pub(super) mode: u32,
}

/// The thread, its waiting list, and the means to wait for it.
#[derive(Debug)]
pub(super) struct Compressor(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    disk: Arc<dyn Filesystem>,
    reports: Arc<Reports>,
    work: Mutex<Work>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct Work {
    waiting: VecDeque<Job>,
    under_way: Option<PathBuf>,
    is_running: bool,
}

impl Compressor {
    pub(super) fn new(disk: Arc<dyn Filesystem>, reports: Arc<Reports>) -> Compressor {
        Compressor(Arc::new(Shared { disk, reports, work: Mutex::default(), done: Condvar::new() }))
    }

    /// Takes a file on, unless it waits already or is under way. Starts the thread when there is none.
    pub(super) fn offer(&self, job: Job) {
        let mut work = self.0.work();
        let is_known = work.under_way.as_ref() == Some(&job.plain) || work.waiting.contains(&job);
        if is_known || work.waiting.len() == WAITING_MAX {
            return;
        }
        work.waiting.push_back(job);
        if work.is_running {
            return;
        }
        let shared = Arc::clone(&self.0);
        match thread::Builder::new().name(THREAD_NAME.into()).spawn(move || shared.run()) {
            Ok(_) => work.is_running = true,
            Err(error) => {
                work.waiting.clear();
                self.0
                    .reports
                    .add(format!("start thread `{THREAD_NAME}`: {error}; closed files stay uncompressed"));
            }
        }
    }

    /// Waits until nothing is waiting or under way. False when that took longer than `timeout`.
    pub(super) fn finish(&self, timeout: Duration) -> bool {
        let waited = self.0.done.wait_timeout_while(self.0.work(), timeout, |work| work.is_running);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_running
    }
}

impl Shared {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        while let Some(job) = self.next() {
            // A bug in a compressor must not end the thread with `is_running` set: nothing would be compressed again.
            let outcome = catch_unwind(AssertUnwindSafe(|| compress(&*self.disk, &job)))
                .unwrap_or_else(|_| Err(io::Error::other("the compressor panicked")));
            if let Err(error) = outcome {
                self.reports
                    .add(format!("{}; the file stays as it is", explain("compress", &job.plain, error)));
            }
        }
    }

    /// The next job; with none left the thread is over, decided under the same lock that adds jobs.
    fn next(&self) -> Option<Job> {
        let mut work = self.work();
        let job = work.waiting.pop_front();
        work.under_way = job.as_ref().map(|job| job.plain.clone());
        if job.is_none() {
            work.is_running = false;
            self.done.notify_all();
        }
        job
    }
}

/// Compresses one file: temporary name, sync, rename, delete the original.
fn compress(disk: &dyn Filesystem, job: &Job) -> io::Result<()> {
    let (complete, growing) = compressed(&job.plain, job.compression);
    let finished = copy_compressed(disk, job, &growing).and_then(|()| disk.rename(&growing, &complete));
    if finished.is_err() {
        // Above all on a full disk: half a copy must not stay and keep it full. When this fails too, the next start
        // removes it.
        let _ = disk.remove(&growing);
        // Retention was faster: there is nothing left to compress.
        let is_gone = disk.facts(&job.plain).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        return if is_gone { Ok(()) } else { finished };
    }
    disk.sync_directory(&directory_of(&complete))?;
    match disk.remove(&job.plain) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn copy_compressed(disk: &dyn Filesystem, job: &Job, growing: &Path) -> io::Result<()> {
    let mut source = Counted { source: disk.open_read(&job.plain)?, bytes: 0 };
    let target = disk.create(growing, job.mode)?;
    encode(job.compression, &mut source, target)?.sync()?;
    // Another process may have had the file open when it was closed. What it added since would be deleted.
    let bytes_now = disk.facts(&job.plain)?.bytes;
    if bytes_now != source.bytes {
        return Err(io::Error::other("another process still writes to it"));
    }
    Ok(())
}

fn encode(
    compression: Compression,
    source: &mut dyn Read,
    target: Box<dyn OpenFile>,
) -> io::Result<Box<dyn OpenFile>> {
    match compression {
        Compression::None => copy(source, target),
        #[cfg(feature = "gzip")]
        Compression::Gzip => {
            copy(source, flate2::write::GzEncoder::new(target, flate2::Compression::default()))?.finish()
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => copy(source, zstd::stream::write::Encoder::new(target, 0)?)?.finish(),
        #[cfg(not(all(feature = "gzip", feature = "zstd")))]
        missing => missing.available().map(|()| target),
    }
}

fn copy<W: Write>(source: &mut dyn Read, mut target: W) -> io::Result<W> {
    let mut step = vec![0; STEP_BYTES];
    loop {
        match source.read(&mut step) {
            Ok(0) => return Ok(target),
            Ok(bytes) => target.write_all(&step[..bytes])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Counts what is read, to be compared with the file's size afterwards.
struct Counted {
    source: Box<dyn Read>,
    bytes: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.read(buffer)?;
        self.bytes += bytes as u64;
        Ok(bytes)
    }
}
