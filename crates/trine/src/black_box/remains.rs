//! What a dead process left, opened.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use trine_model::{EventName, key};
use trine_ring::{Backing, Consumer, Descriptor, TableReader, ring};

use super::{journal, place::Place, tail};
use crate::{callsite::Callsite, clock::Anchor, clock::Timeline};

/// Capacity of the ring that stands for one that is not there: no record ever lies in it.
const EMPTY_RING_BYTES: usize = 4 << 10;

/// First bytes of each file, which say of what kind it is.
const KIND_BYTES: u64 = 8;

/// A dead process's rings and what it had rendered, held by this process alone.
#[derive(Debug)]
pub(crate) struct Remains {
    pub(super) place: Place,
    /// Rings by number. Where one is not there, an empty one stands for it.
    pub(crate) rings: Vec<Consumer>,
    /// By number in that process.
    pub(crate) sites: HashMap<u32, &'static Callsite>,
    pub(crate) anchor: Anchor,
    /// Of the journal that this process writes while it recovers.
    pub(crate) generation: u32,
    /// What each output is still to be given, by what it is called.
    pub(crate) waiting: Vec<(String, Vec<u8>)>,
    /// Files that could not be read.
    pub(crate) damaged: Vec<String>,
}

impl Remains {
    /// Opens what lies in a place, and completes the lines that files have half of.
    ///
    /// Errors: of another version ([`io::ErrorKind::Unsupported`]); a file of an output cannot be read or written.
    pub(super) fn open(place: Place) -> io::Result<Remains> {
        let directory = place.path();
        let left = journal::read(directory)?;
        let mut damaged = Vec::new();
        let (generation, anchor, tails, outputs) = match left {
            Some(left) => (left.generation + 1, left.anchor, left.tails, left.outputs),
            // It died before it wrote anything.
            None => (1, Timeline::new().anchor(), Vec::new(), Vec::new()),
        };
        let sites = read_sites(directory, &mut damaged)?;
        let mut rings = Vec::new();
        for (number, name) in numbered(directory, "ring-") {
            if number as usize >= crate::pipeline::RINGS_MAX {
                continue;
            }
            while rings.len() < number as usize {
                rings.push(empty_ring()?);
            }
            let handed_back = tails.get(rings.len()).copied();
            match trine_ring::Remains::open(&directory.join(&name), handed_back) {
                Ok(ring) => rings.push(ring.into_consumer()),
                Err(error) => {
                    note_damage(&mut damaged, &directory.join(name), error)?;
                    rings.push(empty_ring()?);
                }
            }
        }
        let mut waiting = Vec::new();
        for output in outputs {
            if output.missing > 0 {
                damaged.push(format!("{} bytes for {}", output.missing, output.identity));
            }
            let rest = tail::rest(&output)?;
            if !rest.is_empty() {
                waiting.push((output.identity, rest));
            }
        }
        Ok(Remains { place, rings, sites, anchor, generation, waiting, damaged })
    }

    /// Where it lies.
    pub(crate) fn directory(&self) -> &Path {
        self.place.path()
    }
}

/// True when a directory has rings or a journal.
pub(super) fn holds_something(directory: &Path) -> bool {
    ["ring-", "state-"].iter().any(|kind| !numbered(directory, kind).is_empty())
}

/// Writes lines to a file that was an output when they were rendered, and is none now.
///
/// Errors: it is no file, or cannot be written.
pub(crate) fn append(identity: &str, lines: &[u8]) -> Result<(), String> {
    let Some(path) = identity.strip_prefix("file:") else {
        return Err(format!("it has lines for {identity}, which is no output now"));
    };
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(lines)).map_err(|error| format!("{path}: {error}"))
}

fn empty_ring() -> io::Result<Consumer> {
    ring::create(&Backing::Private, "empty", EMPTY_RING_BYTES).map(|(_, consumer)| consumer)
}

/// The callsites of a dead process, by their numbers there.
pub(super) fn read_sites(
    directory: &Path,
    damaged: &mut Vec<String>,
) -> io::Result<HashMap<u32, &'static Callsite>> {
    let mut sites = HashMap::new();
    for (_, name) in numbered(directory, "callsites-") {
        let read = File::open(directory.join(&name)).and_then(|mut file| TableReader::open(&mut file));
        match read {
            Ok(table) => table.callsites().for_each(|(number, site)| learn(&mut sites, number, &site)),
            Err(error) => note_damage(damaged, &directory.join(name), error)?,
        }
    }
    Ok(sites)
}

/// Files called `prefix` and a number, by number.
pub(super) fn numbered(directory: &Path, prefix: &str) -> Vec<(u32, String)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<(u32, String)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((name.strip_prefix(prefix)?.parse().ok()?, name))
        })
        .collect();
    found.sort();
    found
}

/// Goes on without a file that is damaged; not without one that a later version may be able to read.
pub(super) fn note_damage(damaged: &mut Vec<String>, path: &Path, error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::Unsupported {
        return Err(error);
    }
    if !is_unbegun(path) {
        damaged.push(format!("{}: {error}", path.file_name().unwrap_or_default().display()));
    }
    Ok(())
}

/// True for a file that its process died at the making of: the first thing that is stored is what kind it is.
fn is_unbegun(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(KIND_BYTES).read_to_end(&mut begin));
    read.is_ok() && begin.iter().all(|byte| *byte == 0)
}

/// Makes a callsite of a description, unless that is damaged. It is kept for the life of the process, as all callsites are.
fn learn(sites: &mut HashMap<u32, &'static Callsite>, number: u32, site: &Descriptor<'_>) {
    let is_key = |key: &&&str| !key.is_empty() && !key::is_reserved(key);
    let mut keys = site.keys.clone();
    keys.sort_unstable();
    keys.dedup();
    let are_keys = keys.len() == site.keys.len() && keys.iter().filter(is_key).count() == keys.len();
    if EventName::check(site.name).is_ok() && are_keys {
        // Each takes two numbers: see `Callsite::recovered`.
        let id = 2 * sites.len() as u32 + 1;
        sites.entry(number).or_insert_with(|| Callsite::recovered(site, id));
    }
}
