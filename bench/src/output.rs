//! Where a contestant writes: nowhere at all, or a real file.

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a contestant is told to write to.
#[derive(Clone, Debug)]
pub enum Output {
    /// Takes every byte and keeps none: the cost of making the line, and nothing else.
    Null,
    /// Appends to this file.
    File(PathBuf),
}

impl Output {
    /// A writer for contestants that accept any `io::Write`.
    pub fn writer(&self) -> Writer {
        match self {
            Self::Null => Writer::Null,
            Self::File(path) => Writer::File(open(path)),
        }
    }

    /// The file's path. Panics for [`Output::Null`]: queued contestants are only ever given files.
    pub fn path(&self) -> &PathBuf {
        match self {
            Self::File(path) => path,
            Self::Null => panic!("this contestant writes to a file only"),
        }
    }
}

/// Opens `path` for appending, so that writers of several threads need no lock.
pub fn open(path: &PathBuf) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .expect("the benchmark's own directory is writable")
}

/// The one file in the folder of `path`: some contestants add a date to the name they are given.
pub fn written(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| std::fs::read_dir(folder).ok());
    let first = folder.and_then(|mut files| files.next()).and_then(Result::ok);
    first.map_or_else(|| path.to_owned(), |file| file.path())
}

/// Either nowhere or a file, unbuffered.
#[derive(Debug)]
pub enum Writer {
    Null,
    File(File),
}

impl Write for Writer {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Null => {
                black_box((bytes.as_ptr(), bytes.len()));
                Ok(bytes.len())
            }
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
