//! One file and how far it was read.

use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use memchr::{memchr, memrchr};

use super::{News, QUIET, Start};
use crate::scan::input::{BLOCK_BYTES, LINE_BYTES_MAX, fill_at};

/// Bytes before our place that are compared before reading on: those of a time, which no two lines share.
const MARK_BYTES: usize = 64;

/// Which file it is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    device: u64,
    number: u64,
    /// Numbers of files that are gone are given out again.
    born: Option<SystemTime>,
}

impl Identity {
    pub(super) fn of(meta: &Metadata) -> Identity {
        #[cfg(unix)]
        let (device, number) = {
            use std::os::unix::fs::MetadataExt;
            (meta.dev(), meta.ino())
        };
        #[cfg(not(unix))]
        let (device, number) = (0, 0);
        Identity { device, number, born: meta.created().ok() }
    }

    pub(super) fn of_path(path: &Path) -> Option<Identity> {
        path.metadata().ok().map(|meta| Identity::of(&meta))
    }
}

#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: Arc<File>,
    identity: Identity,
    /// How far it was read.
    offset: u64,
    /// The begin of a line that is not whole yet; it ends at `offset`.
    carried: Vec<u8>,
    /// The last bytes before `offset`.
    mark: Vec<u8>,
    is_dropping: bool,
    long_lines: u64,
    has_name: bool,
    last_growth: Duration,
}

impl Tail {
    pub(super) fn new(
        path: PathBuf,
        file: File,
        identity: Identity,
        start: Start,
        now: Duration,
    ) -> io::Result<Tail> {
        let mut tail = Tail {
            path,
            file: Arc::new(file),
            identity,
            offset: 0,
            carried: Vec::new(),
            mark: Vec::new(),
            is_dropping: false,
            long_lines: 0,
            has_name: true,
            last_growth: now,
        };
        if start == Start::End {
            tail.offset = last_line_end(&tail.file)?;
            let begin = tail.offset.saturating_sub(MARK_BYTES as u64);
            tail.mark = vec![0; (tail.offset - begin) as usize];
            let read = fill_at(&tail.file, &mut tail.mark, begin)?;
            tail.mark.truncate(read);
        }
        Ok(tail)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn handle(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// True when the file has just lost its name: renamed, removed, replaced.
    pub(super) fn check_name(&mut self, now: Duration) -> bool {
        if self.has_name && Identity::of_path(&self.path) != Some(self.identity) {
            self.has_name = false;
            self.last_growth = now;
            return true;
        }
        false
    }

    /// True when nothing will come any more.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        !self.has_name && now.saturating_sub(self.last_growth) >= QUIET
    }

    pub(super) fn take_long_lines(&mut self) -> Option<u64> {
        let lines = std::mem::take(&mut self.long_lines);
        (lines > 0).then_some(lines)
    }

    /// Gives out what is left without a line feed.
    pub(super) fn rest(&mut self, mut each: impl FnMut(News<'_>)) {
        let bytes = std::mem::take(&mut self.carried);
        each(News { path: &self.path, bytes: &bytes });
    }

    /// Reads what is new, up to so many bytes; whether there is more.
    pub(super) fn read(
        &mut self,
        now: Duration,
        bytes_max: usize,
        buffer: &mut Vec<u8>,
        mut each: impl FnMut(News<'_>),
    ) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        if length < self.offset || (length > self.offset && !self.is_marked()?) {
            self.rest(&mut each);
            (self.offset, self.is_dropping) = (0, false);
            self.mark.clear();
        }
        let mut left = bytes_max;
        while left > 0 {
            buffer.resize(BLOCK_BYTES, 0);
            let read = fill_at(&self.file, buffer, self.offset)?;
            if read == 0 {
                return Ok(false);
            }
            self.last_growth = now;
            self.offset += read as u64;
            self.keep_mark(&buffer[..read]);
            self.give(&buffer[..read], &mut each);
            if read < BLOCK_BYTES {
                return Ok(false);
            }
            left = left.saturating_sub(read);
        }
        Ok(true)
    }

    fn give(&mut self, mut bytes: &[u8], each: &mut impl FnMut(News<'_>)) {
        if self.is_dropping {
            let Some(end) = memchr(b'\n', bytes) else { return };
            bytes = &bytes[end + 1..];
            self.is_dropping = false;
        }
        let Some(end) = memrchr(b'\n', bytes) else {
            self.carried.extend_from_slice(bytes);
            if self.carried.len() > LINE_BYTES_MAX {
                self.carried = Vec::new();
                self.is_dropping = true;
                self.long_lines += 1;
            }
            return;
        };
        let (mut lines, rest) = bytes.split_at(end + 1);
        if !self.carried.is_empty() {
            // The first line has its begin in `carried`; the others need not move.
            let (first, others) = lines.split_at(memchr(b'\n', lines).map_or(lines.len(), |end| end + 1));
            self.carried.extend_from_slice(first);
            each(News { path: &self.path, bytes: &self.carried });
            self.carried.clear();
            lines = others;
        }
        each(News { path: &self.path, bytes: lines });
        self.carried.extend_from_slice(rest);
    }

    fn keep_mark(&mut self, bytes: &[u8]) {
        self.mark.extend_from_slice(&bytes[bytes.len().saturating_sub(MARK_BYTES)..]);
        let surplus = self.mark.len().saturating_sub(MARK_BYTES);
        self.mark.drain(..surplus);
    }

    /// Whether the bytes before our place are still those that we read.
    fn is_marked(&self) -> io::Result<bool> {
        let mut found = [0; MARK_BYTES];
        let found = &mut found[..self.mark.len()];
        let read = fill_at(&self.file, found, self.offset - self.mark.len() as u64)?;
        Ok(read == found.len() && *found == self.mark[..])
    }
}

/// Behind the last line feed of a file; its begin when the last line is longer than any that is read.
fn last_line_end(file: &File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut buffer = vec![0; BLOCK_BYTES];
    let mut end = length;
    while end > 0 && length - end <= LINE_BYTES_MAX as u64 {
        let begin = end.saturating_sub(BLOCK_BYTES as u64);
        let part = &mut buffer[..(end - begin) as usize];
        let read = fill_at(file, part, begin)?;
        if let Some(found) = memrchr(b'\n', &part[..read]) {
            return Ok(begin + found as u64 + 1);
        }
        end = begin;
    }
    Ok(if end == 0 { 0 } else { length })
}
