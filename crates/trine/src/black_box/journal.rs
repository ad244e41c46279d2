//! What the reading side notes before it writes, so that another process can go on exactly there.
//!
//! Two **slots** say, in turns and each with a check, how far the rings have been read and which bytes wait for each output; the bytes
//! themselves lie in the outputs' [`Outbox`]es. A slot is stored when a chunk is rendered and before any of it is written: from then
//! on its records are the outboxes', up to then they are the rings'. A **note** per output, also in turns, says how much of that has
//! been taken, and into which file at which length the next bytes go. The process may die between any two stores: the older slot
//! or note is whole, and what it says is true.

mod note;
mod outputs;
mod slot;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use trine_ring::{Backing, Region};

use self::slot::Slot;
use super::{outbox::Outbox, place, report_once};
use crate::{clock::Anchor, sink::FilePlace};

pub(super) use self::note::Note;
pub(crate) use self::outputs::Outputs;

/// First bytes of the file.
const MAGIC: u64 = u64::from_le_bytes(*b"TRINEBOX");
/// Of the file's layout. Another one is kept, and not looked into.
const VERSION: u64 = 1;
/// What the file is called, before the number of its generation.
const STATE: &str = "state-";
/// What the list of outputs is called.
const OUTPUTS: &str = "outputs-";
/// What the buffers of outputs are called, before generation, output and number.
const OUTBOX: &str = "outbox-";
/// Before the first journal.
const GENERATION_AT_FIRST: u32 = 0;
/// Words before the first slot: magic, version, the rest zero.
const HEADER_WORDS: usize = 8;

/// The journal of a list of outputs. Another list is another generation, in files of its own.
#[derive(Debug)]
pub(crate) struct Journal {
    directory: PathBuf,
    generation: u32,
    outputs: Outputs,
    state: Region,
    sequence: u64,
    outboxes: Vec<Outbox>,
    tails: Vec<u64>,
}

/// What one output is to be given first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    pub(crate) bytes: Vec<u8>,
    /// They begin within a line, the rest of which the output has.
    pub(crate) is_mid_line: bool,
}

/// What a process left: how far it was.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) generation: u32,
    pub(super) anchor: Anchor,
    /// By number of the ring.
    pub(super) tails: Vec<u64>,
    pub(super) outputs: Vec<LeftOutput>,
    pub(super) described: Outputs,
}

/// What one output may not have.
#[derive(Debug)]
pub(super) struct LeftOutput {
    pub(super) identity: String,
    pub(super) bytes: Vec<u8>,
    /// How many of them it is known to have.
    pub(super) taken: usize,
    pub(super) note: Note,
    /// Bytes that should be there, and are in no outbox: there was no room.
    pub(super) missing: u64,
}

impl Journal {
    /// Begins a journal. Those of earlier generations are removed once it is in force.
    pub(crate) fn create(
        directory: &Path,
        generation: u32,
        outputs: &Outputs,
        (pending, tails): (&[Pending], &[u64]),
        anchor: Anchor,
    ) -> io::Result<Journal> {
        clear(directory, generation);
        describe(directory, generation, outputs)?;
        let backing = Backing::Directory(directory.to_owned());
        let count = outputs.all.len();
        let words = HEADER_WORDS + slot::WORDS + count * note::WORDS;
        let state = Region::create(&backing, &format!("{STATE}{generation}"), words * 8)?;
        let outbox = |index| Outbox::new(directory.to_owned(), format!("{OUTBOX}{generation}-{index}"));
        let (directory, outputs) = (directory.to_owned(), outputs.clone());
        let mut journal = Journal {
            directory,
            generation,
            outputs,
            state,
            sequence: 0,
            outboxes: (0..count).map(outbox).collect(),
            tails: Vec::new(),
        };
        for (index, pending) in pending.iter().enumerate() {
            journal.outboxes[index].is_mid_line = pending.is_mid_line;
            journal.note(index, None);
        }
        let lines: Vec<&[u8]> = pending.iter().map(|pending| &*pending.bytes).collect();
        journal.keep(&lines, tails.iter().copied(), anchor);
        let header = &journal.state.words()[..2];
        header[1].store(VERSION, Ordering::Relaxed);
        header[0].store(MAGIC, Ordering::Release);
        for (older, path) in generations(&journal.directory) {
            if older < generation {
                let _ = fs::remove_file(path);
            }
        }
        Ok(journal)
    }

    /// Goes on for a changed configuration, when it has the same outputs in the same order; false when it has not.
    pub(crate) fn goes_on_for(&mut self, outputs: &Outputs) -> bool {
        let is_same = self.outputs.identities().eq(outputs.identities());
        if is_same && self.outputs != *outputs {
            self.outputs.clone_from(outputs);
            if let Err(error) = describe(&self.directory, self.generation, outputs) {
                report_once(&error);
            }
        }
        is_same
    }

    /// Keeps what is rendered and not yet written, and how far the rings were read for it. Nothing happens where nothing changed.
    ///
    /// `lines`: by output, everything that waits for it.
    pub(crate) fn keep<L: AsRef<[u8]>>(
        &mut self,
        lines: &[L],
        tails: impl Iterator<Item = u64> + Clone,
        anchor: Anchor,
    ) {
        let mut is_new = self.sequence == 0 || !tails.clone().eq(self.tails.iter().copied());
        for (outbox, lines) in self.outboxes.iter_mut().zip(lines) {
            match outbox.keep(lines.as_ref()) {
                Ok(has_grown) => is_new |= has_grown,
                Err(error) => report_once(&error),
            }
        }
        if is_new {
            self.tails.clear();
            self.tails.extend(tails);
            self.sequence += 1;
            let words = &self.state.words()[HEADER_WORDS..];
            Slot::store(words, self.sequence, anchor, &self.outboxes, &self.tails);
        }
    }

    /// Notes that an output has taken `taken` bytes of `lines`, all that wait for it; and where the next ones go.
    pub(crate) fn place(&mut self, index: usize, lines: &[u8], taken: usize, place: Option<FilePlace>) {
        if let Some(outbox) = self.outboxes.get_mut(index) {
            outbox.taken = taken;
            if let Some(last) = taken.checked_sub(1) {
                outbox.is_mid_line = lines.get(last) != Some(&b'\n');
            }
            self.note(index, place);
        }
    }

    /// The bytes that were noted as taken have been removed from what waits.
    pub(crate) fn forget_taken(&mut self, index: usize, taken: usize) {
        if let Some(outbox) = self.outboxes.get_mut(index) {
            outbox.forget(taken);
        }
    }

    fn note(&self, index: usize, place: Option<FilePlace>) {
        let outbox = &self.outboxes[index];
        let words = &self.state.words()[HEADER_WORDS + slot::WORDS + index * note::WORDS..];
        let position = outbox.from() + outbox.taken as u64;
        Note { position, place, is_mid_line: outbox.is_mid_line }.store(words);
    }

    /// True when the output has half of the line that waits first.
    pub(crate) fn is_mid_line(&self, index: usize) -> bool {
        self.outboxes.get(index).is_some_and(|outbox| outbox.is_mid_line)
    }
}

/// Writes down what the outputs are before there is a journal, which the first pass of the reading side begins: a process may be
/// killed before it.
pub(super) fn describe_at_first(directory: &Path, outputs: &Outputs) -> io::Result<()> {
    describe(directory, GENERATION_AT_FIRST, outputs)
}

/// What the outputs of a process were that has left no journal.
pub(super) fn described_at_first(directory: &Path) -> Outputs {
    let text = fs::read_to_string(directory.join(format!("{OUTPUTS}{GENERATION_AT_FIRST}")));
    Outputs::from_text(&text.unwrap_or_default())
}

/// Writes down what the outputs are; all of it or nothing.
fn describe(directory: &Path, generation: u32, outputs: &Outputs) -> io::Result<()> {
    let new = directory.join("outputs-new");
    let mut file = place::open(&new)?;
    file.set_len(0)?;
    file.write_all(outputs.to_text().as_bytes())?;
    fs::rename(new, directory.join(format!("{OUTPUTS}{generation}")))
}

/// Removes what is there of a generation that was begun and never in force.
fn clear(directory: &Path, generation: u32) {
    let (state, outboxes) = (format!("{STATE}{generation}"), format!("{OUTBOX}{generation}-"));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name == state || name.starts_with(&outboxes)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The journals in a directory, the latest first.
fn generations(directory: &Path) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(STATE)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found
}

/// Reads the latest journal of a dead process. `None`: there is none that can be read, so nothing is known but the rings.
///
/// Errors: [`io::ErrorKind::Unsupported`] when it is of another version.
pub(super) fn read(directory: &Path) -> io::Result<Option<Left>> {
    for (generation, path) in generations(directory) {
        let Ok(state) = Region::open(&path) else { continue };
        let words = state.words();
        let load = |at: usize| words.get(at).map_or(0, |word| word.load(Ordering::Acquire));
        if load(0) != MAGIC {
            continue;
        }
        if load(1) != VERSION {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("a journal of version {}", load(1)),
            ));
        }
        let text = fs::read_to_string(directory.join(format!("{OUTPUTS}{generation}"))).unwrap_or_default();
        let described = Outputs::from_text(&text);
        let Some(slot) = words.get(HEADER_WORDS..).and_then(Slot::latest) else { continue };
        let outputs = slot
            .outputs
            .iter()
            .enumerate()
            .map(|(index, kept)| {
                let notes = words.get(HEADER_WORDS + slot::WORDS + index * note::WORDS..).unwrap_or_default();
                let note = Note::latest(notes).unwrap_or_default();
                let name = format!("{OUTBOX}{generation}-{index}");
                let (bytes, missing) = kept.read(directory, &name);
                let taken = usize::try_from(note.position.saturating_sub(kept.from)).unwrap_or(usize::MAX);
                let identity = described.all.get(index).map_or(String::new(), |one| one.identity.clone());
                LeftOutput { identity, taken: taken.min(bytes.len()), bytes, note, missing }
            })
            .collect();
        return Ok(Some(Left { generation, anchor: slot.anchor, tails: slot.tails, outputs, described }));
    }
    Ok(None)
}
