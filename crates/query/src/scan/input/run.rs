//! The scan: workers, blocks, and what they found.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use memchr::memchr;

use super::{
    BLOCK_BYTES, Input, LINE_BYTES_MAX,
    dispense::Dispenser,
    span::TimeRange,
    trouble::Trouble,
    turns::{Turns, Watch},
};

/// Some whole lines of one source.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The lines. Each ends in a line feed, but for the last of its source, which may lack it.
    pub bytes: &'a [u8],
    /// Where the block belongs.
    pub order: Order,
    /// At which byte of a plain file it begins; `None` for a stream, a compressed file.
    pub offset: Option<u64>,
}

/// Where a block belongs among all of a scan: blocks sorted by it give the lines in the order of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// A place in [`Input::sources`].
    pub source: u32,
    pub(super) part: u64,
    pub(super) block: u64,
}

/// How to scan.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Workers, at least one. With one, it is the caller. Default: as many as there are cores.
    pub threads: usize,
    /// Bytes of a block. Default [`BLOCK_BYTES`].
    pub block_bytes: usize,
    /// Longest line; longer ones are left out and counted. Default [`LINE_BYTES_MAX`].
    pub line_bytes_max: usize,
    /// Files whose lines are all outside are not read: whoever asks still looks at the time of each line. Default: none.
    pub range: Option<TimeRange>,
    /// Ends the scan early, as soon as it is true: each worker ends with its block. May be set by the fold.
    pub stop: Option<&'a AtomicBool>,
    /// Tells others how far the scan is.
    pub progress: Option<&'a Progress>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            threads: thread::available_parallelism().map_or(1, usize::from),
            block_bytes: BLOCK_BYTES,
            line_bytes_max: LINE_BYTES_MAX,
            range: None,
            stop: None,
            progress: None,
        }
    }
}

/// How far a scan is; read by another thread.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) done: AtomicU64,
    pub(super) total: AtomicU64,
}

impl Progress {
    /// Bytes that were read, as they lie on the disk; of a stream, those that came.
    pub fn done_bytes(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes of all files. Of streams nothing is known, so `done` may be more.
    pub fn total_bytes(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

/// What a scan gives.
#[derive(Debug)]
pub struct Outcome<S> {
    /// What each worker gathered: to be merged.
    pub states: Vec<S>,
    /// What was read, and what was not.
    pub report: Report,
}

/// What was read, and what was not.
#[derive(Debug, Default)]
pub struct Report {
    /// By source, in the order of the input.
    pub troubles: Vec<Trouble>,
    /// Bytes that were read, as they lie on the disk.
    pub bytes: u64,
    /// Files that were not read because their lines are outside the range of time.
    pub sources_skipped: usize,
    /// Whether the scan was stopped before its end.
    pub is_partial: bool,
}

/// Reads the input with many threads: each begins a state of its own with `begin`, and folds into it the blocks that it reads.
///
/// Shape: blocks come in any order, each once, each a number of whole lines, never empty.
/// Errors: in [`Outcome::report`]; nothing is fatal.
/// Panics: when `fold` does.
pub fn scan<S, B, F>(input: &Input, options: &Options<'_>, begin: B, fold: F) -> Outcome<S>
where
    S: Send,
    B: Fn() -> S + Sync,
    F: Fn(&mut S, Block<'_>) + Sync,
{
    run(input, options, None, begin, fold)
}

/// As [`scan`], and gives what comes of each block on in the order of the input: `look` says what that is and how many bytes it
/// takes, `give` gets it, one at a time. Of what is ahead of its turn some is held, [`super::WAITING_BYTES_MAX`], before its worker waits.
///
/// Errors, Panics: as [`scan`]; also when `give` does.
pub fn scan_in_order<S, T, B, L, G>(
    input: &Input,
    options: &Options<'_>,
    begin: B,
    look: L,
    give: G,
) -> Outcome<S>
where
    S: Send,
    T: Send,
    B: Fn() -> S + Sync,
    L: Fn(&mut S, Block<'_>) -> (T, usize) + Sync,
    G: FnMut(T) + Send,
{
    let turns = Turns::new(options.stop, give);
    run(input, options, Some(&turns), begin, |state, block| {
        let (result, bytes) = look(state, block);
        turns.put(block.order, result, bytes);
    })
}

fn run<S, B, F>(
    input: &Input,
    options: &Options<'_>,
    watch: Option<&dyn Watch>,
    begin: B,
    fold: F,
) -> Outcome<S>
where
    S: Send,
    B: Fn() -> S + Sync,
    F: Fn(&mut S, Block<'_>) + Sync,
{
    if let Some(progress) = options.progress {
        progress.total.store(input.bytes(), Ordering::Relaxed);
    }
    let dispenser = Dispenser::new(input, options, watch);
    let work = || {
        let mut state = begin();
        dispenser.work(&mut |block| fold(&mut state, block));
        state
    };
    let states = match options.threads {
        0 | 1 => vec![work()],
        threads => thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut states = vec![work()];
            for other in others {
                match other.join() {
                    Ok(state) => states.push(state),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            states
        }),
    };
    Outcome { states, report: dispenser.finish() }
}

impl Order {
    /// The n-th block of the first source.
    pub const fn nth(block: u64) -> Order {
        Order { source: 0, part: 0, block }
    }
}

impl<'a> Block<'a> {
    /// The lines, without their line feeds; empty ones too.
    pub fn lines(self) -> Lines<'a> {
        Lines::of(self.bytes)
    }
}

/// The lines of a block.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    /// The lines of any bytes, without their line feeds; empty ones too, but none behind the last line feed.
    pub fn of(bytes: &'a [u8]) -> Lines<'a> {
        Lines { rest: bytes }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest);
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}
