//! What a dead process was doing: what was begun and not ended, and the last events of each thread.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
};

use trine_model::{NameParts, Role};
use trine_ring::{
    Remains,
    fatal::Fatal,
    record::{Record, ValueRef},
};

use super::{
    END,
    journal::{self, Outputs},
    remains::{note_damage, numbered, read_sites},
};
use crate::{
    callsite::Callsite,
    civil::Stamp,
    clock::Timeline,
    encoder::{Encoder, Json},
    event::EventRef,
    masks::Masking,
};

/// The field that ties the events of one run together.
const RUN: &str = "operation_id";

/// What can be said of a dead process without changing anything.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    /// Events that no output is known to have.
    pub(crate) unwritten: u64,
    pub(crate) outputs: Outputs,
    /// The signal that ended it, in words.
    pub(crate) signal: Option<String>,
    /// By thread: the last events as lines, the oldest first.
    pub(crate) threads: Vec<(u32, Vec<String>)>,
    /// The starts, as lines, of what has no end.
    pub(crate) open: Vec<String>,
    pub(crate) damaged: Vec<String>,
}

/// Reads a dead process's directory; of each thread, at most `last` events.
///
/// Errors: of another version.
pub(super) fn read(directory: &Path, last: usize) -> io::Result<LastWords> {
    let mut words = LastWords::default();
    let (mut tails, mut anchor) = (Vec::new(), Timeline::new().anchor());
    match journal::read(directory)? {
        Some(left) => {
            let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            let waiting = left.outputs.iter().map(|output| lines(&output.bytes[output.taken..]));
            words.unwritten = waiting.max().unwrap_or(0);
            (tails, anchor, words.outputs) = (left.tails, left.anchor, left.described);
        }
        // It died before it wrote anything.
        None => words.outputs = journal::described_at_first(directory),
    }
    let sites = read_sites(directory, &mut words.damaged)?;
    let mut shown = Shown {
        sites,
        timeline: Timeline::of(anchor),
        json: Json::new(),
        masking: Masking::new(&words.outputs.masks),
    };
    words.signal = Fatal::read(&directory.join(END)).map(|fatal| {
        let mut time = Vec::new();
        Stamp::default().write(&mut time, Timeline::of(anchor).unix_ns(fatal.ticks));
        format!("{}, {}", in_words(&fatal, process_of(directory)), String::from_utf8_lossy(&time))
    });
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut ended: Vec<String> = Vec::new();
    for (number, name) in numbered(directory, "ring-") {
        let handed_back = tails.get(number as usize).copied();
        let ring = match Remains::open(&directory.join(&name), handed_back) {
            Ok(ring) => ring,
            Err(error) => {
                note_damage(&mut words.damaged, &directory.join(name), error)?;
                continue;
            }
        };
        let mut lines = Vec::new();
        for record in ring.history() {
            let Some((site, line)) = shown.line(record) else { continue };
            if let Some(run) = run_of(site, record) {
                match NameParts::of(site.name()).role() {
                    Role::Open => drop(open.insert(run, line.clone())),
                    Role::Ok | Role::Fail => ended.push(run),
                    Role::Point => {}
                }
            }
            lines.push(line);
        }
        lines.drain(..lines.len().saturating_sub(last));
        words.threads.push((ring.thread(), lines));
        let mut consumer = ring.into_consumer();
        while let Some(record) = consumer.next() {
            words.unwritten += u64::from(record.is_ok());
        }
    }
    // An operation may end on another thread than it began on.
    ended.iter().for_each(|run| drop(open.remove(run)));
    words.open = open.into_values().collect();
    words.threads.retain(|(_, lines)| !lines.is_empty());
    Ok(words)
}

/// Makes lines of records.
struct Shown {
    sites: HashMap<u32, &'static Callsite>,
    timeline: Timeline,
    json: Json,
    masking: Masking,
}

impl Shown {
    fn line(&mut self, record: Record<'_>) -> Option<(&'static Callsite, String)> {
        let site = self.sites.get(&record.site()).copied().filter(|_| record.is_whole())?;
        let event = EventRef { site, record, unix_ns: self.timeline.unix_ns(record.ticks()) };
        let (mut bytes, mut line) = (Vec::new(), Vec::new());
        self.json.encode(&self.masking.shown(event, &mut bytes), &mut line);
        Some((site, String::from_utf8_lossy(line.trim_ascii_end()).into_owned()))
    }
}

/// What ended a process, without the time.
pub(super) fn in_words(fatal: &Fatal, process: Option<u32>) -> String {
    let mut text = format!("{} in thread {}", fatal.name(), fatal.thread);
    if fatal.sender != 0 && Some(fatal.sender) != process {
        text.push_str(&format!(", sent by process {}", fatal.sender));
    }
    if fatal.address != 0 || (fatal.sender == 0 && fatal.name() == "SIGSEGV") {
        text.push_str(&format!(", at address {:#x}", fatal.address));
    }
    text
}

/// The number that a directory's process had.
pub(super) fn process_of(directory: &Path) -> Option<u32> {
    directory.file_name()?.to_str()?.rsplit('.').nth(1)?.parse().ok()
}

/// The id of the run that an event belongs to.
fn run_of(site: &'static Callsite, record: Record<'_>) -> Option<String> {
    let index = site.keys().iter().position(|key| *key == RUN)?;
    match record.values().get(index)? {
        ValueRef::Str(id) => Some(id.to_str().into_owned()),
        _ => None,
    }
}
