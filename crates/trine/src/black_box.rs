//! What outlives the process: rings, the table of callsites and the journal of the outputs, as files in a directory of its own.
//!
//! The directory lies in that of the user, `/dev/shm/trine-UID` unless something else is said, and is called after the service
//! and the process: `shop-0123456789abcdef.4711.89abcdef`. The process holds a lock on the file `owner` in it: whoever gets that
//! lock knows that the process is dead, whatever has become of its number.
//!
//! **Invariant:** nothing here makes an event wait or fail. What cannot be had is said once, and memory is private.

mod journal;
mod last_words;
mod mark;
mod outbox;
mod place;
mod remains;
mod tail;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use trine_model::key;
use trine_ring::{Backing, fatal};

use self::place::Place;
pub(crate) use self::{
    journal::{Journal, Outputs, Pending},
    last_words::LastWords,
    remains::{Remains, append},
};
use crate::{
    config::BlackBox,
    health, lock,
    pipeline::{Config, Pipe},
};

/// Where shared memory is a file system.
#[cfg(unix)]
const SHARED_MEMORY: &str = "/dev/shm";
/// What the file is called in which the signal is noted that ends the process.
const END: &str = "end";
/// Most characters of the program's name in that of the directory.
const NAME_CHARS_MAX: usize = 48;

static STATE: Mutex<State> = Mutex::new(State::Unknown);
/// It is open: the reading side asks in each pass.
static IS_OPEN: AtomicBool = AtomicBool::new(false);

/// Fatal signals are noted.
static NOTES_SIGNALS: AtomicBool = AtomicBool::new(true);

/// What has become of it.
#[derive(Debug)]
enum State {
    /// Nothing was started yet.
    Unknown,
    /// It is off, or cannot be had.
    Off,
    /// It is made when the first callsite or ring needs it.
    Wanted(Wanted),
    Open(Wanted, Place),
}

/// Where it lies, or will.
#[derive(Clone, Debug)]
struct Wanted {
    base: PathBuf,
    service: String,
    /// What is written to, for whoever comes before the journal has begun.
    outputs: Outputs,
}

/// Says where it lies. The first start decides: rings stay where they are.
pub(crate) fn configure(said: Option<BlackBox>, is_inline: bool, config: &Config) {
    let mut state = lock(&STATE);
    match &mut *state {
        State::Unknown => {}
        State::Wanted(wanted) => return wanted.outputs = Outputs::of(config),
        State::Off | State::Open(..) => return,
    }
    let base = match said {
        Some(BlackBox::Off) => None,
        Some(BlackBox::Directory(base)) => Some(std::path::absolute(&base).unwrap_or(base)),
        None => default_base(),
    };
    *state = match base {
        // Callers that deliver by themselves leave nothing behind.
        Some(base) if !is_inline => {
            State::Wanted(Wanted { base, service: service(&config.pipes), outputs: Outputs::of(config) })
        }
        _ => State::Off,
    };
}

#[cfg(unix)]
pub(crate) fn default_base() -> Option<PathBuf> {
    let user = trine_ring::process::user_id();
    Path::new(SHARED_MEMORY).is_dir().then(|| Path::new(SHARED_MEMORY).join(format!("trine-{user}")))
}

#[cfg(not(unix))]
pub(crate) fn default_base() -> Option<PathBuf> {
    None
}

/// What the service is called: the program's name, and a number made of the files it writes; of its path, where it writes none.
///
/// So another version of a program goes on with the events of this one, and a program of the same name that writes elsewhere
/// does not.
fn service(pipes: &[Pipe]) -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let mut places: Vec<String> = pipes.iter().filter(|pipe| pipe.sink.is_file()).map(identity_of).collect();
    places.sort();
    if places.is_empty() {
        places.push(program.to_string_lossy().into_owned());
    }
    let name = program.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name: String = name.chars().take(NAME_CHARS_MAX).map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{name}-{:016x}", key::hash(&places.join("\n")))
}

/// What a sink calls itself, with a path that does not depend on the working directory.
fn identity(described: &str) -> String {
    match described.strip_prefix("file:") {
        Some(path) => {
            let path = Path::new(path);
            format!("file:{}", std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display())
        }
        None => described.to_owned(),
    }
}

/// Says whether fatal signals are to be noted. Before it is made; handlers that are set stay.
pub(crate) fn note_signals(wanted: bool) {
    NOTES_SIGNALS.store(wanted, Ordering::Relaxed);
}

/// Where a ring or a table is to be made.
pub(crate) fn backing() -> Backing {
    let mut state = lock(&STATE);
    if let State::Wanted(wanted) = &*state {
        *state = match Place::create(&wanted.base, &wanted.service) {
            Ok(place) => {
                if let Err(error) = journal::describe_at_first(place.path(), &wanted.outputs) {
                    report_once(&error);
                }
                let backing = Backing::Directory(place.path().to_owned());
                if NOTES_SIGNALS.load(Ordering::Relaxed)
                    && let Err(error) = fatal::note_in(&backing, END)
                {
                    health::report(format_args!(
                        "the signal that may end the process cannot be noted: {error}"
                    ));
                }
                IS_OPEN.store(true, Ordering::Relaxed);
                State::Open(wanted.clone(), place)
            }
            Err(error) => {
                report_once(&error);
                State::Off
            }
        };
    }
    match &*state {
        State::Open(_, place) => Backing::Directory(place.path().to_owned()),
        _ => Backing::Memfd,
    }
}

/// True when there is one.
pub(crate) fn is_open() -> bool {
    IS_OPEN.load(Ordering::Relaxed)
}

/// A journal cannot be had: none is tried again.
pub(crate) fn give_up_journal(error: &dyn fmt::Display) {
    IS_OPEN.store(false, Ordering::Relaxed);
    report_once(error);
}

/// Where it lies, once it does.
pub(crate) fn directory() -> Option<PathBuf> {
    match &*lock(&STATE) {
        State::Open(_, place) => Some(place.path().to_owned()),
        _ => None,
    }
}

/// What dead processes of the service have left, the oldest first; what cannot be had is said.
pub(crate) fn take_remains() -> Vec<Remains> {
    let wanted = match &*lock(&STATE) {
        State::Wanted(wanted) | State::Open(wanted, _) => wanted.clone(),
        State::Unknown | State::Off => return Vec::new(),
    };
    let places = Place::take_dead(&wanted.base, &wanted.service);
    let open = |place: Place| {
        let directory = place.path().to_owned();
        Remains::open(place).inspect_err(|error| report_kept(&directory, error)).ok()
    };
    places.into_iter().filter_map(open).collect()
}

/// A dead process's directory, held.
#[derive(Debug)]
pub(crate) struct Dead(Place);

impl Dead {
    pub(crate) fn last_words(&self, last: usize) -> io::Result<LastWords> {
        last_words::read(self.0.path(), last)
    }

    pub(crate) fn open(self) -> io::Result<Remains> {
        Remains::open(self.0)
    }
}

/// All that is in a directory, by name; `None` for what a living process has.
pub(crate) fn take_all(base: &Path) -> io::Result<Vec<(String, Option<Dead>)>> {
    let found = Place::take_all(base)?;
    Ok(found.into_iter().map(|(name, place)| (name, place.map(Dead))).collect())
}

/// Says why something is left where it is.
pub(crate) fn report_kept(directory: &Path, why: &dyn fmt::Display) {
    health::report(format_args!("{} is kept for another start: {why}", directory.display()));
}

/// "process 4711 had not written when it ended", and by which signal, where that is known.
pub(crate) fn how_it_ended(directory: &Path) -> String {
    let process = last_words::process_of(directory);
    let number = process.map_or_else(|| "?".to_owned(), |process| process.to_string());
    match fatal::Fatal::read(&directory.join(END)) {
        None => format!("process {number} had not written when it ended"),
        Some(fatal) => {
            let signal = last_words::in_words(&fatal, process);
            format!("process {number} had not written when it was ended by {signal}")
        }
    }
}

/// All of it is written: removes it, or keeps apart what could not be read.
pub(crate) fn finish(remains: Remains) {
    let Remains { place, rings, damaged, .. } = remains;
    drop(rings);
    if damaged.is_empty() {
        return place.remove();
    }
    health::report(format_args!("{}: not all could be read: {}", place.path().display(), damaged.join("; ")));
    place.set_aside();
}

/// What an output is called in a journal.
pub(crate) fn identity_of(pipe: &Pipe) -> String {
    identity(&pipe.sink.describe())
}

/// Says once what is missing.
pub(crate) fn report_once(error: &dyn fmt::Display) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        health::report(format_args!(
            "no black box for all events: {error}; should the process be killed, those not written yet are lost"
        ));
    }
}

/// The process ends; `is_written`: with everything written. What is left stays, unless nothing could be stored there.
pub(crate) fn leave(is_written: bool) {
    let holds_something = |place: &Place| remains::holds_something(place.path());
    if !is_written && matches!(&*lock(&STATE), State::Open(_, place) if holds_something(place)) {
        return;
    }
    IS_OPEN.store(false, Ordering::Relaxed);
    if let State::Open(_, place) = std::mem::replace(&mut *lock(&STATE), State::Off) {
        place.remove();
    }
}

/// In the child of a fork: the directory is the parent's. The child's own is made when it is needed.
pub(crate) fn forget() {
    fatal::forget();
    let mut state = lock(&STATE);
    if let State::Open(wanted, _) = &*state {
        // Its copy of the descriptor is closed, so that the parent's death frees the lock.
        *state = State::Wanted(wanted.clone());
        IS_OPEN.store(false, Ordering::Relaxed);
    }
}

/// Holds it still over a fork.
pub(crate) fn hold_for_fork() -> Box<dyn std::any::Any> {
    Box::new(lock(&STATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_same_from_everywhere() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(identity("file:logs/app.jsonl"), format!("file:{}/logs/app.jsonl", here.display()));
        assert_eq!(identity("stdout"), "stdout");
    }
}
