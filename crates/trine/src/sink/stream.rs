//! stdout and stderr.

use std::{
    fs::File,
    io::{self, IsTerminal},
    sync::{Mutex, OnceLock},
};

use super::{Sink, WriteError, write_counted};
use crate::lock;

/// Writes to stdout or stderr.
///
/// Through a descriptor of its own: a program that holds `stdout().lock()` for its whole life does not stop its events, and
/// whole lines still never mix with those of `println!`.
#[derive(Debug)]
pub struct StreamSink {
    is_stderr: bool,
    file: OnceLock<Mutex<File>>,
}

impl StreamSink {
    /// Standard output.
    pub fn stdout() -> StreamSink {
        StreamSink { is_stderr: false, file: OnceLock::new() }
    }

    /// Standard error.
    pub fn stderr() -> StreamSink {
        StreamSink { is_stderr: true, file: OnceLock::new() }
    }

    /// True when a person looks at it.
    pub fn is_terminal(&self) -> bool {
        if self.is_stderr { io::stderr().is_terminal() } else { io::stdout().is_terminal() }
    }

    fn file(&self) -> io::Result<&Mutex<File>> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = if self.is_stderr { duplicate(&io::stderr())? } else { duplicate(&io::stdout())? };
        Ok(self.file.get_or_init(|| Mutex::new(file)))
    }
}

#[cfg(unix)]
fn duplicate(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn duplicate(stream: &impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(File::from(stream.as_handle().try_clone_to_owned()?))
}

impl Sink for StreamSink {
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        let file = self.file().map_err(|source| WriteError { written: 0, source })?;
        write_counted(&mut *lock(file), lines)
    }

    /// Unless it leads to a file.
    fn may_wait(&self) -> bool {
        let facts = self.file().and_then(|file| lock(file).metadata());
        !facts.is_ok_and(|facts| facts.is_file())
    }

    fn describe(&self) -> String {
        if self.is_stderr { "stderr" } else { "stdout" }.into()
    }
}
