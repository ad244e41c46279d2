//! One range of a plain file: the lines that begin in it.

use std::{fs::File, io};

use memchr::memchr;

/// So much is read behind the range at once, so that its last line seldom needs another call.
const BEHIND_BYTES: usize = 8 << 10;

/// A range of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) begin: u64,
    pub(super) length: usize,
    /// Where the file ended when it was opened.
    pub(super) file_end: u64,
}

/// What was read of a range.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Where in the buffer the lines lie.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Where in the file they begin.
    pub(super) offset: u64,
    /// Whether the last line was too long, and was left out.
    pub(super) has_long_line: bool,
    /// Whether the file ended before its end.
    pub(super) is_short: bool,
}

impl Range {
    /// Reads the lines that begin in the range into `buffer`, whose content is lost and whose length means nothing.
    pub(super) fn read(self, file: &File, buffer: &mut Vec<u8>, line_bytes_max: usize) -> io::Result<Lines> {
        // The byte before the range tells whether a line begins with it.
        let before = self.begin.min(1) as usize;
        let from_file = self.begin - before as u64;
        let available = usize::try_from(self.file_end - from_file).unwrap_or(usize::MAX);
        let range_end = before + self.length;
        let mut want = (range_end + BEHIND_BYTES).min(available);
        let mut filled = fill(file, buffer, 0, want, from_file)?;
        let mut is_short = filled < want;

        let from = match before {
            0 => 0,
            _ => match memchr(b'\n', &buffer[..filled.min(range_end)]) {
                Some(end) => end + 1,
                None => return Ok(Lines { is_short, ..Lines::default() }),
            },
        };
        if from >= range_end.min(filled) {
            return Ok(Lines { is_short, ..Lines::default() });
        }
        // The last line ends at the first line feed from the last byte of the range on.
        let mut searched = range_end - 1;
        loop {
            if let Some(end) = buffer.get(searched..filled).and_then(|rest| memchr(b'\n', rest)) {
                let to = searched + end + 1;
                return Ok(Lines {
                    from,
                    to,
                    offset: from_file + from as u64,
                    has_long_line: false,
                    is_short,
                });
            }
            if is_short || filled == available {
                let offset = from_file + from as u64;
                return Ok(Lines { from, to: filled, offset, has_long_line: false, is_short });
            }
            searched = searched.max(filled);
            let line_begin = memchr::memrchr(b'\n', &buffer[..filled]).map_or(0, |end| end + 1).max(from);
            if filled - line_begin > line_bytes_max {
                let offset = from_file + from as u64;
                return Ok(Lines { from, to: line_begin, offset, has_long_line: true, is_short });
            }
            want = filled.saturating_mul(2).min(available);
            filled = fill(file, buffer, filled, want, from_file + filled as u64)?;
            is_short = filled < want;
        }
    }
}

/// Fills `buffer[from..to]` from this place of the file; how far it got, which is less than `to` at the file's end only.
fn fill(file: &File, buffer: &mut Vec<u8>, from: usize, to: usize, at: u64) -> io::Result<usize> {
    if buffer.len() < to {
        buffer.resize(to, 0);
    }
    Ok(from + fill_at(file, &mut buffer[from..to], at)?)
}

/// Reads from a place until the buffer is full or the file ends; how much.
pub(in crate::scan) fn fill_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match read_at(file, &mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads at a place without moving the file's own, which threads share.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// Elsewhere files are streams, and nobody asks.
#[cfg(not(any(unix, windows)))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether [`read_at`] works here.
pub(super) const HAS_READ_AT: bool = cfg!(any(unix, windows));

/// A part of a file as a reader.
pub(super) struct Part<'a> {
    pub(super) file: &'a File,
    pub(super) at: u64,
    pub(super) end: u64,
}

impl io::Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let read = read_at(self.file, &mut buffer[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
