//! The ring: one producer, one consumer, records in order.
//!
//! Layout of the memory (docs/format.md §3): a page of header (magic, version, capacity, owner; `head` at 256, `tail` at
//! 384), then `capacity` bytes of records. Who may touch what is said in `protocol.rs`; this file is the protocol applied to
//! mapped memory, and the only place where records are copied in and out.

mod ahead;
mod run;

use std::{io, marker::PhantomData, ptr::NonNull, sync::Arc};

use crate::{
    append::copy,
    arg::Arg,
    memory::{Backing, Mapping},
    primitive::{AtomicU64, Ordering},
    process,
    protocol::{ALIGN, Position, Reader, Writer},
    record::{HEADER_BYTES, Record, SITE_FILLER, Tag, VALUES_MAX, VERSION, check, write},
};

mod remains;

pub use self::remains::Remains;

/// First bytes of a ring's memory.
pub const MAGIC: [u8; 8] = *b"TRINERNG";
/// Bytes before the records: one page, so that the records' memory is aligned to pages.
pub const RING_HEADER_BYTES: usize = 4096;
/// Smallest capacity.
pub const RING_BYTES_MIN: usize = 4096;
/// Largest capacity.
pub const RING_BYTES_MAX: usize = 1 << 30;
/// Largest share of a ring that a record may wait for, as a divisor: it fits an empty ring wherever its head stands, also
/// behind a filler. A larger one goes another way, unless it fits as it comes.
pub const RECORD_SHARE: usize = 4;

/// How far ahead of the producer its consumer has pages provided, during the first lap: more than a thread emits between
/// two looks of the worker. A page fault costs a store some 700 ns, and would be what one event in 300 costs.
const POPULATE_AHEAD: usize = 128 << 10;

const HEAD_AT: usize = 256;
const TAIL_AT: usize = 384;
/// Where the reader stores its position before it stores it at [`TAIL_AT`]: should bits flip, one of the two is known wrong.
const TAIL_COPY_AT: usize = 392;

/// Makes a ring of `capacity` bytes, rounded up to a power of two between [`RING_BYTES_MIN`] and [`RING_BYTES_MAX`].
///
/// `name` is what its file is called. Memory is only committed by the system as it is first written to.
/// Errors: the backing refused the memory.
pub fn create(backing: &Backing, name: &str, capacity: usize) -> io::Result<(Producer, Consumer)> {
    let capacity = capacity.clamp(RING_BYTES_MIN, RING_BYTES_MAX).next_power_of_two();
    let shared = Arc::new(Shared { mapping: Mapping::create(backing, name, RING_HEADER_BYTES + capacity)? });
    shared.describe(capacity);
    shared.mapping.populate(0, RING_HEADER_BYTES + POPULATE_AHEAD);
    let producer = Producer {
        writer: Writer::new(capacity as u64, 0, 0),
        shared: Arc::clone(&shared),
        one: PhantomData,
    };
    Ok((producer, Consumer { reader: Reader::new(capacity as u64, 0), shared, populated: POPULATE_AHEAD }))
}

/// The mapped memory of one ring.
#[derive(Debug)]
struct Shared {
    mapping: Mapping,
}

impl Shared {
    /// Fills in the header. Called once, before the two ends exist.
    fn describe(&self, capacity: usize) {
        let mut header = Vec::with_capacity(48);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&(RING_HEADER_BYTES as u32).to_le_bytes());
        header.extend_from_slice(&(capacity as u64).to_le_bytes());
        header.extend_from_slice(&std::process::id().to_le_bytes());
        header.extend_from_slice(&process::thread_id().to_le_bytes());
        header.extend_from_slice(&u32::from(crate::clock::is_counter()).to_le_bytes());
        // SAFETY: the mapping is longer than the header, nobody else knows of it yet.
        unsafe { std::ptr::copy_nonoverlapping(header.as_ptr(), self.mapping.base().as_ptr(), header.len()) };
    }

    #[inline]
    fn data(&self) -> NonNull<u8> {
        // SAFETY: the mapping is RING_HEADER_BYTES + capacity long.
        unsafe { self.mapping.base().add(RING_HEADER_BYTES) }
    }

    #[inline]
    fn head(&self) -> &Position {
        // SAFETY: the offset is inside the header page, aligned to 128, zeroed (a valid atomic), and only used as this type.
        unsafe { self.mapping.base().byte_add(HEAD_AT).cast().as_ref() }
    }

    #[inline]
    fn tail(&self) -> &Position {
        // SAFETY: as for `head`.
        unsafe { self.mapping.base().byte_add(TAIL_AT).cast().as_ref() }
    }

    #[inline]
    fn tail_copy(&self) -> &AtomicU64 {
        // SAFETY: as for `head`; the word behind the tail, in its cache line.
        unsafe { self.mapping.base().byte_add(TAIL_COPY_AT).cast().as_ref() }
    }
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Push {
    /// The record is in the ring, and will be there if the process dies now.
    Done,
    /// There is no room until [`Producer::refresh`] finds some.
    Full,
    /// The record takes more than its share of the ring, and never fits.
    TooLarge,
    /// An argument runs the user's code ([`Arg::is_plain`]): encode the record first, then [`Producer::push_encoded`].
    NotPlain,
}

impl Push {
    /// A record did not fit where it stood. Now, or at this place? Encoded elsewhere its length is known, and
    /// [`Producer::push_encoded`] finds out.
    #[cold]
    fn why_not(args: &[Arg<'_>]) -> Push {
        if args.iter().all(Arg::is_plain) { Push::Full } else { Push::NotPlain }
    }
}

/// Room in a ring, as the producer found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes free.
    pub free: usize,
    /// True when the ring is at least half full: the consumer should be woken.
    pub half: bool,
}

/// The writing end. `Send`, and deliberately not `Sync` or `Clone`: two producers would race.
#[derive(Debug)]
pub struct Producer {
    writer: Writer,
    shared: Arc<Shared>,
    one: PhantomData<std::cell::Cell<()>>,
}

impl Producer {
    /// Bytes of the ring.
    pub fn capacity(&self) -> usize {
        self.shared.mapping.len() - RING_HEADER_BYTES
    }

    /// Appends a record made of plain arguments and up to three finished blocks (an empty one is none).
    ///
    /// Cost: no allocation, no lock, no system call; two bounds checks per argument and one `Release` store.
    #[inline]
    pub fn push(&mut self, site: u32, ticks: u64, args: &[Arg<'_>], blocks: [&[u8]; 3]) -> Push {
        let (offset, room) = self.writer.window();
        let position = self.writer.position();
        let mut slot = self.slot(offset, room as usize);
        let args = &args[..args.len().min(VALUES_MAX)];
        let Some(start) = slot.skip(HEADER_BYTES) else { return Push::why_not(args) };
        for arg in args {
            if write::common(&mut slot, arg) {
                continue;
            }
            if !arg.is_plain() {
                return Push::NotPlain;
            }
            // By value, so that the slot stays in registers where this is not called.
            slot = slot.with_rare(arg);
        }
        for block in blocks {
            if !block.is_empty() {
                write::Out::bytes(&mut slot, block);
            }
        }
        if slot.overflowed {
            return Push::why_not(args);
        }
        let len = slot.written();
        slot.fill(start, check::header(position, len as u32, site, ticks, args.len() as u16));
        self.commit(len as u64);
        Push::Done
    }

    /// Appends a record that [`crate::record::encode`] made, and fills in its check.
    pub fn push_encoded(&mut self, record: &[u8]) -> Push {
        if record.len() > self.capacity() / RECORD_SHARE {
            return Push::TooLarge;
        }
        let need = record.len() as u64;
        if self.writer.window().1 < need && !self.wrap(need) {
            return Push::Full;
        }
        let (offset, room) = self.writer.window();
        let check = check::for_record(self.writer.position(), record);
        let Some((before, rest)) = record.split_at_checked(check::AT) else { return Push::TooLarge };
        let mut slot = self.slot(offset, room as usize);
        write::Out::bytes(&mut slot, before);
        write::Out::array(&mut slot, check.to_le_bytes());
        write::Out::bytes(&mut slot, rest.get(4..).unwrap_or_default());
        debug_assert!(!slot.overflowed);
        self.commit(need);
        Push::Done
    }

    /// Looks how far the consumer is, to make room for `need` bytes.
    pub fn refresh(&mut self, need: usize) -> Room {
        let room = self.writer.refresh(&self.shared.tail().0, need as u64);
        Room { free: room.free as usize, half: room.half }
    }

    /// True when everything that was pushed has been handed back.
    pub fn is_empty(&self) -> bool {
        self.shared.tail().0.load(Ordering::Acquire) == self.writer.position()
    }

    /// Notes the calling thread as the ring's owner, for readers from outside.
    pub fn adopt(&mut self) {
        let id = process::thread_id().to_le_bytes();
        // SAFETY: the four bytes at 28 lie in the header, written only by the producer's side, read only from outside.
        let owner = unsafe { self.shared.mapping.base().add(28) };
        // SAFETY: as above.
        unsafe { std::ptr::copy_nonoverlapping(id.as_ptr(), owner.as_ptr(), id.len()) };
    }

    /// Puts a filler up to the end of the memory, when a record of `need` bytes fits at the start.
    fn wrap(&mut self, need: u64) -> bool {
        let need = need.next_multiple_of(ALIGN);
        match self.writer.wrap(need) {
            Some((offset, rest)) => {
                let mut slot = self.slot(offset, rest as usize);
                write::Out::array(&mut slot, (rest as u32).to_le_bytes());
                write::Out::array(&mut slot, SITE_FILLER.to_le_bytes());
                true
            }
            None => false,
        }
    }

    #[inline]
    fn slot(&mut self, offset: u64, len: usize) -> Slot<'_> {
        // SAFETY: `offset + len` is at most the capacity (`Writer::window`).
        let at = unsafe { self.shared.data().add(offset as usize) };
        Slot { begin: at, at, left: len, overflowed: false, producer: PhantomData }
    }
}

/// Free bytes of the ring, being written.
///
/// **Invariant:** `at..at + left` lies inside the ring's memory and belongs to the producer: no reader looks at it before
/// `commit`. The lifetime borrows the producer, so nothing is committed and no second slot is made meanwhile.
struct Slot<'a> {
    begin: NonNull<u8>,
    at: NonNull<u8>,
    left: usize,
    overflowed: bool,
    producer: PhantomData<&'a mut Producer>,
}

impl Slot<'_> {
    fn written(&self) -> usize {
        // The distance of two addresses in one slot.
        self.at.as_ptr() as usize - self.begin.as_ptr() as usize
    }

    #[inline(never)]
    fn with_rare(mut self, arg: &Arg<'_>) -> Self {
        write::rare(&mut self, arg);
        self
    }

    /// Leaves `len` bytes to be filled in later; returns where.
    #[inline(always)]
    fn skip(&mut self, len: usize) -> Option<NonNull<u8>> {
        if len > self.left {
            return None;
        }
        let start = self.at;
        // SAFETY: `len <= left`.
        self.at = unsafe { start.add(len) };
        self.left -= len;
        Some(start)
    }

    /// Fills in what [`Slot::skip`] left at the beginning.
    #[inline]
    fn fill(&mut self, start: NonNull<u8>, bytes: [u8; HEADER_BYTES]) {
        // SAFETY: `start` came from `skip(HEADER_BYTES)` on this slot.
        unsafe { start.cast::<[u8; HEADER_BYTES]>().write_unaligned(bytes) };
    }
}

impl write::Out for Slot<'_> {
    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        match self.skip(N) {
            // SAFETY: `skip` returned N bytes of the slot.
            Some(at) => unsafe { at.cast::<[u8; N]>().write_unaligned(bytes) },
            None => self.overflow(),
        }
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        match self.skip(bytes.len()) {
            // SAFETY: `skip` returned `bytes.len()` bytes of the slot, which no Rust reference covers.
            Some(at) => unsafe { copy(bytes, at) },
            None => self.overflow(),
        }
    }

    /// With one look for room, and without putting tag and length together first.
    #[inline(always)]
    fn text(&mut self, tag: Tag, text: &str) {
        let len = text.len();
        match self.skip(5 + len) {
            // SAFETY: `skip` returned room for the tag, the length and the text, which no Rust reference covers.
            Some(at) => unsafe {
                at.write(tag as u8);
                at.add(1).cast::<[u8; 4]>().write((len as u32).to_le_bytes());
                copy(text.as_bytes(), at.add(5));
            },
            None => self.overflow(),
        }
    }
}

impl Slot<'_> {
    /// Takes no more, and says so.
    #[inline(always)]
    fn overflow(&mut self) {
        self.left = 0;
        self.overflowed = true;
    }
}

/// A record could not be read: the ring's memory was damaged. The bytes up to the next sound record have been passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Bytes passed over.
    pub bytes: usize,
}

/// The reading end. `Send`, deliberately not `Sync`.
#[derive(Debug)]
pub struct Consumer {
    reader: Reader,
    shared: Arc<Shared>,
    /// Bytes of the ring whose pages are there.
    populated: usize,
}

impl Consumer {
    /// Makes everything published so far readable; returns the bytes, fillers included.
    pub fn refresh(&mut self) -> usize {
        let waiting = self.reader.refresh(&self.shared.head().0) as usize;
        if self.populated < self.shared.mapping.len() - RING_HEADER_BYTES {
            self.populate(waiting);
        }
        waiting
    }

    /// Keeps the pages of the first lap ahead of the producer, half of the distance at a time.
    #[cold]
    fn populate(&mut self, waiting: usize) {
        let head = self.reader.position() as usize + waiting;
        if head + POPULATE_AHEAD / 2 > self.populated {
            self.shared.mapping.populate(RING_HEADER_BYTES + self.populated, POPULATE_AHEAD);
            self.populated += POPULATE_AHEAD;
        }
    }

    /// When the next record was made, without taking it.
    #[inline]
    pub fn peek_ticks(&mut self) -> Option<u64> {
        self.skip_filler();
        let (offset, room) = self.reader.window();
        Some(Record::new(self.bytes(offset, room))?.ticks())
    }

    /// Takes the next record of those made readable. It stays in the ring until [`Consumer::release`].
    ///
    /// Errors: [`Damaged`] when the bytes are not a record.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "the record borrows the ring, which an iterator cannot say"
    )]
    pub fn next(&mut self) -> Option<Result<Record<'_>, Damaged>> {
        self.skip_filler();
        let (offset, room) = self.reader.window();
        if room == 0 {
            return None;
        }
        let Some(len) = check::record_at(self.reader.position(), self.bytes(offset, room)) else {
            return Some(Err(self.skip_damage()));
        };
        self.reader.advance(len as u64);
        Record::new(self.bytes(offset, len as u64)).map(Ok)
    }

    /// The position after the last record taken, for [`Consumer::release`].
    pub fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Hands everything before `position` back to the producer. Call it when the records are safe elsewhere.
    pub fn release(&mut self, position: u64) {
        self.shared.tail_copy().store(position, Ordering::Relaxed);
        Reader::release(position, &self.shared.tail().0);
    }

    /// The position that was given to [`Consumer::release`] last.
    pub fn released(&self) -> u64 {
        self.shared.tail().0.load(Ordering::Relaxed)
    }

    /// Records published and not yet taken.
    pub fn backlog(&mut self) -> u64 {
        self.refresh();
        let mut reader = self.reader.clone();
        let mut records = 0;
        loop {
            let (offset, room) = reader.window();
            let bytes = self.bytes(offset, room);
            let (Some(len), Some(site)) = (bytes.first_chunk::<4>(), bytes.get(4..8)) else { return records };
            records += u64::from(site != SITE_FILLER.to_le_bytes());
            reader.advance(u64::from(u32::from_le_bytes(*len)).max(ALIGN));
        }
    }

    /// True when nothing is left to read, as far as was visible.
    pub fn is_drained(&self) -> bool {
        self.reader.window().1 == 0
    }

    #[inline]
    fn skip_filler(&mut self) {
        let (offset, room) = self.reader.window();
        let bytes = self.bytes(offset, room);
        if bytes.len() >= 8 && bytes[4..8] == SITE_FILLER.to_le_bytes() {
            let len = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            // A filler ends where the memory ends; anything else is damage, which `next` finds.
            if u64::from(len) == room {
                self.reader.advance(room);
            }
        }
    }

    /// Passes over what is not a record, up to the next that is one, or to the end.
    #[cold]
    fn skip_damage(&mut self) -> Damaged {
        let before = self.reader.position();
        loop {
            self.reader.advance(ALIGN);
            let (offset, room) = self.reader.window();
            if room == 0 || check::record_at(self.reader.position(), self.bytes(offset, room)).is_some() {
                break;
            }
        }
        Damaged { bytes: (self.reader.position() - before) as usize }
    }

    #[inline]
    fn bytes(&self, offset: u64, len: u64) -> &[u8] {
        // SAFETY: `offset + len` is at most the capacity (`Reader::window`).
        let at = unsafe { self.shared.data().add(offset as usize) };
        // SAFETY: the bytes are published (`refresh` loaded `head` with Acquire) and not released, so the producer does not
        // touch them; releasing needs `&mut self`, which this borrow excludes.
        unsafe { std::slice::from_raw_parts(at.as_ptr(), len as usize) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::record::{self, ValueRef};

    fn ring(capacity: usize) -> (Producer, Consumer) {
        create(&Backing::Memfd, "test", capacity).unwrap()
    }

    /// Pushes whatever way works, as a caller would.
    fn push(producer: &mut Producer, ticks: u64, text: &str) -> Push {
        match producer.push(1, ticks, &[Arg::Str(text)], [&[]; 3]) {
            Push::Full => {
                let mut bytes = Vec::new();
                record::encode(&mut bytes, 1, ticks, &[Arg::Str(text)], &[]);
                producer.refresh(bytes.len());
                producer.push_encoded(&bytes)
            }
            other => other,
        }
    }

    #[test]
    fn records_of_every_length_survive_many_laps() {
        let (mut producer, mut consumer) = ring(4096);
        let text = "x".repeat(900);
        for ticks in 0..20_000u64 {
            let len = (ticks as usize * 37) % 900;
            assert_eq!(push(&mut producer, ticks, &text[..len]), Push::Done);
            if ticks % 3 == 0 {
                consumer.refresh();
                while let Some(record) = consumer.next() {
                    let record = record.unwrap();
                    let ValueRef::Str(got) = record.values().next().unwrap() else { panic!() };
                    assert_eq!(got.as_bytes().len(), (record.ticks() as usize * 37) % 900);
                }
                let position = consumer.position();
                consumer.release(position);
            }
        }
    }

    #[test]
    fn a_full_ring_says_so_and_takes_again_after_a_release() {
        let (mut producer, mut consumer) = ring(4096);
        let mut pushed = 0;
        while push(&mut producer, pushed, "0123456789") == Push::Done {
            pushed += 1;
        }
        assert!(pushed > 80, "{pushed}");
        assert!(producer.refresh(64).half);
        consumer.refresh();
        for ticks in 0..pushed {
            assert_eq!(consumer.next().unwrap().unwrap().ticks(), ticks);
        }
        assert!(consumer.next().is_none());
        assert_eq!(push(&mut producer, 0, "taken, but not released"), Push::Full);
        let position = consumer.position();
        consumer.release(position);
        assert_eq!(push(&mut producer, 0, "released"), Push::Done);
    }

    #[test]
    fn a_record_beyond_its_share_is_too_large() {
        let (mut producer, _consumer) = ring(4096);
        assert_eq!(push(&mut producer, 0, &"x".repeat(3000)), Push::TooLarge);
        assert_eq!(push(&mut producer, 0, &"x".repeat(5000)), Push::TooLarge);
        assert_eq!(push(&mut producer, 0, &"x".repeat(900)), Push::Done);
    }

    #[test]
    fn an_argument_with_code_of_its_own_is_not_written_into_the_slot() {
        let (mut producer, mut consumer) = ring(4096);
        assert_eq!(producer.push(1, 0, &[Arg::U64(1), Arg::Display(&"x")], [&[]; 3]), Push::NotPlain);
        assert_eq!(consumer.refresh(), 0);
    }

    #[test]
    fn damage_is_passed_over_and_counted() {
        let (mut producer, mut consumer) = ring(4096);
        assert_eq!(push(&mut producer, 0, "a"), Push::Done);
        assert_eq!(push(&mut producer, 0, "b"), Push::Done);
        // SAFETY: the first record's length, in memory this test owns; no reference to it is alive.
        unsafe { producer.shared.data().cast::<u32>().write(3_000_000) };
        let visible = consumer.refresh();
        assert_eq!(consumer.next().unwrap().unwrap_err(), Damaged { bytes: visible / 2 });
        assert!(consumer.next().unwrap().is_ok(), "what lies behind the damage is read");
        assert!(consumer.next().is_none());
    }

    #[test]
    fn two_threads_pass_a_million_records_in_order() {
        let (mut producer, mut consumer) = ring(64 << 10);
        const COUNT: u64 = if cfg!(miri) { 1_000 } else { 1_000_000 };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for ticks in 0..COUNT {
                    while push(&mut producer, ticks, "some text of a usual length") != Push::Done {
                        std::thread::yield_now();
                    }
                }
            });
            let mut expected = 0;
            while expected < COUNT {
                if consumer.refresh() == 0 {
                    std::thread::yield_now();
                }
                while let Some(record) = consumer.next() {
                    assert_eq!(record.unwrap().ticks(), expected);
                    expected += 1;
                }
                let position = consumer.position();
                consumer.release(position);
            }
        });
    }
}
