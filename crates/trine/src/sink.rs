//! Where rendered lines go.

pub mod file;
mod memory;
mod stream;

use std::{fmt, io, time::Duration};

pub use file::FileSink;
pub use memory::MemorySink;
pub use stream::StreamSink;

/// Takes whole rendered lines. Shared between threads: a sink does its own locking.
///
/// The worker calls it with large chunks; with [`Delivery::Inline`](crate::Delivery::Inline) each emitting thread calls it
/// with single lines, at the same time as others.
pub trait Sink: Send + Sync + fmt::Debug {
    /// Appends `lines`: one or more whole lines, each ended by `\n`.
    ///
    /// Errors: says how many bytes were accepted; the caller comes back with the rest, after a while. A sink whose error is
    /// [`io::ErrorKind::BrokenPipe`] is given up: its reader is gone for good.
    fn write(&self, lines: &[u8]) -> Result<(), WriteError>;

    /// Writes as [`Sink::write`], and says on the way how many bytes have been accepted and into which file, at which length, the
    /// next one goes: before each part that goes to one file, and after it. Should the process die, the file is then read
    /// from there on.
    #[doc(hidden)]
    fn write_watched(&self, lines: &[u8], watch: &mut dyn FnMut(usize, FilePlace)) -> Result<(), WriteError> {
        let _ = watch;
        self.write(lines)
    }

    /// Hands what was accepted to the operating system.
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// From now on [`Sink::flush`] waits for the disk, where the sink has one.
    #[doc(hidden)]
    fn make_durable(&self) {}

    /// Called about once a second by the worker, also when nothing is written: rotation by time, reopening, retention.
    fn tick(&self) -> io::Result<()> {
        Ok(())
    }

    /// True when the sink can open its file anew, so that SIGHUP should make it do so.
    fn is_file(&self) -> bool {
        false
    }

    /// Asks the sink to open its file anew at the next write or tick: SIGHUP arrived. Does not block.
    fn request_reopen(&self) {}

    /// What went wrong since the last call without losing a line, for people: a rotation or a deletion that failed.
    fn take_reports(&self) -> Vec<String> {
        Vec::new()
    }

    /// The process ends: what the sink does aside, such as compressing closed files, has this long to come to an end.
    #[doc(hidden)]
    fn finish(&self, timeout: Duration) {
        let _ = timeout;
    }

    /// True when a write may wait for somebody else: the reader of a pipe, a network. Asked when the pipeline starts.
    ///
    /// The worker alone writes to such a sink, so that a stuck one keeps no caller waiting beyond the documented bounds. Where
    /// all sinks are prompt, callers whose ring is full, and those that flush, write by themselves.
    fn may_wait(&self) -> bool {
        true
    }

    /// What messages call this sink: `stdout`, `file:logs/app.jsonl`.
    fn describe(&self) -> String;
}

/// A place in a file, whatever it is called now.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilePlace {
    /// Number of the device.
    pub device: u64,
    /// Number of the file on it.
    pub inode: u64,
    /// Bytes before the place.
    pub length: u64,
}

/// A write that did not complete.
#[derive(Debug)]
pub struct WriteError {
    /// Bytes of `lines` that were accepted before the error.
    pub written: usize,
    /// Why.
    pub source: io::Error,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Writes all of `bytes` to `writer`: short writes are continued, interruptions retried, and what was written is counted.
pub(crate) fn write_counted(writer: &mut impl io::Write, bytes: &[u8]) -> Result<(), WriteError> {
    let mut written = 0;
    while written < bytes.len() {
        match writer.write(&bytes[written..]) {
            Ok(0) => return Err(WriteError { written, source: io::ErrorKind::WriteZero.into() }),
            Ok(n) => written += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(WriteError { written, source }),
        }
    }
    Ok(())
}
