//! A ring that a process left behind: whatever its header, its positions and its records are, it is refused or read to its end, and what
//! is read lies in it. Left undamaged, it gives back what was put in.

use std::{fs, path::PathBuf};

use arbitrary::{Arbitrary, Unstructured};
use trine_ring::{
    Arg, Backing, Remains,
    record::{Record, encode},
    ring::{self, RING_BYTES_MIN, RING_HEADER_BYTES},
};

use crate::place::Place;

/// What the ring is called.
const RING: &str = "ring-0";
/// Events that are put in, at most.
const EVENTS_MAX: usize = 200;

/// What was in the ring, and what has become of it.
#[derive(Arbitrary, Debug)]
struct Input {
    /// Lengths of texts of events, and whether the reader comes by after it.
    events: Vec<(u8, bool)>,
    /// How far a journal says that it was read.
    handed_back: Option<u16>,
    /// Words of the header, by number, that are others.
    words: Vec<(u8, u64)>,
    /// Bytes that are others, by distance from the last one.
    bytes: Vec<(u8, u8)>,
}

/// See the module.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let place = Place::new();
    let file = place.0.join(RING);
    let unread = leave(&place, &input.events);
    let is_damaged = !input.words.is_empty() || !input.bytes.is_empty();
    if is_damaged {
        damage(&file, &input);
    }
    let handed_back = input.handed_back.map(|at| u64::from(at) * 8);
    let Ok(remains) = Remains::open(&file, handed_back) else {
        return assert!(is_damaged, "a ring that nobody damaged is refused");
    };
    let history = remains.history().inspect(|record| walk(record)).count();
    assert!(history <= RING_BYTES_MIN, "more records than there is room for");
    let mut consumer = remains.into_consumer();
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(next) = consumer.next() {
        bytes += match next {
            Ok(record) => {
                walk(&record);
                found.push(record.ticks());
                record.as_bytes().len()
            }
            Err(damaged) => damaged.bytes,
        };
        assert!(bytes <= ring::RING_BYTES_MAX, "it reads on and on");
    }
    if !is_damaged && handed_back.is_none() {
        assert_eq!(found, unread, "what was not read, once, in order");
    }
}

/// Leaves a ring; the ticks of the events that nobody has read.
fn leave(place: &Place, events: &[(u8, bool)]) -> Vec<u64> {
    let backing = Backing::Directory(place.0.clone());
    let (mut producer, mut consumer) = ring::create(&backing, RING, RING_BYTES_MIN).expect("room for a ring");
    let mut unread = Vec::new();
    let mut record = Vec::new();
    for (ticks, (length, is_read)) in (1..).zip(events.iter().take(EVENTS_MAX)) {
        record.clear();
        let text = "x".repeat(usize::from(*length));
        encode(&mut record, 1, ticks, &[Arg::Str(&text), Arg::U64(ticks)], &[]);
        producer.refresh(record.len());
        if producer.push_encoded(&record) == trine_ring::Push::Done {
            unread.push(ticks);
        }
        if *is_read {
            consumer.refresh();
            while let Some(record) = consumer.next() {
                assert!(record.is_ok());
            }
            consumer.release(consumer.position());
            unread.clear();
        }
    }
    unread
}

fn damage(file: &PathBuf, input: &Input) {
    let mut bytes = fs::read(file).expect("the ring's file");
    for (number, word) in &input.words {
        let at = 8 * usize::from(*number);
        bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
    let mut at = RING_HEADER_BYTES;
    for (distance, byte) in &input.bytes {
        at = (at + usize::from(*distance)).min(bytes.len() - 1);
        bytes[at] = *byte;
    }
    fs::write(file, bytes).expect("the ring's file");
}

fn walk(record: &Record<'_>) {
    record.is_whole();
    record.values().for_each(drop);
    record.values().blocks().for_each(|block| block.fields().for_each(drop));
}
