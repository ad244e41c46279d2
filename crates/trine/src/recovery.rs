//! What processes that ended left behind: looked at, and written by hand.
//!
//! Nobody has to: the next start of a service writes what its dead processes have left. This is for a service that does not start
//! again, and for whoever wants to know what it was doing; the command `trine recover` is made of it. See `docs/reliability.md`.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    black_box::{self, LastWords, Outputs},
    collector,
    config::BlackBox,
    encoder::Format,
    setup::{Output, Setup, setup},
    sink::FileSink,
};

/// Events of a thread that are shown.
const LAST_EVENTS: usize = 5;

/// Where processes of this user leave what they could not write, unless something else was said. `None` where there is no such
/// place.
pub fn directory() -> Option<PathBuf> {
    black_box::default_base()
}

/// What one process left, or has open.
#[derive(Debug)]
pub struct Found {
    name: String,
    state: State,
}

#[derive(Debug)]
enum State {
    Runs,
    Ended(black_box::Dead, Box<LastWords>),
    Unreadable(String),
}

/// Looks at everything in a directory. Changes nothing; what dead processes left is held until it is dropped, so that nobody
/// else writes it meanwhile.
///
/// Errors: the directory is not there, or not the user's alone.
pub fn look(directory: &Path) -> io::Result<Vec<Found>> {
    let found = black_box::take_all(directory)?.into_iter().map(|(name, dead)| {
        let state = match dead {
            None => State::Runs,
            Some(dead) => match dead.last_words(LAST_EVENTS) {
                Ok(words) => State::Ended(dead, Box::new(words)),
                Err(error) => State::Unreadable(error.to_string()),
            },
        };
        Found { name, state }
    });
    Ok(found.collect())
}

impl Found {
    /// The service: a program's name, and a number made of the files that it writes.
    pub fn service(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }

    /// The number that the process has, or had.
    pub fn process(&self) -> Option<u32> {
        self.name.split('.').nth(1)?.parse().ok()
    }

    /// True while the process lives: what it has is its own.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Runs)
    }

    /// Why it cannot be read, when it cannot: it is of another version. It stays as it is.
    pub fn trouble(&self) -> Option<&str> {
        match &self.state {
            State::Unreadable(why) => Some(why),
            _ => None,
        }
    }

    /// Events that no output is known to have; zero for a process that runs.
    pub fn unwritten(&self) -> u64 {
        self.words().map_or(0, |words| words.unwritten)
    }

    /// What began and has no end, as the lines of the starts, as far as the rings reach back.
    pub fn open_operations(&self) -> &[String] {
        self.words().map_or(&[], |words| &words.open)
    }

    /// The last events of each thread, by its number, as lines, the oldest first; written ones among them.
    pub fn last_events(&self) -> impl Iterator<Item = (u32, &[String])> {
        let threads = self.words().map_or(&[][..], |words| &words.threads);
        threads.iter().map(|(thread, lines)| (*thread, &lines[..]))
    }

    fn words(&self) -> Option<&LastWords> {
        match &self.state {
            State::Ended(_, words) => Some(words),
            _ => None,
        }
    }

    /// The signal that ended it, in words: `SIGSEGV in thread 4712, at address 0x0, 2026-11-26T04:30:00.123456Z`. `None` where none was
    /// seen: it was killed (SIGKILL, for want of memory), or left without ending (`_exit`, `exec`), or did not note signals.
    pub fn signal(&self) -> Option<&str> {
        self.words()?.signal.as_deref()
    }

    /// What is done to its events that only the program knows, in words: its stages, an encoder of its own. [`Found::write`] to a file of
    /// its own does without it; what stages would have masked or dropped is in that file.
    pub fn only_the_program_knows(&self) -> Vec<String> {
        let Some(LastWords { outputs, .. }) = self.words() else { return Vec::new() };
        let stages = outputs.besides.iter().map(|besides| format!("its {besides}"));
        let own = outputs.all.iter().filter(|output| output.is_of_own_format());
        stages.chain(own.map(|output| format!("its encoder for {}", output.identity))).collect()
    }

    /// Writes what is unwritten to the files that the process wrote to, in their formats, and removes what it left; how many events.
    /// With `to`, to that file instead, as JSON lines at its end: what several outputs had to get comes once for each, and what had
    /// been rendered for one as it was rendered. A file that is made for it is its owner's alone, as what the process left was.
    ///
    /// Secrets are masked as they were by the process: what always is, and by its [`Masks`](crate::mask::Masks). Only the key of its
    /// pseudonyms is not known: texts in which secrets became pseudonyms have others.
    ///
    /// The pipeline of this process is set up for it.
    ///
    /// Errors: the process runs, or is of another version; without `to`, it changed events, or had an output, that is known to the
    /// program alone; a file cannot be written. Then everything stays as it is.
    pub fn write(self, to: Option<&Path>) -> Result<u64, String> {
        let known_alone = self.only_the_program_knows();
        let (dead, words) = match self.state {
            State::Runs => return Err("the process runs".to_owned()),
            State::Unreadable(why) => return Err(why),
            State::Ended(dead, words) => (dead, words),
        };
        let start =
            setup().black_box(BlackBox::Off).level("trace").masks(words.outputs.masks.clone()).force();
        let start = match to {
            Some(path) => {
                make_private(path).map_err(|error| format!("{}: {error}", path.display()))?;
                start.output(Output::file(path).format(Format::Json))
            }
            None if !known_alone.is_empty() => {
                return Err(format!(
                    "only the program knows {}: start it, and it writes them; or have them written to a file of its own",
                    known_alone.join(" and ")
                ));
            }
            None => with_outputs(start, &words.outputs)?,
        };
        // Before the pipeline opens the files: it ends half lines that it finds there.
        let remains = dead.open().map_err(|error| error.to_string())?;
        start.start();
        collector::recover_one(remains, to)
    }
}

/// The outputs that the process had.
fn with_outputs(start: Setup, outputs: &Outputs) -> Result<Setup, String> {
    if outputs.all.is_empty() {
        return Err("where it wrote to is not known: write it to a file of its own".to_owned());
    }
    outputs.all.iter().try_fold(start, |start, output| {
        let path = output.identity.strip_prefix("file:");
        let (Some(path), Ok(format)) = (path, output.format.parse::<Format>()) else {
            return Err(format!(
                "it wrote to {}, as {}: start the program, or write it to a file of its own",
                output.identity, output.format
            ));
        };
        Ok(start.output(Output::to(FileSink::new(path)).format(format).level(&output.levels)))
    })
}

/// Makes a file that is its owner's alone, unless there is one.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
