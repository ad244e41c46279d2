//! What outlives the process: rings, the table of callsites and the journal of the outputs, as files in a directory of its own.
//!
//! The directory lies in one of the user's and is called after the service
//! and the process: `shop-0123456789abcdef.4711.89abcdef`. The process holds a lock on the file `owner` in it: whoever gets that
//! lock knows that the process is dead, whatever has become of its number.
//!
//! **Invariant:** nothing here makes an event wait or fail. What cannot be had is said once, and memory is private.

mod place;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use trine_model::key;
use trine_ring::Backing;

use self::place::Place;
use crate::{config::BlackBox, health, lock, pipeline::Pipe};

/// Most characters of the program's name in that of the directory.
const NAME_CHARS_MAX: usize = 48;

static STATE: Mutex<State> = Mutex::new(State::Unknown);

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
}

/// Says where it lies. The first start decides: rings stay where they are.
pub(crate) fn configure(said: Option<BlackBox>, is_inline: bool, pipes: &[Pipe]) {
    let mut state = lock(&STATE);
    if !matches!(*state, State::Unknown) {
        return;
    }
    let base = match said {
        None | Some(BlackBox::Off) => None,
        Some(BlackBox::Directory(base)) => Some(std::path::absolute(&base).unwrap_or(base)),
    };
    *state = match base {
        // Callers that deliver by themselves leave nothing behind.
        Some(base) if !is_inline => State::Wanted(Wanted { base, service: service(pipes) }),
        _ => State::Off,
    };
}

/// What the service is called: the program's name, and a number made of the files it writes; of its path, where it writes none.
///
/// So another version of a program goes on with the events of this one, and a program of the same name that writes elsewhere
/// does not.
fn service(pipes: &[Pipe]) -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let mut places: Vec<String> =
        pipes.iter().filter(|pipe| pipe.sink.is_file()).map(|pipe| identity(&pipe.sink.describe())).collect();
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

/// Where a ring or a table is to be made.
pub(crate) fn backing() -> Backing {
    let mut state = lock(&STATE);
    if let State::Wanted(wanted) = &*state {
        *state = match Place::create(&wanted.base, &wanted.service) {
            Ok(place) => State::Open(wanted.clone(), place),
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

/// Says once what is missing.
pub(crate) fn report_once(error: &dyn fmt::Display) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        health::report(format_args!(
            "no black box for all events: {error}; should the process be killed, those not written yet are lost"
        ));
    }
}

/// The process ends, and everything is written.
pub(crate) fn leave() {
    if let State::Open(_, place) = std::mem::replace(&mut *lock(&STATE), State::Off) {
        place.remove();
    }
}

/// In the child of a fork: the directory is the parent's. The child's own is made when it is needed.
pub(crate) fn forget() {
    let mut state = lock(&STATE);
    if let State::Open(wanted, _) = &*state {
        // Its copy of the descriptor is closed, so that the parent's death frees the lock.
        *state = State::Wanted(wanted.clone());
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
