//! Where the lines come from: files, folders, globs and pipes, plain or compressed, read by many threads at once.
//!
//! ```no_run
//! use trine_query::scan::input::{Input, Options, scan};
//!
//! let (input, troubles) = Input::find(["logs/", "old/*.zst", "-"]);
//! let outcome = scan(&input, &Options::default(), || 0_u64, |lines, block| *lines += block.lines().count() as u64);
//! println!("{} lines", outcome.states.iter().sum::<u64>());
//! for trouble in troubles.iter().chain(&outcome.report.troubles) {
//!     eprintln!("{trouble}");
//! }
//! ```
//!
//! # Who reads what?
//! Every worker reads for itself, so that there is no reader that the others wait for, and no block changes hands. A plain file is
//! handed out in ranges of [`BLOCK_BYTES`]: a line belongs to the range in which it begins. A zstd file of several frames is handed
//! out in runs of frames. A stream (gzip, one zstd frame, a pipe) belongs to the worker that opened it; those that find nothing else
//! to do look at what it decoded, while it goes on decoding. In memory are one block per worker, and two per helper.
//!
//! Files are read, not mapped: a mapped file that gets shorter kills the process, and its pages cost as much as the copy, if that goes to
//! where the system copies fast. A block stays in the core's cache between being read and being searched.
//!
//! # In which order do blocks come?
//! In any. [`Block::order`] says where a block belongs: sort by it, and lines are as in the files, one file after the other,
//! rotated files oldest first. [`scan_in_order`] gives on what comes of them in that order.
//!
//! # What goes wrong?
//! Nothing is fatal: a file that cannot be read or ends too early, a line longer than [`LINE_BYTES_MAX`] is in the [`Report`], with
//! its path, and the rest is read.

use std::{
    fs,
    io::Read,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use self::rotation::Place;
use super::follow::Past;

mod cut;
mod dispense;
mod find;
mod form;
mod frames;
mod range;
mod rotation;
mod run;
mod seams;
mod shared;
mod span;
mod trouble;
mod turns;

pub(super) use self::range::fill_at;
pub use self::{
    find::SOURCES_MAX,
    run::{Block, Lines, Options, Order, Outcome, Progress, Report, scan, scan_in_order},
    span::{SLACK_NS, TimeRange, time_of},
    trouble::{Trouble, TroubleKind},
    turns::WAITING_BYTES_MAX,
};

/// Bytes that a worker reads at a time. Fewer would fit a core's own cache better, but the system copies out of its pages the faster
/// the more it is asked for: two threads ask questions 5 % faster than with 256 KiB, and no faster with 2 MiB (Zen 4).
pub const BLOCK_BYTES: usize = 1 << 20;

/// Bytes of a run of zstd frames that are decoded at a time: they are searched by who has decoded them, out of the core's own cache, which
/// they share with the decoder's window and tables. A mebibyte takes a tenth longer (Zen 5); of a stream, whose blocks are handed to
/// other cores, it is the other way around.
const FRAME_BLOCK_BYTES: usize = 256 << 10;

/// Longest line that is read. A worker must hold a line in memory; what is longer is counted, and left out.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// The sources of one question, in the order of their lines.
#[derive(Debug, Default)]
pub struct Input {
    sources: Vec<Source>,
}

/// One file or stream.
#[derive(Debug)]
pub struct Source {
    name: String,
    origin: Origin,
}

/// A file, and what its name says.
pub(super) struct Named {
    pub(super) path: PathBuf,
    /// The file of its log that is written to.
    pub(super) log: PathBuf,
    pub(super) is_packed: bool,
}

enum Origin {
    File(PathBuf),
    /// A plain file of which this is read; what comes later is a follower's.
    Part(PathBuf, Arc<fs::File>, Range<u64>),
    Stdin,
    /// Anything else; taken by the first scan.
    Reader(Mutex<Option<Box<dyn Read + Send>>>),
}

impl Input {
    /// Finds what the arguments of a command line mean, and brings it into order.
    ///
    /// A file is taken whatever it is called. Of a folder those below it are taken that are called `*.jsonl`, `*.ndjson`, `*.json`
    /// or `*.log`, rotated (`app.2026-11-23T10-00-00-000.jsonl`, `app.log.1`, `app.log-20251024`) and compressed (`.gz`, `.zst`) or
    /// not; hidden ones and links to folders are not. What does not exist and has `*`, `?` or `[` in it is a glob. `-` is the
    /// standard input.
    ///
    /// Folders come in the order in which they were named, their logs by name, of a log the oldest file first. A file that is found
    /// twice is read once; of a closed file that is there both plain and compressed, the plain one.
    ///
    /// Errors: those that were met, beside the input of all the others: no such file (with the nearest name), nothing in a folder,
    /// no right to read it.
    pub fn find<A: AsRef<str>>(arguments: impl IntoIterator<Item = A>) -> (Input, Vec<Trouble>) {
        let mut found = find::Found::default();
        arguments.into_iter().for_each(|argument| found.argument(argument.as_ref()));
        found.finish()
    }

    /// These files, in this order.
    pub fn files(paths: impl IntoIterator<Item = PathBuf>) -> Input {
        let sources = paths
            .into_iter()
            .map(|path| Source { name: path.display().to_string(), origin: Origin::File(path) });
        Input { sources: sources.collect() }
    }

    /// The files of a follower: whole, or up to where it begins.
    pub(super) fn past(files: Vec<Past>) -> Input {
        let sources = files.into_iter().map(|(path, part)| Source {
            name: path.display().to_string(),
            origin: match part {
                Some((file, end)) => Origin::Part(path, file, 0..end),
                None => Origin::File(path),
            },
        });
        Input { sources: sources.collect() }
    }

    /// A follower's past, log by log: each ends with the file that is still written to; what comes behind the last of those is one as well.
    pub fn logs(&self) -> Vec<Input> {
        let mut logs = vec![Input::default()];
        for Source { name, origin } in &self.sources {
            let (origin, is_youngest) = match origin {
                Origin::File(path) => (Origin::File(path.clone()), false),
                Origin::Part(path, file, part) => {
                    (Origin::Part(path.clone(), Arc::clone(file), part.clone()), true)
                }
                // A stream has no past.
                Origin::Stdin | Origin::Reader(_) => continue,
            };
            if let Some(log) = logs.last_mut() {
                log.sources.push(Source { name: name.clone(), origin });
            }
            if is_youngest {
                logs.push(Input::default());
            }
        }
        logs.retain(|log| !log.sources.is_empty());
        logs
    }

    /// The lines that begin in the last so many bytes of a log that is still written to; `None` where that is all, or the end cannot be read by
    /// itself.
    pub fn last(&self, bytes: u64) -> Option<Input> {
        let Source { name, origin: Origin::Part(path, file, part) } = self.sources.last()? else {
            return None;
        };
        let begin = part.end.checked_sub(bytes).filter(|begin| *begin > part.start)?;
        let origin = Origin::Part(path.clone(), Arc::clone(file), begin..part.end);
        Some(Input { sources: vec![Source { name: name.clone(), origin }] })
    }

    /// The files, and what their names say.
    pub(super) fn into_files(self) -> impl Iterator<Item = Named> {
        self.sources.into_iter().filter_map(|source| match source.origin {
            Origin::File(path) => {
                let place = Place::of(&path.file_name().unwrap_or_default().to_string_lossy());
                let log = path.with_file_name(place.log);
                Some(Named { path, log, is_packed: place.is_packed })
            }
            _ => None,
        })
    }

    /// One stream of lines, plain or compressed. It is read by the first scan; later ones find it empty.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Input {
        let origin = Origin::Reader(Mutex::new(Some(Box::new(reader))));
        Input { sources: vec![Source { name: name.into(), origin }] }
    }

    /// The sources, in the order of their lines. [`Order::source`] is a place in this list.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Bytes of all files as they lie on the disk, compressed or not; streams count as none.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().map(Source::bytes).sum()
    }
}

impl Source {
    /// What it is called: the path as it was given or found, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its path, where it is a file.
    pub fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) | Origin::Part(path, ..) => Some(path),
            Origin::Stdin | Origin::Reader(_) => None,
        }
    }

    fn bytes(&self) -> u64 {
        if let Origin::Part(_, _, part) = &self.origin {
            return part.end - part.start;
        }
        self.path()
            .and_then(|path| fs::metadata(path).ok())
            .filter(fs::Metadata::is_file)
            .map_or(0, |meta| meta.len())
    }

    /// The first lines, at most so many bytes of them (decompressed), to see what format they have. Empty for a stream, which could
    /// not be read again.
    pub fn head(&self, bytes: usize) -> Vec<u8> {
        let Some(path) = self.path().filter(|path| path.is_file()) else { return Vec::new() };
        span::head(path, bytes).unwrap_or_default()
    }
}

impl Origin {
    fn take_reader(&self) -> Option<Box<dyn Read + Send>> {
        match self {
            Origin::Reader(reader) => reader.lock().unwrap_or_else(PoisonError::into_inner).take(),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::File(path) => f.debug_tuple("File").field(path).finish(),
            Origin::Part(path, _, end) => f.debug_tuple("Part").field(path).field(end).finish(),
            Origin::Stdin => f.write_str("Stdin"),
            Origin::Reader(_) => f.write_str("Reader"),
        }
    }
}
