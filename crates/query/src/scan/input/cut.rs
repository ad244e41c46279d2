//! A stream of bytes cut into blocks of whole lines.

use std::io::{ErrorKind, Read};

use memchr::{memchr, memrchr};

/// Cuts what a reader gives into blocks that end in a line feed.
pub(super) struct Cutter<R> {
    reader: R,
    /// The begin of a line whose end was not in the last block.
    carried: Vec<u8>,
    block_bytes: usize,
    line_bytes_max: usize,
    /// Gives out what there is after each read that brought a whole line: for pipes, whose next line may be long in coming.
    is_eager: bool,
    /// Within a line that is too long.
    is_dropping: bool,
    is_ended: bool,
    pub(super) long_lines: u64,
}

/// What [`Cutter::next`] put into the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Whole lines.
    Lines,
    /// What stands behind the last line feed of all; not empty.
    Rest,
    /// Nothing: the stream has ended.
    End,
}

impl<R: Read> Cutter<R> {
    pub(super) fn new(reader: R, block_bytes: usize, line_bytes_max: usize, is_eager: bool) -> Cutter<R> {
        Cutter {
            reader,
            carried: Vec::new(),
            block_bytes: block_bytes.max(1),
            line_bytes_max,
            is_eager,
            is_dropping: false,
            is_ended: false,
            long_lines: 0,
        }
    }

    /// The next block, into `buffer`, whose content is lost. `go_on` is asked when a read was interrupted by a signal.
    ///
    /// Errors: those of the reader. What came before is given out by the calls after it, then comes [`Cut::End`].
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>, go_on: &dyn Fn() -> bool) -> std::io::Result<Cut> {
        buffer.clear();
        buffer.append(&mut self.carried);
        let mut searched = buffer.len();
        while !self.is_ended {
            let filled = buffer.len();
            let want = self.block_bytes.max(filled * 2) - filled;
            buffer.resize(filled + want, 0);
            let read = self.reader.read(&mut buffer[filled..]);
            buffer.truncate(filled + read.as_ref().map_or(0, |read| (*read).min(want)));
            match read {
                Ok(0) => self.is_ended = true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted && go_on() => continue,
                Err(error) => {
                    self.is_ended = true;
                    self.carried = std::mem::take(buffer);
                    return Err(error);
                }
            }
            if self.is_dropping && !self.drop_line(buffer) {
                searched = 0;
                continue;
            }
            let is_full = buffer.len() >= self.block_bytes;
            if !is_full && !self.is_eager && !self.is_ended {
                continue;
            }
            if let Some(end) = memrchr(b'\n', &buffer[searched.min(buffer.len())..]) {
                let end = searched.min(buffer.len()) + end + 1;
                self.carried.extend_from_slice(&buffer[end..]);
                buffer.truncate(end);
                return Ok(Cut::Lines);
            }
            searched = buffer.len();
            if searched > self.line_bytes_max {
                self.long_lines += 1;
                self.is_dropping = true;
                buffer.clear();
                searched = 0;
            }
        }
        // The reader has ended, and there may be lines that were carried over an error.
        if let Some(end) = memrchr(b'\n', buffer) {
            self.carried.extend_from_slice(&buffer[end + 1..]);
            buffer.truncate(end + 1);
            return Ok(Cut::Lines);
        }
        Ok(if buffer.is_empty() { Cut::End } else { Cut::Rest })
    }

    /// Drops the rest of a long line; false while it goes on.
    fn drop_line(&mut self, buffer: &mut Vec<u8>) -> bool {
        match memchr(b'\n', buffer) {
            Some(end) => {
                buffer.drain(..=end);
                self.is_dropping = false;
            }
            None => buffer.clear(),
        }
        !self.is_dropping
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, Result};

    use proptest::prelude::*;

    use super::*;

    /// Gives its bytes in pieces of these lengths, then an error or the end.
    struct Pieces<'a>(&'a [u8], Vec<usize>, Option<ErrorKind>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            if self.0.is_empty()
                && let Some(kind) = self.2.take()
            {
                return Err(Error::from(kind));
            }
            let piece = self.1.pop().unwrap_or(usize::MAX).clamp(1, buffer.len());
            self.0.read(&mut buffer[..piece.min(self.0.len().max(1))])
        }
    }

    fn all<R: Read>(mut cutter: Cutter<R>) -> (Vec<u8>, u64, u64) {
        let (mut buffer, mut text, mut errors) = (Vec::new(), Vec::new(), 0);
        loop {
            match cutter.next(&mut buffer, &|| true) {
                Ok(Cut::End) => return (text, cutter.long_lines, errors),
                Ok(cut) => assert_eq!(buffer.ends_with(b"\n"), cut == Cut::Lines),
                Err(_) => {
                    errors += 1;
                    continue;
                }
            }
            text.extend_from_slice(&buffer);
        }
    }

    proptest! {
        #[test]
        fn blocks_put_together_are_the_stream(
            text in "[ab\n]{0,60}", lengths in prop::collection::vec(1_usize..9, 0..20), block in 1_usize..20,
            is_eager: bool, fails: bool,
        ) {
            let reader = Pieces(text.as_bytes(), lengths, fails.then_some(ErrorKind::Other));
            let (cut, long, errors) = all(Cutter::new(reader, block, 1_000, is_eager));
            prop_assert_eq!(String::from_utf8(cut).unwrap(), text);
            prop_assert_eq!((long, errors), (0, u64::from(fails)));
        }

        #[test]
        fn lines_far_beyond_the_bound_are_dropped_and_counted(
            lines in prop::collection::vec((any::<bool>(), 0_usize..8), 1..12), block in 1_usize..16,
        ) {
            // A line is short, or so long that no read can bring it whole.
            let line = |(is_long, length): &(bool, usize)| "x".repeat(if *is_long { 200 + length } else { *length }) + "\n";
            let text: String = lines.iter().map(line).collect();
            let kept: String = lines.iter().filter(|line| !line.0).map(line).collect();
            let reader = Pieces(text.as_bytes(), Vec::new(), None);
            let (cut, long, _) = all(Cutter::new(reader, block, 30, false));
            prop_assert_eq!(String::from_utf8(cut).unwrap(), kept);
            prop_assert_eq!(long, lines.iter().filter(|line| line.0).count() as u64);
        }
    }

    #[test]
    fn an_eager_cutter_does_not_wait_for_a_full_block() {
        let text = b"one\ntwo\nth";
        let mut cutter = Cutter::new(Pieces(text, vec![3, 3, 4], None), 1_000, 1_000, true);
        let mut buffer = Vec::new();
        assert_eq!(cutter.next(&mut buffer, &|| true).unwrap(), Cut::Lines);
        assert_eq!(buffer, b"one\n");
    }
}
