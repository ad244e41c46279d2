//! The bytes that wait for one output, where another process finds them.
//!
//! Two buffers, used in turns: what is new goes behind what is there, or, where it does not fit, everything that waits goes to the
//! front of the other one. Bytes that the last slot speaks of are never written over.

use std::{fs, io, path::PathBuf};

use trine_ring::{Backing, Region};

/// Bytes of a buffer at least.
const BUFFER_BYTES_MIN: usize = 256 << 10;

/// What waits for one output.
#[derive(Debug)]
pub(super) struct Outbox {
    directory: PathBuf,
    name: String,
    buffers: [Option<Buffer>; 2],
    /// Which of them.
    active: usize,
    /// Where in it the byte at `from` lies.
    offset: usize,
    from: u64,
    to: u64,
    /// Files made so far.
    made: u64,
    /// Some of what waits could not be kept.
    has_gap: bool,
    /// Of what waits, so much has been taken.
    pub(super) taken: usize,
    /// What was taken last does not end in a line.
    pub(super) is_mid_line: bool,
}

#[derive(Debug)]
struct Buffer {
    region: Region,
    number: u64,
}

/// What the file of a buffer is called.
pub(super) fn file_name(outbox: &str, number: u64) -> String {
    format!("{outbox}-{number}")
}

impl Outbox {
    pub(super) fn new(directory: PathBuf, name: String) -> Outbox {
        Outbox {
            directory,
            name,
            buffers: [None, None],
            active: 0,
            offset: 0,
            from: 0,
            to: 0,
            made: 0,
            has_gap: false,
            taken: 0,
            is_mid_line: false,
        }
    }

    /// Position of the first byte that waits, in all bytes that ever did.
    pub(super) fn from(&self) -> u64 {
        self.from
    }

    /// Position behind the last.
    pub(super) fn to(&self) -> u64 {
        self.to
    }

    /// Number of the file that holds it, and where in it. Zero: it is in none.
    pub(super) fn location(&self) -> (u64, u64) {
        match &self.buffers[self.active] {
            Some(buffer) if !self.has_gap => (buffer.number, self.offset as u64),
            _ => (0, 0),
        }
    }

    /// Keeps `lines`, everything that waits; true when there was anything new.
    ///
    /// Errors: no room for it. It then counts as waiting, and is nowhere.
    pub(super) fn keep(&mut self, lines: &[u8]) -> io::Result<bool> {
        let kept = ((self.to - self.from) as usize).min(lines.len());
        let new = &lines[kept..];
        if new.is_empty() {
            return Ok(false);
        }
        self.to += new.len() as u64;
        let end = self.offset + kept;
        if let Some(buffer) = &mut self.buffers[self.active]
            && !self.has_gap
            && new.len() <= buffer.region.len().saturating_sub(end)
        {
            buffer.region.write(end, new);
            return Ok(true);
        }
        self.move_to_other(lines).map(|()| true)
    }

    fn move_to_other(&mut self, lines: &[u8]) -> io::Result<()> {
        self.has_gap = true;
        let other = 1 - self.active;
        if self.buffers[other].as_ref().is_none_or(|buffer| buffer.region.len() < lines.len()) {
            // Not larger: what is used in turns with the other stays in the nearer cache.
            let bytes = lines.len().next_power_of_two().max(BUFFER_BYTES_MIN);
            if let Some(small) = self.buffers[other].take() {
                let _ = fs::remove_file(self.directory.join(file_name(&self.name, small.number)));
            }
            self.made += 1;
            let name = file_name(&self.name, self.made);
            let region = Region::create(&Backing::Directory(self.directory.clone()), &name, bytes)?;
            self.buffers[other] = Some(Buffer { region, number: self.made });
        }
        if let Some(buffer) = &mut self.buffers[other] {
            buffer.region.write(0, lines);
            (self.active, self.offset, self.has_gap) = (other, 0, false);
        }
        Ok(())
    }

    /// The first `bytes` no longer wait.
    pub(super) fn forget(&mut self, bytes: usize) {
        let bytes = bytes.min((self.to - self.from) as usize);
        self.from += bytes as u64;
        self.offset += bytes;
        self.taken = 0;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    struct Directory(PathBuf);

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn directory(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("trine-outbox-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn read(outbox: &Outbox) -> Vec<u8> {
        let (number, offset) = outbox.location();
        let mut bytes = Vec::new();
        if number > 0 {
            let region = Region::open(&outbox.directory.join(file_name(&outbox.name, number))).unwrap();
            region.read(offset as usize, (outbox.to - outbox.from) as usize, &mut bytes);
        }
        bytes
    }

    #[test]
    fn what_waits_can_be_read_whatever_was_taken_before() {
        let directory = directory("kept");
        let mut outbox = Outbox::new(directory.0.clone(), "outbox-0-0".into());
        let mut waiting: Vec<u8> = Vec::new();
        let mut made = 0_u8;
        for round in 0..400_usize {
            for _ in 0..round * 37 % 9_000 {
                made = made.wrapping_add(1);
                waiting.push(made);
            }
            let before = read(&outbox);
            outbox.keep(&waiting).unwrap();
            assert_eq!(read(&outbox), waiting, "round {round}");
            assert!(waiting.starts_with(&before));
            let taken = if round < 300 { waiting.len() * (round % 5) / 4 } else { 0 };
            waiting.drain(..taken.min(waiting.len()));
            outbox.forget(taken);
        }
        assert!(waiting.len() > BUFFER_BYTES_MIN, "it has grown");
        assert!(fs::read_dir(&directory.0).unwrap().count() <= 2);
    }

    #[test]
    fn without_room_it_is_said_and_gone_on_from_there() {
        let directory = directory("full");
        let mut outbox = Outbox::new(directory.0.join("missing"), "outbox-0-0".into());
        assert!(outbox.keep(b"abc").is_err());
        assert_eq!((outbox.location(), outbox.to()), ((0, 0), 3));
        outbox.forget(3);
        fs::create_dir(directory.0.join("missing")).unwrap();
        outbox.keep(b"def").unwrap();
        assert_eq!((read(&outbox), outbox.from()), (b"def".to_vec(), 3));
    }
}
