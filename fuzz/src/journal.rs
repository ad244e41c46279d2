//! What a process left: any journal, whose checks are right, with any callsites, rings and notes of signals, is looked at and written to a
//! file without a fault. One that a process can have left is written exactly: whatever the log has of the lines, it gets the rest.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use arbitrary::{Arbitrary, Unstructured};
use trine::recovery::{self, Found};
use trine_model::Level;
use trine_ring::{Arg, Backing, CallsiteTable, Descriptor, Region, Turns, record::encode, ring};

use crate::place::Place;

/// The form of `state-1`: docs/format.md §5.
const HEADER_WORDS: usize = 8;
const SLOT: Turns = Turns { words: 4_360, sequence_at: 2 };
const NOTE: Turns = Turns { words: 8, sequence_at: 1 };
const OUTPUTS_MAX: usize = 2;

/// A directory.
#[derive(Arbitrary, Debug)]
struct Input {
    lines: Vec<Vec<u8>>,
    kind: Kind,
}

/// What lies in it.
#[derive(Arbitrary, Debug)]
enum Kind {
    /// As a process leaves it: of the bytes of the lines, so many are in the log, and so many noted.
    Sound { written: u16, noted: u16 },
    /// Anything.
    Any(Box<Left>),
}

#[derive(Arbitrary, Debug)]
struct Left {
    sequence: u64,
    anchor: [u64; 4],
    /// By output: file, offset, from, to.
    kept: Vec<[u64; 4]>,
    tails: Vec<u64>,
    /// By output: sequence, and position, flags, length.
    notes: Vec<(u64, [u64; 3])>,
    /// What is said besides the outputs.
    besides: Vec<String>,
    has_stdout: bool,
    log: Vec<u8>,
    sites: Vec<(String, Vec<String>)>,
    /// Callsite, ticks, text, number.
    events: Vec<(u8, u64, String, u64)>,
    signal: Option<[u64; 6]>,
    /// Words of the journal that are others.
    words: Vec<(u16, u64)>,
    is_written_to_a_file_of_its_own: bool,
}

/// See the module.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let place = Place::new();
    let directory = place.0.join("shop-1.99999999.1");
    fs::create_dir(&directory).expect("a directory");
    fs::write(directory.join("owner"), "").expect("the owner's file");
    let mut lines: Vec<u8> = Vec::new();
    for line in &input.lines {
        lines.extend(line.iter().map(|byte| if *byte == b'\n' { b'n' } else { *byte }));
        lines.push(b'\n');
    }
    // As long as words are, and no outbox is empty.
    let mut outbox = lines.clone();
    outbox.resize(lines.len().next_multiple_of(8) + 8, 0);
    fs::write(directory.join("outbox-1-0-1"), outbox).expect("an outbox");
    match input.kind {
        Kind::Sound { written, noted } => sound(&place, &directory, &lines, (written.into(), noted.into())),
        Kind::Any(left) => any(&place, &directory, &left),
    }
}

fn log(place: &Place) -> PathBuf {
    place.0.join("app.jsonl")
}

fn state(directory: &Path) -> Region {
    let words = HEADER_WORDS + 2 * SLOT.words + OUTPUTS_MAX * 2 * NOTE.words;
    let state = Region::create(&Backing::Directory(directory.to_owned()), "state-1", 8 * words);
    let state = state.expect("room for a journal");
    state.words()[0].store(u64::from_le_bytes(*b"TRINEBOX"), Ordering::Relaxed);
    state.words()[1].store(1, Ordering::Relaxed);
    state
}

fn notes(state: &Region, output: usize) -> &[AtomicU64] {
    &state.words()[HEADER_WORDS + 2 * SLOT.words + output * 2 * NOTE.words..][..2 * NOTE.words]
}

fn sound(place: &Place, directory: &Path, lines: &[u8], (written, noted): (usize, usize)) {
    let before = b"{\"event\":\"before\"}\n";
    let written = written.min(lines.len());
    let noted = noted.min(written);
    fs::write(log(place), [before, &lines[..written]].concat()).expect("a log");
    let facts = fs::metadata(log(place)).expect("a log");
    let state = state(directory);
    let slot = [1 << 32, 7, 8, 1.0_f64.to_bits(), 0, 1, 0, 0, lines.len() as u64];
    SLOT.store(&state.words()[HEADER_WORDS..], 1, slot);
    let is_mid_line = noted.checked_sub(1).is_some_and(|last| lines[last] != b'\n');
    let length = (before.len() + noted) as u64;
    let flags = 1 | u64::from(is_mid_line) << 1;
    NOTE.store(notes(&state, 0), 1, [noted as u64, flags, facts.dev(), facts.ino(), length]);
    fs::write(directory.join("outputs-1"), format!("file:{}\tjson\tinfo\n", log(place).display()))
        .expect("a list");
    let found = recovery::look(&place.0).expect("a directory of ours");
    let [found] = <[Found; 1]>::try_from(found).expect("one process");
    assert_eq!(found.unwritten(), lines[noted..].iter().filter(|byte| **byte == b'\n').count() as u64);
    found.write(None).expect("a log that can be written");
    // What inputs before this one have lost in this process is said once, by whoever writes next.
    let written = fs::read(log(place)).expect("a log");
    let is_said = |line: &&[u8]| line.starts_with(b"{\"event\":\"trine_events_lost\",\"lost\":");
    let written: Vec<&[u8]> =
        written.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_said(line)).collect();
    assert_eq!(written.concat(), [before, lines].concat(), "each line once");
    assert!(recovery::look(&place.0).expect("a directory of ours").is_empty(), "nothing is left");
}

fn any(place: &Place, directory: &Path, left: &Left) {
    let backing = Backing::Directory(directory.to_owned());
    let state = state(directory);
    let count = left.kept.len().min(OUTPUTS_MAX);
    let tails = &left.tails[..left.tails.len().min(16)];
    let [ticks, ns, rate, rest] = left.anchor;
    let fixed = [(count as u64) << 32 | tails.len() as u64, ticks, ns, rate, rest];
    let kept = left.kept[..count].iter().flatten().copied();
    SLOT.store(
        &state.words()[HEADER_WORDS..],
        left.sequence,
        fixed.into_iter().chain(kept).chain(tails.iter().copied()),
    );
    fs::write(log(place), &left.log).expect("a log");
    let facts = fs::metadata(log(place)).expect("a log");
    for (output, (sequence, [position, flags, length])) in (0..OUTPUTS_MAX).zip(&left.notes) {
        NOTE.store(notes(&state, output), *sequence, [*position, *flags, facts.dev(), facts.ino(), *length]);
    }
    for (at, word) in &left.words {
        let words = state.words();
        words[usize::from(*at) % words.len()].store(*word, Ordering::Relaxed);
    }
    let mut outputs = format!("file:{}\tjson\tinfo\n", log(place).display());
    if left.has_stdout {
        outputs.push_str("stdout\tlogfmt\ttrace\n");
    }
    // Never a path of the fuzzer's.
    let besides = left.besides.iter().flat_map(|besides| besides.lines()).map(|line| format!("#{line}\n"));
    outputs.extend(besides);
    fs::write(directory.join("outputs-1"), outputs).expect("a list");
    leave_events(&backing, left);
    if let Some(words) = left.signal {
        let region = Region::create(&backing, "end", 8 * words.len()).expect("room for a signal");
        region.words().iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
    }
    for found in recovery::look(&place.0).expect("a directory of ours") {
        found.last_events().for_each(drop);
        let _ =
            (found.signal(), found.trouble(), found.open_operations().len(), found.only_the_program_knows());
        let own = place.0.join("own.jsonl");
        let to = left.is_written_to_a_file_of_its_own.then_some(&*own);
        let _ = found.write(to);
    }
}

/// The callsites and one ring.
fn leave_events(backing: &Backing, left: &Left) {
    let mut table = CallsiteTable::new(backing.clone());
    for (name, keys) in left.sites.iter().take(4) {
        let keys: Vec<&str> = keys.iter().take(8).map(String::as_str).collect();
        let site = Descriptor { name, level: Level::Info, module: "shop", file: "shop.rs", line: 1, keys };
        table.append(&site).expect("room for callsites");
    }
    let (mut producer, _consumer) = ring::create(backing, "ring-0", 64 << 10).expect("room for a ring");
    let mut record = Vec::new();
    for (site, ticks, text, number) in left.events.iter().take(100) {
        record.clear();
        encode(&mut record, u32::from(*site).max(1), *ticks, &[Arg::Str(text), Arg::U64(*number)], &[]);
        let _ = producer.push_encoded(&record);
    }
}
