//! One range of a plain file: the lines that begin in it.

use std::{fs::File, io};

use memchr::memchr;

/// So much is read behind the range at once, so that its last line seldom needs another call.
const BEHIND_BYTES: usize = 8 << 10;

/// What the system copies at a time.
const PAGE_BYTES: usize = 4 << 10;

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
        let file_begin = self.begin - before as u64;
        let available = usize::try_from(self.file_end - file_begin).unwrap_or(usize::MAX);
        let mut want = (before + self.length + BEHIND_BYTES).min(available);
        // Places in the buffer, from here on.
        let begin = lead(buffer, want, file_begin);
        let range_end = begin + before + self.length;
        let file_end = begin.saturating_add(available);
        let at = |place: usize| file_begin + (place - begin) as u64;

        want += begin;
        let mut filled = fill(file, buffer, begin, want, file_begin)?;
        let mut is_short = filled < want;

        let from = match before {
            0 => begin,
            _ => match memchr(b'\n', &buffer[begin..filled.min(range_end)]) {
                Some(end) => begin + end + 1,
                None => return Ok(Lines { is_short, ..Lines::default() }),
            },
        };
        if from >= range_end.min(filled) {
            return Ok(Lines { is_short, ..Lines::default() });
        }
        let lines =
            |to, has_long_line, is_short| Lines { from, to, offset: at(from), has_long_line, is_short };
        // The last line ends at the first line feed from the last byte of the range on.
        let mut searched = range_end - 1;
        loop {
            if let Some(end) = buffer.get(searched..filled).and_then(|rest| memchr(b'\n', rest)) {
                return Ok(lines(searched + end + 1, false, is_short));
            }
            if is_short || filled == file_end {
                return Ok(lines(filled, false, is_short));
            }
            searched = searched.max(filled);
            let line_begin = memchr::memrchr(b'\n', &buffer[from..filled]).map_or(from, |end| from + end + 1);
            if filled - line_begin > line_bytes_max {
                return Ok(lines(line_begin, true, is_short));
            }
            want = filled.saturating_mul(2).min(file_end);
            filled = fill(file, buffer, filled, want, at(filled))?;
            is_short = filled < want;
        }
    }
}

/// How many bytes to leave free at the begin of the buffer, which has room for these and `want` more afterwards.
///
/// The system copies out of its pages, and processors copy slowly where the destination lies just behind the source within a page:
/// on AMD's Zen 3, 1.4 GB take 0.7 s where it is 1 to 31 bytes, as it is in most memory of `malloc`, and 0.11 s everywhere else.
/// Half a page is as far from that as can be.
fn lead(buffer: &mut Vec<u8>, want: usize, at: u64) -> usize {
    if buffer.len() < PAGE_BYTES + want {
        buffer.clear();
        buffer.resize(PAGE_BYTES + want, 0);
    }
    let is = buffer.as_ptr().addr() % PAGE_BYTES;
    let wanted = (at % PAGE_BYTES as u64) as usize + PAGE_BYTES / 2;
    (wanted + PAGE_BYTES - is) % PAGE_BYTES
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_lies_half_a_page_from_where_it_lies_in_the_system() {
        let mut buffer = Vec::new();
        for (want, at) in [(1, 0), (300_000, 262_143), (5, 4_095), (300_001, 1 << 40), (9, 17)] {
            let begin = lead(&mut buffer, want, at);
            assert!(begin + want <= buffer.len(), "or it would move when it is filled");
            let place = buffer.as_ptr().addr() + begin;
            assert_eq!((place as u64 - at % 4_096) % 4_096, 2_048, "{at}");
        }
    }
}
