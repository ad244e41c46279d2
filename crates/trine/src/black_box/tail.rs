//! What an output has of the bytes that waited for it, and the end of the line that it has half of.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::{
    journal::{LeftOutput, Note},
    mark,
};
use crate::sink::FilePlace;

/// Farthest behind the noted place that bytes are looked for, when other processes write to the same file.
const SEARCH_BYTES_MAX: u64 = 64 << 20;

/// The lines that an output is still to be given. In a file, the line that was being written is completed.
///
/// May be repeated after dying at any point of it: what a file has is always found by reading it.
///
/// Errors: the file cannot be read or written.
pub(super) fn rest(output: &LeftOutput) -> io::Result<Vec<u8>> {
    let LeftOutput { bytes, taken, note, .. } = output;
    let Some(path) = output.identity.strip_prefix("file:").map(Path::new) else {
        let lines = &bytes[line_begin(bytes, *taken, note.is_mid_line)..];
        return Ok(mark::lines(lines));
    };
    let found = find(path, note, bytes.len())?;
    let Some((mut file, length)) = found else {
        // The file is gone, and the half line with it.
        return Ok(bytes[line_begin(bytes, *taken, note.is_mid_line)..].to_vec());
    };
    let (written, is_at_end) = prefix(&mut file, length, &bytes[*taken..])?;
    // Where nobody noted a place, the end is the only one that there is.
    let is_at_end = is_at_end || (written == 0 && note.place.is_none());
    let at = taken + written;
    let is_mid_line = at.checked_sub(1).map_or(note.is_mid_line, |last| bytes[last] != b'\n');
    if !is_mid_line {
        return Ok(bytes[at..].to_vec());
    }
    match line_end(bytes, at) {
        Some(end) if is_at_end => {
            file.write_all(&bytes[at..end])?;
            Ok(bytes[end..].to_vec())
        }
        // Another process has written behind it: its half stays, a broken line, and the line follows in whole.
        _ => Ok(bytes[line_begin(bytes, at, note.is_mid_line)..].to_vec()),
    }
}

/// Where the line that the byte at `at` belongs to begins. The next one, when its beginning is not there.
fn line_begin(bytes: &[u8], at: usize, is_mid_line: bool) -> usize {
    match bytes[..at].iter().rposition(|byte| *byte == b'\n') {
        Some(end) => end + 1,
        None if is_mid_line && at == 0 => line_end(bytes, 0).unwrap_or(bytes.len()),
        None => 0,
    }
}

/// Behind the end of the line that the byte at `at` belongs to.
fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    bytes[at..].iter().position(|byte| *byte == b'\n').map(|end| at + end + 1)
}

/// The file that was written to, whatever it is called now, and where the bytes begin at the earliest. `None`: it is gone.
fn find(path: &Path, note: &Note, bytes: usize) -> io::Result<Option<(File, u64)>> {
    let open = |path: &Path| OpenOptions::new().read(true).append(true).open(path);
    let Some(place) = note.place else {
        // Nothing was written, or the note of it is damaged.
        return match open(path) {
            Ok(file) => {
                let length = file.metadata()?.len();
                Ok(Some((file, length.saturating_sub(bytes as u64))))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
    };
    let is_it = |path: &Path| fs::metadata(path).is_ok_and(|facts| is_file_of(&facts, place));
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let neighbours = fs::read_dir(real.parent().unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let found = [real].into_iter().chain(neighbours.map(|entry| entry.path())).find(|path| is_it(path));
    let Some(found) = found else { return Ok(None) };
    let file = open(&found)?;
    // Shorter than it was: somebody has emptied it.
    let is_whole = file.metadata()?.len() >= place.length;
    Ok(is_whole.then_some((file, place.length)))
}

#[cfg(unix)]
fn is_file_of(facts: &fs::Metadata, place: FilePlace) -> bool {
    use std::os::unix::fs::MetadataExt;
    facts.is_file() && (facts.dev(), facts.ino()) == (place.device, place.inode)
}

#[cfg(not(unix))]
fn is_file_of(_: &fs::Metadata, _: FilePlace) -> bool {
    false
}

/// How many of `bytes` the file has from `length` on, in one piece; and whether it ends there.
///
/// They begin at `length`, unless other processes have written there meanwhile: then, at the beginning of a line behind it.
fn prefix(file: &mut File, length: u64, bytes: &[u8]) -> io::Result<(usize, bool)> {
    let end = file.metadata()?.len();
    file.seek(SeekFrom::Start(length))?;
    let mut data = Vec::new();
    file.take(SEARCH_BYTES_MAX.max(bytes.len() as u64)).read_to_end(&mut data)?;
    let first_line = line_end(bytes, 0).unwrap_or(bytes.len());
    let later = data.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let found = [0].into_iter().chain(later).filter_map(|at| {
        let written = common(&data[at..], bytes);
        let is_at_end = length + (at + written) as u64 == end;
        // Less than a line, with more behind it, is the beginning of another line that begins alike; nothing, behind lines of
        // others, is no place to go on within a line.
        let is_it = written >= first_line || (is_at_end && (written > 0 || at == 0));
        is_it.then_some((written, is_at_end))
    });
    // Nothing, where nothing fits.
    Ok(found.max_by_key(|(written, _)| *written).unwrap_or((0, false)))
}

/// How many bytes at the front of both are the same.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{os::unix::fs::MetadataExt, path::PathBuf};

    const LINES: &[u8] = b"{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";

    struct Directory(PathBuf);

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn directory(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("trine-tail-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn output(path: &Path, length: u64, taken: usize) -> LeftOutput {
        let facts = fs::metadata(path).unwrap();
        let place = Some(FilePlace { device: facts.dev(), inode: facts.ino(), length });
        let is_mid_line = taken.checked_sub(1).is_some_and(|last| LINES[last] != b'\n');
        LeftOutput {
            identity: format!("file:{}", path.display()),
            bytes: LINES.to_vec(),
            taken,
            note: Note { position: taken as u64, place, is_mid_line },
            missing: 0,
        }
    }

    #[test]
    fn whatever_a_file_has_of_the_lines_it_gets_the_rest_once() {
        let directory = directory("cut");
        let path = directory.0.join("app.jsonl");
        let renamed = directory.0.join("app.2026-11-23T10-00-00-000.jsonl");
        for is_renamed in [false, true] {
            for cut in 0..=LINES.len() {
                // What was noted may be older than what is there.
                for taken in 0..=cut {
                    let _ = fs::remove_file(&renamed);
                    fs::write(&path, [b"before\n", &LINES[..cut]].concat()).unwrap();
                    let mut left = output(&path, 7 + taken as u64, taken);
                    if is_renamed {
                        fs::rename(&path, &renamed).unwrap();
                        left.identity = format!("file:{}", path.display());
                    }
                    for _ in 0..2 {
                        let rest = rest(&left).unwrap();
                        let file = fs::read(if is_renamed { &renamed } else { &path }).unwrap();
                        assert_eq!(
                            [&file[..], &rest].concat(),
                            [b"before\n", LINES].concat(),
                            "{cut} {taken}"
                        );
                        assert!(file.ends_with(b"\n"));
                    }
                }
            }
        }
    }

    #[test]
    fn lines_of_others_in_the_same_file_are_passed_over() {
        let directory = directory("shared");
        let path = directory.0.join("app.jsonl");
        for cut in 0..=LINES.len() {
            fs::write(&path, [b"before\n{\"n\":7}\n", &LINES[..cut]].concat()).unwrap();
            let rest = rest(&output(&path, 7, 0)).unwrap();
            let file = fs::read(&path).unwrap();
            assert_eq!([&file[..], &rest].concat(), [b"before\n{\"n\":7}\n", LINES].concat(), "{cut}");
        }
    }

    #[test]
    fn half_a_line_with_others_behind_it_is_followed_by_the_whole_line() {
        let directory = directory("between");
        let path = directory.0.join("app.jsonl");
        fs::write(&path, [&LINES[..12], b"{\"other\":1}\n"].concat()).unwrap();
        for taken in [0, 12] {
            assert_eq!(rest(&output(&path, taken as u64, taken)).unwrap(), LINES[8..], "{taken} were noted");
        }
        // Written on by the process itself, behind the line of the other.
        fs::write(&path, [&LINES[..12], b"{\"other\":1}\n", &LINES[12..18]].concat()).unwrap();
        assert_eq!(rest(&output(&path, 12, 12)).unwrap(), b"");
        assert!(fs::read(&path).unwrap().ends_with(b"{\"other\":1}\n:2}\n{\"n\":3}\n"));
    }

    #[test]
    fn a_file_that_is_gone_or_emptied_is_begun_with_a_whole_line() {
        let directory = directory("gone");
        let path = directory.0.join("app.jsonl");
        fs::write(&path, LINES).unwrap();
        let left = output(&path, 12, 12);
        fs::write(&path, "").unwrap();
        assert_eq!(rest(&left).unwrap(), LINES[8..]);
        fs::remove_file(&path).unwrap();
        assert_eq!(rest(&left).unwrap(), LINES[8..]);
    }

    #[test]
    fn what_a_stream_may_have_comes_again_from_the_line_on_and_is_marked() {
        let left = LeftOutput {
            identity: "stdout".into(),
            bytes: LINES.to_vec(),
            taken: 12,
            note: Note { position: 12, place: None, is_mid_line: true },
            missing: 0,
        };
        assert_eq!(rest(&left).unwrap(), LINES[8..]);
    }
}
