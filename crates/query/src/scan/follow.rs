//! Files that are still being written: their new lines, across rotation, truncation and new files.
//!
//! ```no_run
//! use std::sync::atomic::AtomicBool;
//! use trine_query::scan::{follow::{Follower, Start}, input::{Options, scan}};
//!
//! let stop = AtomicBool::new(false);
//! let (mut follower, past, troubles) = Follower::new(["logs/"], Start::End);
//! // What is there already, by many threads, and then what comes, without a gap and nothing twice:
//! scan(&past, &Options::default(), || (), |_, block| println!("{} old bytes", block.bytes.len()));
//! follower.run(&stop, |news| news.lines().for_each(|line| println!("{} bytes in {}", line.len(), news.path.display())));
//! ```
//!
//! # How soon?
//! It polls: every [`POLL`], each file is asked whether it grew, which costs two system calls a file. New files are found within
//! [`DISCOVERY`], files that take another's place within a poll. Notification by the kernel would be sooner, and has no answer for network drives and
//! overflowing queues but to poll.
//!
//! # What is followed?
//! Of every log the youngest file, and all that appear later, from their begin. A file that was renamed is read on until it has been
//! quiet for [`QUIET`]: its writer may not have been told yet. A file that became shorter, or whose bytes before our place are others
//! now, was truncated, and is read from its begin. Compressed files are not followed: their lines were plain before. A line is given
//! out once its line feed is there; the rest of a file without one when the file is left.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use self::tail::{Identity, Tail};
use super::input::{Input, Lines, Trouble, TroubleKind};

mod tail;

/// Time between two looks: short for an eye, long for a machine. What is written is seen within a tenth of a second, with time to spare for
/// showing it.
pub const POLL: Duration = Duration::from_millis(50);
/// Time between two looks for new files: listing a folder costs more than asking a file.
pub const DISCOVERY: Duration = Duration::from_secs(1);
/// How long a file that lost its name is read on after its last line.
pub const QUIET: Duration = Duration::from_secs(30);
/// Most files that are followed at once, each an open file: half of what a process has by default.
pub const FILES_MAX: usize = 512;
/// Most bytes of one file that are read before the next file has its turn.
const TURN_BYTES: usize = 16 << 20;

/// Where to begin with the files that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the lines that come: what is there is given as an input for a scan. A line that is half there is among those that come.
    End,
    /// With what is there: the youngest file of every log, from its begin.
    Begin,
}

/// New lines of one file.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// The file, as it was called when it was found.
    pub path: &'a Path,
    /// Whole lines; the last one may lack its line feed when the file is left.
    pub bytes: &'a [u8],
}

/// What a look saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Bytes that were given out.
    pub bytes: u64,
    /// Whether there is more already: look again at once.
    pub has_more: bool,
    /// What went wrong.
    pub troubles: Vec<Trouble>,
}

/// Follows files.
#[derive(Debug)]
pub struct Follower {
    arguments: Vec<String>,
    tails: Vec<Tail>,
    /// Files that are or were followed, or were old when we began.
    known: HashSet<Identity>,
    discover_at: Duration,
    /// Until then every look is one for new files too: one of ours was moved, and another will take its place.
    eager_until: Duration,
    buffer: Vec<u8>,
}

impl<'a> News<'a> {
    /// The lines, without their line feeds; empty ones too.
    pub fn lines(self) -> Lines<'a> {
        Lines::of(self.bytes)
    }
}

impl Follower {
    /// Follows what the arguments name, as [`Input::find`] reads them, now and later: a file need not exist yet. The standard
    /// input is not followed, as a scan does not end before it does.
    ///
    /// Shape: the follower; an input of what is there already (empty for [`Start::Begin`]), of which the follower gives nothing;
    /// troubles.
    pub fn new<A: AsRef<str>>(
        arguments: impl IntoIterator<Item = A>,
        start: Start,
    ) -> (Follower, Input, Vec<Trouble>) {
        let arguments: Vec<String> =
            arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let (input, mut troubles) = Input::find(&arguments);
        let mut follower = Follower {
            arguments,
            tails: Vec::new(),
            known: HashSet::new(),
            discover_at: DISCOVERY,
            eager_until: Duration::ZERO,
            buffer: Vec::new(),
        };
        let mut past = Vec::new();
        let mut files = input.into_files().peekable();
        while let Some(file) = files.next() {
            let is_youngest = files.peek().is_none_or(|next| next.log != file.log);
            if is_youngest && !file.is_packed {
                match follower.open(&file.path, start, Duration::ZERO) {
                    Ok(Some((handle, end))) => past.push((file.path, Some((handle, end)))),
                    Ok(None) => {}
                    Err(trouble) => {
                        troubles.push(trouble);
                        past.push((file.path, None));
                    }
                }
            } else {
                follower.known.extend(Identity::of_path(&file.path));
                past.push((file.path, None));
            }
        }
        if start == Start::Begin {
            past.clear();
        }
        (follower, Input::past(past), troubles)
    }

    /// Opens a file that is not known yet; the handle, and up to where it is read by others.
    fn open(
        &mut self,
        path: &Path,
        start: Start,
        now: Duration,
    ) -> Result<Option<(Arc<fs::File>, u64)>, Trouble> {
        let fail = |error| Trouble::new(path.display().to_string(), TroubleKind::Unreadable, Some(error));
        let file = fs::File::open(path).map_err(fail)?;
        let meta = file.metadata().map_err(fail)?;
        let identity = Identity::of(&meta);
        if !meta.is_file() || !self.known.insert(identity) {
            return Ok(None);
        }
        if self.tails.len() >= FILES_MAX {
            return Err(Trouble::new(path.display().to_string(), TroubleKind::TooManyFollowed, None));
        }
        let tail = Tail::new(path.to_owned(), file, identity, start, now).map_err(fail)?;
        let opened = (tail.handle(), tail.offset());
        self.tails.push(tail);
        Ok(Some(opened))
    }

    /// Looks once at every file, and gives out what is new. `now` is any clock that does not go back; the first look should be at zero.
    ///
    /// Shape: of one file lines come in order; those of a file that takes another's place after that one's.
    pub fn look(&mut self, now: Duration, mut each: impl FnMut(News<'_>)) -> Seen {
        let mut seen = Seen::default();
        let mut has_moved = false;
        for tail in &mut self.tails {
            has_moved |= tail.check_name(now);
        }
        // The ends of what lost its name come before the begin of what took its place.
        self.read(now, &mut seen, &mut each);
        if has_moved {
            self.eager_until = now + DISCOVERY;
        }
        if now < self.eager_until || now >= self.discover_at {
            self.discover_at = now + DISCOVERY;
            let before = self.tails.len();
            self.discover(now, &mut seen);
            if self.tails.len() > before {
                self.read(now, &mut seen, &mut each);
            }
        }
        self.tails.retain_mut(|tail| {
            let is_over = tail.is_over(now);
            if is_over {
                tail.rest(|news| give(news, &mut seen, &mut each));
            }
            !is_over
        });
        seen
    }

    fn read(&mut self, now: Duration, seen: &mut Seen, each: &mut impl FnMut(News<'_>)) {
        for tail in &mut self.tails {
            match tail.read(now, TURN_BYTES, &mut self.buffer, |news| give(news, seen, each)) {
                Ok(has_more) => seen.has_more |= has_more,
                Err(error) => seen.troubles.push(Trouble::new(
                    tail.path().display().to_string(),
                    TroubleKind::Unreadable,
                    Some(error),
                )),
            }
            if let Some(lines) = tail.take_long_lines() {
                let kind = TroubleKind::LongLines(lines);
                seen.troubles.push(Trouble::new(tail.path().display().to_string(), kind, None));
            }
        }
    }

    /// Finds files that are not known yet, oldest first: those that take another's place, those that were closed between two looks, new
    /// ones.
    fn discover(&mut self, now: Duration, seen: &mut Seen) {
        let (input, _) = Input::find(&self.arguments);
        let mut present = HashSet::new();
        for file in input.into_files() {
            let Some(identity) = Identity::of_path(&file.path) else { continue };
            present.insert(identity);
            if !file.is_packed && !self.known.contains(&identity) {
                match self.open(&file.path, Start::Begin, now) {
                    // It may have gone between being listed and being opened.
                    Err(trouble)
                        if trouble.cause.as_ref().map(io::Error::kind) == Some(io::ErrorKind::NotFound) => {}
                    Err(trouble) => seen.troubles.push(trouble),
                    Ok(_) => {}
                }
            }
        }
        // Those that are gone are forgotten, as the system may give their number to a new file; not those that are held open.
        self.known.retain(|identity| {
            present.contains(identity) || self.tails.iter().any(|tail| tail.identity() == *identity)
        });
    }

    /// Looks again and again until `stop` is true, which is noticed within [`POLL`].
    ///
    /// Errors: nothing is fatal; what was met, at most [`TROUBLES_MAX`] of it, is returned at the end. Who wants to show it at once,
    /// or to do something between two looks, writes this loop with [`Follower::look`].
    pub fn run(&mut self, stop: &AtomicBool, mut each: impl FnMut(News<'_>)) -> Vec<Trouble> {
        let begin = Instant::now();
        let mut troubles = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let mut seen = self.look(begin.elapsed(), &mut each);
            troubles.append(&mut seen.troubles);
            troubles.truncate(TROUBLES_MAX);
            if !seen.has_more {
                thread::sleep(POLL);
            }
        }
        troubles
    }

    /// The files that are followed, by the names under which they were found.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.tails.iter().map(Tail::path)
    }
}

/// Most troubles that [`Follower::run`] keeps: a file that cannot be read fails at every look.
pub const TROUBLES_MAX: usize = 1_000;

fn give(news: News<'_>, seen: &mut Seen, each: &mut impl FnMut(News<'_>)) {
    if !news.bytes.is_empty() {
        seen.bytes += news.bytes.len() as u64;
        each(news);
    }
}

/// A file of the past: read whole, or up to where the follower begins.
pub(super) type Past = (PathBuf, Option<(Arc<fs::File>, u64)>);
