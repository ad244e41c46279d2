//! The disk and the clock, as far as the file sink uses them: parameters, so that tests can fill the one and turn
//! the other.

#[cfg(test)]
pub(super) mod memory;

use super::naming::directory_of;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{error, fmt};

/// What the sink asks of a disk.
pub(super) trait Filesystem: Send + Sync + fmt::Debug {
    /// Opens for appending; made with these permissions (Unix) when missing.
    fn open_append(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>>;
    /// Opens for writing from the start: what was there is gone.
    fn create(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>>;
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn Read>>;
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Replaces `to` when it exists: the caller looks first.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names in a directory, in no particular order.
    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>>;
    fn facts(&self, path: &Path) -> io::Result<Facts>;
    /// The path without symbolic links.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;
    /// Makes the directory's names (a new file, a rename) survive a loss of power.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// A file open for writing. `write` may take less than it is given.
pub(super) trait OpenFile: Write + Send + fmt::Debug {
    fn facts(&self) -> io::Result<Facts>;
    /// The last byte; `None` when empty.
    fn last_byte(&mut self) -> io::Result<Option<u8>>;
    /// Makes the contents survive a loss of power.
    fn sync(&self) -> io::Result<()>;
}

/// What one `stat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) bytes: u64,
    /// Last written. Milliseconds since 1970-01-01 UTC.
    pub(super) modified_ms: u64,
    /// Device and inode; `None` where the system has no such thing.
    pub(super) identity: Option<(u64, u64)>,
    /// False for a directory, a pipe, a device: those are never rotated.
    pub(super) is_regular: bool,
}

/// Looks at the end of a file that does not end in a line, before that is believed: another process may be in the middle of
/// a write, which readers see page by page.
const LOOKS_AT_END: usize = 5;
/// Between two looks; far above the microseconds that a write takes.
const PAUSE_BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// The computer's own disk.
#[derive(Debug)]
pub(super) struct RealFilesystem;

impl Filesystem for RealFilesystem {
    fn open_append(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>> {
        // Readable too, because the last byte tells whether a crash left half a line. A file that may only be
        // appended to (a pipe's writing end, a drop box) opens without.
        let open =
            |read: bool| with_mode(OpenOptions::new().append(true).create(true).read(read), mode).open(path);
        let file = match open(true) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => open(false)?,
            result => result?,
        };
        Ok(Box::new(file))
    }

    fn create(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>> {
        let file = with_mode(OpenOptions::new().write(true).create(true).truncate(true), mode).open(path)?;
        Ok(Box::new(file))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(fs::File::open(path)?))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn facts(&self, path: &Path) -> io::Result<Facts> {
        Ok(Facts::of(&fs::metadata(path)?))
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        // Elsewhere a directory cannot be opened, and renames are durable on their own.
        if cfg!(unix) { fs::File::open(directory)?.sync_all() } else { Ok(()) }
    }
}

impl OpenFile for fs::File {
    fn facts(&self) -> io::Result<Facts> {
        Ok(Facts::of(&self.metadata()?))
    }

    fn last_byte(&mut self) -> io::Result<Option<u8>> {
        if self.metadata()?.len() == 0 {
            return Ok(None);
        }
        let mut last = [0];
        for look in 0..LOOKS_AT_END {
            if look > 0 {
                std::thread::sleep(PAUSE_BETWEEN_LOOKS);
            }
            self.seek(SeekFrom::End(-1))?;
            self.read_exact(&mut last)?;
            if last[0] == b'\n' {
                break;
            }
        }
        Ok(Some(last[0]))
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

impl Facts {
    fn of(metadata: &fs::Metadata) -> Facts {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            Some((metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let identity = None;
        let modified_ms = metadata.modified().map_or(0, ms_of);
        Facts { bytes: metadata.len(), modified_ms, identity, is_regular: metadata.is_file() }
    }
}

#[cfg(unix)]
fn with_mode(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(mode)
}

#[cfg(not(unix))]
fn with_mode(options: &mut OpenOptions, _: u32) -> &mut OpenOptions {
    options
}

/// The wall clock.
#[derive(Clone)]
pub(super) struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    pub(super) fn real() -> Clock {
        Clock(Arc::new(|| ms_of(SystemTime::now())))
    }

    #[cfg(test)]
    pub(super) fn turned_by(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now_ms))
    }

    /// Milliseconds since 1970-01-01 UTC; 0 before that. May step backwards.
    pub(super) fn now_ms(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({} ms)", self.now_ms())
    }
}

fn ms_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The action of [`explain`] whose `NotFound` can only mean the directory.
pub(super) const OPEN: &str = "open";

/// An error of the disk with what was attempted, on which path, and the reason in words. Keeps the cause.
#[derive(Debug)]
struct DiskError {
    message: String,
    cause: io::Error,
}

/// Says of `cause` what was attempted where: ``open `logs/app.jsonl`: directory `logs` does not exist``.
/// The kind stays; the cause is the `source` of the inner error.
#[cold]
pub(super) fn explain(action: &str, path: &Path, cause: io::Error) -> io::Error {
    use io::ErrorKind::*;
    let directory = directory_of(path);
    let directory = directory.display();
    let reason = match cause.kind() {
        NotFound if action == OPEN => format!("directory `{directory}` does not exist"),
        PermissionDenied => format!("permission denied for the file or its directory `{directory}`"),
        ReadOnlyFilesystem => format!("directory `{directory}` is on a read-only file system"),
        NotADirectory => format!("`{directory}` is not a directory"),
        IsADirectory => "it is a directory".into(),
        StorageFull => "the disk is full".into(),
        QuotaExceeded => "the disk quota is used up".into(),
        _ => cause.to_string(),
    };
    let message = format!("{action} `{}`: {reason}", path.display());
    io::Error::new(cause.kind(), DiskError { message, cause })
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for DiskError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.cause)
    }
}
