//! A ring whose process is gone, read by whoever recovers it.
//!
//! The positions in the header may be damaged as well as the records. What is trusted is the check of each record, which
//! knows its position: reading begins at the tail, goes on to `head`, or a ring further where that is impossible, and looks for
//! the next sound record where one is not.

use std::{io, path::Path, sync::Arc};

use super::{
    ALIGN, Consumer, HEAD_AT, MAGIC, RING_BYTES_MAX, RING_BYTES_MIN, RING_HEADER_BYTES, Record, Shared,
    TAIL_AT, TAIL_COPY_AT, VERSION,
};
use crate::{memory::Mapping, protocol::Reader, record::SITE_FILLER, record::check};

/// A ring that a process left behind.
#[derive(Debug)]
pub struct Remains {
    consumer: Consumer,
    capacity: u64,
    thread: u32,
    is_counter: bool,
    /// Position of the first byte that is still there.
    oldest: u64,
    tail: u64,
}

impl Remains {
    /// Maps the ring in a file. `handed_back` is a position up to which its records are known to be safe elsewhere, if any is.
    ///
    /// Nobody else may use the ring: its process is dead, and the caller holds the lock that says so.
    ///
    /// Errors: cannot be opened; is not a ring ([`io::ErrorKind::InvalidData`]); is of another version
    /// ([`io::ErrorKind::Unsupported`]).
    pub fn open(path: &Path, handed_back: Option<u64>) -> io::Result<Remains> {
        let shared = Arc::new(Shared { mapping: Mapping::open(path)? });
        let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text);
        if shared.mapping.len() < RING_HEADER_BYTES + RING_BYTES_MIN {
            return Err(invalid("shorter than a ring"));
        }
        let word = |at: usize| shared.word(at);
        if word(0).to_ne_bytes() != MAGIC {
            return Err(invalid("not a ring"));
        }
        let (version, header_bytes) = (word(8) as u32, (word(8) >> 32) as usize);
        if version != VERSION {
            return Err(io::Error::new(io::ErrorKind::Unsupported, format!("a ring of version {version}")));
        }
        let capacity = word(16);
        let is_size = capacity.is_power_of_two()
            && (RING_BYTES_MIN as u64..=RING_BYTES_MAX as u64).contains(&capacity)
            && shared.mapping.len() as u64 >= RING_HEADER_BYTES as u64 + capacity;
        if header_bytes != RING_HEADER_BYTES || !is_size {
            return Err(invalid("a ring whose header is damaged"));
        }
        let (thread, is_counter) = ((word(24) >> 32) as u32, word(32) as u32 != 0);
        let (head, tails) = (word(HEAD_AT), [word(TAIL_AT), word(TAIL_COPY_AT)]);
        let mut remains = Remains {
            consumer: Consumer { reader: Reader::new(capacity, 0), shared, populated: capacity as usize },
            capacity,
            thread,
            is_counter,
            oldest: 0,
            tail: 0,
        };
        let tail =
            remains.find_tail(head, tails, handed_back).ok_or_else(|| invalid("both ends are damaged"))?;
        let end = remains.find_end(head, tail);
        remains.oldest = end.max(tail).saturating_sub(capacity);
        remains.tail = tail;
        remains.consumer.reader = Reader::between(capacity, tail, end);
        Ok(remains)
    }

    /// The reading end: what was not handed back yet.
    pub fn consumer(&mut self) -> &mut Consumer {
        &mut self.consumer
    }

    /// The reading end, kept.
    pub fn into_consumer(self) -> Consumer {
        self.consumer
    }

    /// Number of the thread that had the ring last; zero when unknown.
    pub fn thread(&self) -> u32 {
        self.thread
    }

    /// What ticks are: see [`crate::clock::is_counter`].
    pub fn is_counter(&self) -> bool {
        self.is_counter
    }

    /// Everything that can still be read, also what was handed back: up to a ring full of what the thread did last, oldest
    /// first. Takes nothing.
    pub fn history(&self) -> impl Iterator<Item = Record<'_>> {
        let mut at = self.oldest.next_multiple_of(ALIGN);
        let end = self.consumer.reader.end();
        std::iter::from_fn(move || {
            while at < end {
                let bytes = self.at(at, end);
                if let Some(len) = check::record_at(at, bytes) {
                    at += (len as u64).next_multiple_of(ALIGN);
                    return Record::new(&bytes[..len]);
                }
                at += ALIGN;
            }
            None
        })
    }

    /// The bytes from a position on, up to `end` or to where the memory ends.
    fn at(&self, position: u64, end: u64) -> &[u8] {
        let (offset, room) = Reader::between(self.capacity, position, end.max(position)).window();
        self.consumer.bytes(offset, room)
    }

    /// Where reading begins: the position that was handed back last.
    fn find_tail(&self, head: u64, [tail, copy]: [u64; 2], handed_back: Option<u64>) -> Option<u64> {
        let capacity = self.capacity;
        // With room for a ring and a record behind it: positions are added to.
        let is_possible = |at: u64| at.is_multiple_of(ALIGN) && at <= u64::MAX / 2 - capacity;
        let is_begin = |at: u64| is_possible(at) && (at == head || self.begins_at(at));
        let stored = if tail == copy && is_possible(tail) {
            Some(tail)
        } else {
            // Killed between the two stores, or damaged: the later one at which something begins. What lies before it has
            // been written.
            [tail, copy].into_iter().filter(|at| is_begin(*at)).max()
        };
        stored.max(handed_back.filter(|at| is_possible(*at)))
    }

    /// True when a record, or a filler, begins at a position.
    fn begins_at(&self, at: u64) -> bool {
        let bytes = self.at(at, at + self.capacity);
        let is_filler = bytes.len() >= 8
            && bytes[4..8] == SITE_FILLER.to_le_bytes()
            && bytes[..4] == (bytes.len() as u32).to_le_bytes();
        is_filler || check::record_at(at, bytes).is_some()
    }

    /// Where reading ends: at `head`; where that is impossible, behind the last of the sound records that follow the tail.
    ///
    /// Nothing behind a possible `head` is read: it may be sound, and be the record of a macro that had not returned.
    fn find_end(&self, head: u64, tail: u64) -> u64 {
        let last = tail + self.capacity;
        if head.is_multiple_of(ALIGN) && (tail..=last).contains(&head) { head } else { last }
    }
}

impl Shared {
    /// A word of the header.
    fn word(&self, at: usize) -> u64 {
        assert!(at + 8 <= RING_HEADER_BYTES && at.is_multiple_of(8), "a word of the header");
        // SAFETY: checked above; aligned; nobody else stores while a dead process's ring is being opened.
        unsafe { self.mapping.base().byte_add(at).cast::<u64>().read() }
    }
}

#[cfg(all(test, not(loom), unix))]
mod tests {
    use super::*;
    use crate::{Arg, Backing, Producer, Push, ring};
    use std::{fs, path::PathBuf};

    /// Rings that are damaged and read.
    const DAMAGED_RINGS: u64 = 10_000;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let path = std::env::temp_dir().join(format!("trine-remains-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Place(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("ring-0")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Events numbered by their ticks: the ring is gone round about three times, and the last half of it not read.
    fn leave_a_ring(place: &Place) -> (u64, u64) {
        let backing = Backing::Directory(place.0.clone());
        let (mut producer, mut consumer) = ring::create(&backing, "ring-0", RING_BYTES_MIN).unwrap();
        let mut next = 0;
        let push = |producer: &mut Producer, ticks: u64| {
            let text = "x".repeat(ticks as usize * 7 % 60);
            let mut bytes = Vec::new();
            crate::record::encode(
                &mut bytes,
                1 + (ticks % 5) as u32,
                ticks,
                &[Arg::U64(ticks), Arg::Str(&text)],
                &[],
            );
            producer.refresh(bytes.len());
            producer.push_encoded(&bytes) == Push::Done
        };
        for _ in 0..130 {
            assert!(push(&mut producer, next));
            next += 1;
            consumer.refresh();
            while let Some(record) = consumer.next() {
                record.unwrap();
            }
            let position = consumer.position();
            consumer.release(position);
        }
        let read = next;
        for _ in 0..25 {
            assert!(push(&mut producer, next));
            next += 1;
        }
        (read, next)
    }

    fn rest(remains: &mut Remains) -> (Vec<u64>, usize) {
        let (mut found, mut damaged) = (Vec::new(), 0);
        while let Some(record) = remains.consumer().next() {
            match record {
                Ok(record) => {
                    assert_eq!(
                        u64::from(record.site()),
                        1 + record.ticks() % 5,
                        "a header that nobody wrote"
                    );
                    found.push(record.ticks());
                }
                Err(bytes) => damaged += bytes.bytes,
            }
        }
        (found, damaged)
    }

    #[test]
    fn what_was_not_handed_back_is_read_and_what_was_is_history() {
        let place = Place::new("whole");
        let (read, end) = leave_a_ring(&place);
        let mut remains = Remains::open(&place.file(), None).unwrap();
        let history: Vec<u64> = remains.history().map(|record| record.ticks()).collect();
        assert!(history[0] < read && history.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{history:?}");
        assert_eq!(history.last(), Some(&(end - 1)));
        assert_eq!(remains.thread(), crate::process::thread_id());
        assert_eq!(rest(&mut remains), ((read..end).collect(), 0));
        let position = remains.consumer().position();
        remains.consumer().release(position);
        assert_eq!(rest(&mut Remains::open(&place.file(), None).unwrap()), (vec![], 0), "once");
        let handed_back = Remains::open(&place.file(), Some(position)).map(|mut remains| rest(&mut remains));
        assert_eq!(handed_back.unwrap().0, []);
    }

    #[test]
    fn a_position_at_the_end_of_all_numbers_is_none() {
        let place = Place::new("far");
        let (read, end) = leave_a_ring(&place);
        for far in [!7, (u64::MAX - RING_BYTES_MIN as u64) & !7] {
            let mut remains = Remains::open(&place.file(), Some(far)).unwrap();
            assert_eq!(rest(&mut remains), ((read..end).collect(), 0), "{far}");
        }
    }

    #[test]
    fn ten_thousand_damaged_rings_give_only_what_was_put_in() {
        let place = Place::new("damaged");
        let (read, end) = leave_a_ring(&place);
        let whole = fs::read(place.file()).unwrap();
        let (mut opened, mut found_all, mut lost) = (0, 0, 0);
        for seed in 0..DAMAGED_RINGS {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut random = |below: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % below as u64) as usize
            };
            let mut bytes = whole.clone();
            // Anywhere; or, in every fourth ring, in the two lines of the header that hold the positions.
            for _ in 0..1 + random(40) {
                let at = if seed % 4 == 0 { HEAD_AT + random(160) } else { random(bytes.len()) };
                bytes[at] ^= 1 << random(8);
            }
            fs::write(place.file(), &bytes).unwrap();
            let Ok(mut remains) = Remains::open(&place.file(), Some(tail_of(&whole))) else { continue };
            opened += 1;
            let (found, _) = rest(&mut remains);
            assert!(
                found.windows(2).all(|pair| pair[0] < pair[1]),
                "ring {seed}: twice or out of order: {found:?}"
            );
            assert!(found.iter().all(|n| (read..end).contains(n)), "ring {seed}: {found:?} of {read}..{end}");
            found_all += u64::from(found.len() as u64 == end - read);
            lost += end - read - found.len() as u64;
            for record in remains.history() {
                assert!(record.ticks() < end);
                record.is_whole();
            }
        }
        println!(
            "{opened} of {DAMAGED_RINGS} rings opened, {found_all} of them read whole, {lost} events lost"
        );
        assert!(opened > DAMAGED_RINGS * 9 / 10 && found_all > opened / 3);
    }

    fn tail_of(bytes: &[u8]) -> u64 {
        u64::from_ne_bytes(bytes[TAIL_AT..TAIL_AT + 8].try_into().unwrap())
    }

    #[test]
    fn another_version_and_other_files_are_refused_and_stay() {
        let place = Place::new("version");
        leave_a_ring(&place);
        let mut bytes = fs::read(place.file()).unwrap();
        bytes[8] = 99;
        fs::write(place.file(), &bytes).unwrap();
        assert_eq!(Remains::open(&place.file(), None).unwrap_err().kind(), io::ErrorKind::Unsupported);
        for other in [&bytes[..100], b"", &vec![7; 9_000][..]] {
            fs::write(place.file(), other).unwrap();
            assert_eq!(Remains::open(&place.file(), None).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        assert!(place.file().exists());
    }
}
