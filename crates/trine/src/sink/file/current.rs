//! The file being written: how far it is, and whether it ends in a whole line.

use super::filesystem::{Facts, Filesystem, OPEN, OpenFile, explain};
use super::naming::directory_of;
use crate::sink::FilePlace;
use std::io;
use std::path::{Path, PathBuf};

/// An open file and what is known of it without asking the disk again.
#[derive(Debug)]
pub(super) struct Current {
    file: Box<dyn OpenFile>,
    /// Where it lies, without symbolic links: closed files are its neighbours.
    path: PathBuf,
    /// As of opening.
    facts: Facts,
    bytes: u64,
    /// The part of the last line that a failed write still owes, `\n` included; empty when nobody knows it. `None`
    /// at the start of a line.
    torn: Option<Vec<u8>>,
}

impl Current {
    /// Opens or creates. Half a line, left by a crash, is ended here, so that no line is glued to it.
    pub(super) fn open(disk: &dyn Filesystem, path: &Path, mode: u32) -> io::Result<Current> {
        let mut file = disk.open_append(path, mode)?;
        let facts = file.facts()?;
        let path = disk.resolve(path).unwrap_or_else(|_| path.to_owned());
        // Only asked of regular files: reading from a pipe would wait. Unreadable counts as half a line: an empty
        // line too many is harmless.
        let ends_in_line =
            !facts.is_regular || facts.bytes == 0 || matches!(file.last_byte(), Ok(Some(b'\n')));
        let torn = (!ends_in_line).then(Vec::new);
        let mut current = Current { file, path, facts, bytes: facts.bytes, torn };
        current.end_torn_line()?;
        Ok(current)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// As of opening; see [`Current::bytes`] for the size now.
    pub(super) fn facts(&self) -> Facts {
        self.facts
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// True while a line is half written: the file may be neither closed nor rotated.
    pub(super) fn is_torn(&self) -> bool {
        self.torn.is_some()
    }

    /// True when `path` no longer leads here: moved away, deleted or replaced. One `stat`.
    pub(super) fn is_elsewhere(&self, disk: &dyn Filesystem, path: &Path) -> bool {
        match disk.facts(path) {
            Ok(facts) => facts.identity != self.facts.identity,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// How many bytes at the start of `lines` finish the torn line. When the caller gave that line up and comes with
    /// another, the line is ended here, short as it is, and the answer is 0.
    pub(super) fn resume(&mut self, lines: &[u8]) -> io::Result<usize> {
        match &self.torn {
            None => Ok(0),
            Some(owed) if !owed.is_empty() && lines.starts_with(owed) => Ok(owed.len()),
            Some(_) => self.end_torn_line().map(|()| 0),
        }
    }

    /// Appends whole lines (or the rest of the torn one). Adds to `written` what was accepted, on error too.
    pub(super) fn write(&mut self, lines: &[u8], written: &mut usize) -> io::Result<()> {
        let mut done = 0;
        let mut outcome = Ok(());
        while done < lines.len() && outcome.is_ok() {
            match self.file.write(&lines[done..]) {
                Ok(0) => outcome = Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => done += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => outcome = Err(error),
            }
        }
        self.bytes += done as u64;
        *written += done;
        if done > 0 {
            self.torn = (lines[done - 1] != b'\n').then(|| lines[done..=end_of_line(lines, done)].to_vec());
        }
        outcome
    }

    /// As [`Current::write`]; says before and after where the file is.
    pub(super) fn write_watched(
        &mut self,
        lines: &[u8],
        written: &mut usize,
        watch: &mut dyn FnMut(usize, FilePlace),
    ) -> io::Result<()> {
        // Asked, not counted: another process may write to the file as well.
        let place = self.file.facts().ok().and_then(|facts| match facts.identity {
            Some((device, inode)) if facts.is_regular => {
                Some(FilePlace { device, inode, length: facts.bytes })
            }
            _ => None,
        });
        if let Some(place) = place {
            watch(*written, place);
        }
        let before = *written;
        let outcome = self.write(lines, written);
        if let Some(place) = place {
            watch(*written, FilePlace { length: place.length + (*written - before) as u64, ..place });
        }
        outcome
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync().map_err(|error| explain("sync", &self.path, error))
    }

    fn end_torn_line(&mut self) -> io::Result<()> {
        if self.torn.is_some() {
            self.write(b"\n", &mut 0)?;
        }
        Ok(())
    }
}

/// Where the line that `from` lies in ends; the last byte when it has no end.
fn end_of_line(lines: &[u8], from: usize) -> usize {
    lines[from..].iter().position(|&byte| byte == b'\n').map_or(lines.len() - 1, |at| from + at)
}

/// How many bytes of `lines` fit into `room`, in whole lines. 0 when not even the first line fits.
pub(super) fn whole_lines_in(lines: &[u8], room: u64) -> usize {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if lines.len() <= room {
        return lines.len();
    }
    lines[..room].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)
}

/// The length of the first line of `lines`.
pub(super) fn first_line_of(lines: &[u8]) -> usize {
    end_of_line(lines, 0) + 1
}

/// Opens, and makes the directory first when that is wanted.
pub(super) fn open_or_explain(
    disk: &dyn Filesystem,
    path: &Path,
    mode: u32,
    create_directory: bool,
) -> io::Result<Current> {
    let opened = match Current::open(disk, path, mode) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && create_directory => {
            let directory = directory_of(path);
            disk.create_directory(&directory)
                .map_err(|error| explain("create directory", &directory, error))?;
            Current::open(disk, path, mode)
        }
        opened => opened,
    };
    opened.map_err(|error| explain(OPEN, path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_divided_at_line_ends_only() {
        let lines = b"aa\nbbb\nc\n";
        let fit = |room| whole_lines_in(lines, room);
        assert_eq!((0..=10).map(fit).collect::<Vec<_>>(), [0, 0, 0, 3, 3, 3, 3, 7, 7, 9, 9]);
        assert_eq!((first_line_of(lines), first_line_of(b"no end")), (3, 6));
    }
}
