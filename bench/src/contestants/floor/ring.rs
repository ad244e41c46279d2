//! The floor's ring: bytes of one thread on their way to one other thread.
//!
//! Invariants: `head` and `tail` count bytes and never decrease; `head - tail <= RING_BYTES`. Only the producer writes
//! `head` and the bytes in `tail..tail + RING_BYTES` that are not yet published; only the consumer writes `tail`. The
//! Release store of `head` publishes a record and pairs with the consumer's Acquire load; the Release store of `tail`
//! frees its bytes and pairs with the producer's Acquire load. A record never wraps: one that would begins at the start.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bytes of a ring: the benchmark's rule for everyone who can choose.
pub const RING_BYTES: usize = 1 << 20;
/// Records begin at multiples of this, so that the length in front of each can be written as one word.
const ALIGN: usize = 8;
/// In the place of a length: the rest of the ring up to its end is unused.
const SKIP: u64 = u64::MAX;
/// Bytes of the length.
const LENGTH_BYTES: usize = 8;
/// How long a producer sleeps when the ring is full; the consumer frees thousands of records in this time.
const FULL_WAIT: Duration = Duration::from_micros(100);

#[repr(align(128))]
struct Line<T>(T);

/// Shared by one [`Producer`] and one [`Consumer`].
struct Ring {
    bytes: *mut u8,
    head: Line<AtomicU64>,
    tail: Line<AtomicU64>,
}

/// The writing half. Not `Clone`, not `Send`: two producers would race.
pub struct Producer {
    ring: &'static Ring,
    head: Cell<u64>,
    /// The consumer's position as last seen; read again only when the ring looks full.
    tail_seen: Cell<u64>,
}

/// The reading half.
pub struct Consumer {
    ring: &'static Ring,
    tail: u64,
}

// SAFETY: the consumer reads only published bytes (see the invariants), from whichever thread owns it.
unsafe impl Send for Consumer {}

/// A ring with its two halves. Never freed: it lives as long as the process, as a logger's would.
pub fn ring() -> (Producer, Consumer) {
    // Touched once, so that no page fault falls into a measurement.
    let bytes = Box::leak(vec![1u8; RING_BYTES + LENGTH_BYTES].into_boxed_slice());
    let bytes = bytes.as_mut_ptr().wrapping_add(bytes.as_ptr().align_offset(ALIGN));
    let ring: &'static Ring =
        Box::leak(Box::new(Ring { bytes, head: Line(AtomicU64::new(0)), tail: Line(AtomicU64::new(0)) }));
    (Producer { ring, head: Cell::new(0), tail_seen: Cell::new(0) }, Consumer { ring, tail: 0 })
}

/// A place for one record, and a pen that moves through it.
pub struct Pen {
    at: *mut u8,
}

impl Pen {
    #[inline(always)]
    pub fn word(&mut self, word: u64) {
        // SAFETY: `Producer::push` reserved the bytes that its caller announced, and callers announce what they write.
        unsafe { self.at.cast::<u64>().write_unaligned(word) };
        self.at = self.at.wrapping_add(8);
    }

    #[inline(always)]
    pub fn text(&mut self, text: &str) {
        // SAFETY: as for `word`.
        unsafe { self.at.cast::<u16>().write_unaligned(text.len() as u16) };
        // SAFETY: as for `word`; a `&str` never overlaps the ring, whose bytes only this module hands out.
        unsafe { self.at.add(2).copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        self.at = self.at.wrapping_add(2 + text.len());
    }
}

impl Producer {
    /// Reserves `len` bytes, lets `write` fill them, publishes them. Waits while the ring is full.
    #[inline(always)]
    pub fn push(&self, len: usize, write: impl FnOnce(&mut Pen)) {
        let size = (LENGTH_BYTES + len + ALIGN - 1) & !(ALIGN - 1);
        let mut head = self.head.get();
        let at = head as usize & (RING_BYTES - 1);
        let skip = if at + size > RING_BYTES { RING_BYTES - at } else { 0 };
        if head + (skip + size) as u64 > self.tail_seen.get() + RING_BYTES as u64 {
            self.wait(head + (skip + size) as u64);
        }
        if skip > 0 {
            // SAFETY: `at < RING_BYTES` is a multiple of 8, and the wait above made these bytes ours.
            unsafe { self.ring.bytes.add(at).cast::<u64>().write(SKIP) };
            head += skip as u64;
        }
        let place = self.ring.bytes.wrapping_add(head as usize & (RING_BYTES - 1));
        // SAFETY: `size` bytes from `place` lie inside the ring and are not published.
        unsafe { place.cast::<u64>().write(size as u64) };
        write(&mut Pen { at: place.wrapping_add(LENGTH_BYTES) });
        self.head.set(head + size as u64);
        self.ring.head.0.store(head + size as u64, Ordering::Release);
    }

    #[cold]
    fn wait(&self, end: u64) {
        loop {
            self.tail_seen.set(self.ring.tail.0.load(Ordering::Acquire));
            if end <= self.tail_seen.get() + RING_BYTES as u64 {
                return;
            }
            std::thread::sleep(FULL_WAIT);
        }
    }
}

impl Consumer {
    /// Hands every published record to `read` and frees it. False when there was none.
    pub fn drain(&mut self, mut read: impl FnMut(&[u8])) -> bool {
        let head = self.ring.head.0.load(Ordering::Acquire);
        let any = self.tail != head;
        while self.tail != head {
            let at = self.tail as usize & (RING_BYTES - 1);
            // SAFETY: `at` is a multiple of 8 below `RING_BYTES`, and the bytes up to `head` are published.
            let size = unsafe { self.ring.bytes.add(at).cast::<u64>().read() };
            if size == SKIP {
                self.tail += (RING_BYTES - at) as u64;
                continue;
            }
            // SAFETY: a published record is `size` bytes long and never wraps; the producer does not touch it.
            let record = unsafe { std::slice::from_raw_parts(self.ring.bytes.add(at), size as usize) };
            read(&record[LENGTH_BYTES..]);
            self.tail += size;
            self.ring.tail.0.store(self.tail, Ordering::Release);
        }
        any
    }
}
