//! Who may touch which bytes of a ring, and when.
//!
//! Two positions, `head` and `tail`, count bytes since the ring was made; they only grow. Their difference is what lies in
//! the ring; modulo the capacity (a power of two) they are offsets.
//!
//! **Invariant:** only the producer stores `head`, only the consumer stores `tail`, and `tail <= head <= tail + capacity`.
//! **Invariant:** bytes in `[tail, head)` belong to the consumer, all others to the producer. The producer's `Release` store
//! of `head` hands bytes over, and pairs with the consumer's `Acquire` load; the consumer's `Release` store of `tail` hands
//! them back, and pairs with the producer's `Acquire` load in [`Writer::refresh`].
//! **Invariant:** a record is contiguous and begins at a multiple of [`ALIGN`]; what does not fit before the end of the memory
//! begins at its start, behind a filler, so `head` is published once for both.
//!
//! The positions are all that a crash leaves behind: a record is in the ring exactly when `head` is past it.

use crate::primitive::{AtomicU64, Ordering};

/// Records begin at multiples of this many bytes. Eight: a filler (length and site, four bytes each) always fits.
pub(crate) const ALIGN: u64 = 8;

/// The positions in shared memory. Each has a pair of cache lines of its own: the two sides store at different times, and
/// x86 prefetches lines in pairs.
#[repr(C, align(128))]
#[derive(Debug)]
pub(crate) struct Position(pub(crate) AtomicU64);

/// The producer's private view.
#[derive(Debug)]
pub(crate) struct Writer {
    head: u64,
    /// Up to here it may write without looking at `tail` again. At first half a ring past the last `tail` seen, so that
    /// the slow path is entered once there and can wake the consumer early; then the whole ring.
    limit: u64,
    capacity: u64,
}

/// What the producer found when it looked at the consumer's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes free.
    pub(crate) free: u64,
    /// True when half of the ring or more is taken: the consumer should be woken.
    pub(crate) half: bool,
}

impl Writer {
    pub(crate) fn new(capacity: u64, head: u64, tail: u64) -> Writer {
        debug_assert!(capacity.is_power_of_two() && capacity >= 2 * ALIGN);
        Writer { head, limit: (tail + capacity / 2).max(head), capacity }
    }

    /// Where the next record begins: bytes ever written.
    #[inline]
    pub(crate) fn position(&self) -> u64 {
        self.head
    }

    /// Offset of the next record, and the bytes it may take there without wrapping.
    #[inline]
    pub(crate) fn window(&self) -> (u64, u64) {
        let offset = self.head & (self.capacity - 1);
        (offset, (self.limit - self.head).min(self.capacity - offset))
    }

    /// Bytes left before the end of the memory, when a record at the start would fit where one here does not.
    ///
    /// Returns the offset and length of the filler to write, and moves on to the start; nothing is published yet.
    pub(crate) fn wrap(&mut self, need: u64) -> Option<(u64, u64)> {
        let offset = self.head & (self.capacity - 1);
        let rest = self.capacity - offset;
        (rest < need && self.limit - self.head >= rest + need).then(|| {
            self.head += rest;
            (offset, rest)
        })
    }

    /// Publishes `len` bytes written at the window, and whatever [`Writer::wrap`] passed over before.
    #[inline]
    pub(crate) fn commit(&mut self, len: u64, head: &AtomicU64) {
        self.head += (len + (ALIGN - 1)) & !(ALIGN - 1);
        head.store(self.head, Ordering::Release);
    }

    /// Looks at the consumer's position and extends the limit, to hold `need` bytes more if the ring has them.
    pub(crate) fn refresh(&mut self, tail: &AtomicU64, need: u64) -> Room {
        let tail = tail.load(Ordering::Acquire) & !(ALIGN - 1);
        // A damaged `tail` must not move the limit outside what the invariant allows.
        let tail = tail.clamp(self.head.saturating_sub(self.capacity), self.head);
        let used = self.head - tail;
        // Behind a filler, the record takes the filler's bytes as well.
        let rest = self.capacity - (self.head & (self.capacity - 1));
        let need = need + if rest < need { rest } else { 0 };
        let half = used + need >= self.capacity / 2;
        self.limit = tail + if half { self.capacity } else { self.capacity / 2 };
        Room { free: self.capacity - used, half }
    }
}

/// The consumer's private view.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    at: u64,
    head: u64,
    capacity: u64,
}

impl Reader {
    pub(crate) fn new(capacity: u64, tail: u64) -> Reader {
        Reader { at: tail, head: tail, capacity }
    }

    /// Looks at the producer's position; returns the bytes that can be read.
    pub(crate) fn refresh(&mut self, head: &AtomicU64) -> u64 {
        let head = head.load(Ordering::Acquire);
        // As above: a damaged `head` makes us read nothing rather than bytes that are not ours.
        if head.wrapping_sub(self.at) <= self.capacity {
            self.head = head;
        }
        self.head - self.at
    }

    /// Offset of the next unread record, and the bytes readable there without wrapping; zero when all is read.
    #[inline]
    pub(crate) fn window(&self) -> (u64, u64) {
        let offset = self.at & (self.capacity - 1);
        (offset, (self.head - self.at).min(self.capacity - offset))
    }

    /// Passes over `len` bytes. They stay in the ring until [`Reader::release`].
    #[inline]
    pub(crate) fn advance(&mut self, len: u64) {
        self.at = (self.at + ((len + (ALIGN - 1)) & !(ALIGN - 1))).min(self.head);
    }

    /// A reader of what lies between two positions, whatever is published.
    pub(crate) fn between(capacity: u64, at: u64, head: u64) -> Reader {
        debug_assert!(head.wrapping_sub(at) <= capacity);
        Reader { at, head, capacity }
    }

    /// The position up to which it may read.
    pub(crate) fn end(&self) -> u64 {
        self.head
    }

    /// The position reached; give it to [`Reader::release`] later to hand back the bytes before it.
    #[inline]
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// Hands the bytes before `position` back to the producer.
    #[inline]
    pub(crate) fn release(position: u64, tail: &AtomicU64) {
        tail.store(position, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_does_not_fit_before_the_end_begins_at_the_start() {
        let (head, tail) = (AtomicU64::new(0), AtomicU64::new(0));
        let mut writer = Writer::new(64, 0, 0);
        writer.commit(24, &head);
        writer.refresh(&tail, 8);
        writer.commit(24, &head);
        tail.store(48, Ordering::Release);
        assert!(writer.refresh(&tail, 24).half, "with the filler, the record takes the ring past its half");
        assert_eq!(writer.window(), (48, 16));
        assert_eq!(writer.wrap(24), Some((48, 16)));
        assert_eq!(head.load(Ordering::Acquire), 48, "a wrap publishes nothing by itself");
        assert_eq!(writer.window().0, 0);
        writer.commit(24, &head);
        assert_eq!(head.load(Ordering::Acquire), 88);
    }

    #[test]
    fn the_limit_stops_at_half_until_the_writer_has_looked() {
        let tail = AtomicU64::new(0);
        let head = AtomicU64::new(0);
        let mut writer = Writer::new(64, 0, 0);
        assert_eq!(writer.window(), (0, 32));
        writer.commit(32, &head);
        assert_eq!(writer.window().1, 0);
        assert_eq!(writer.refresh(&tail, 8), Room { free: 32, half: true });
        assert_eq!(writer.window().1, 32);
    }

    #[test]
    fn damaged_positions_never_widen_what_a_side_may_touch() {
        let head = AtomicU64::new(0);
        let mut writer = Writer::new(64, 0, 0);
        writer.commit(32, &head);
        let room = writer.refresh(&AtomicU64::new(u64::MAX), 8);
        assert_eq!(room.free, 64, "a tail ahead of the head counts as an empty ring");
        let mut reader = Reader::new(64, 0);
        assert_eq!(reader.refresh(&AtomicU64::new(u64::MAX)), 0);
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::{cell::UnsafeCell, sync::Arc, thread};

    const CAPACITY: u64 = 32;

    struct Memory {
        head: AtomicU64,
        tail: AtomicU64,
        /// One cell per aligned slot; loom reports any read and write that are not ordered.
        cells: [UnsafeCell<u64>; (CAPACITY / ALIGN) as usize],
    }

    /// Pushes one value as a record of one slot (sometimes with a second, so that records wrap).
    fn push(writer: &mut Writer, memory: &Memory, value: u64, slots: u64) -> bool {
        let need = slots * ALIGN;
        if writer.window().1 < need {
            writer.refresh(&memory.tail, need);
            if writer.window().1 < need {
                match writer.wrap(need) {
                    Some((offset, _)) => {
                        memory.cells[(offset / ALIGN) as usize].with_mut(|cell| unsafe { *cell = u64::MAX });
                    }
                    None => return false,
                }
            }
        }
        let (offset, _) = writer.window();
        for slot in 0..slots {
            memory.cells[(offset / ALIGN + slot) as usize].with_mut(|cell| unsafe { *cell = value });
        }
        writer.commit(need, &memory.head);
        true
    }

    fn model(records: &'static [(u64, u64)]) {
        // Three preemptions find every known kind of ordering mistake (Musuvathi and Qadeer, PLDI 2007), in seconds.
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            let memory = Arc::new(Memory {
                head: AtomicU64::new(0),
                tail: AtomicU64::new(0),
                cells: std::array::from_fn(|_| UnsafeCell::new(0)),
            });
            let producer = {
                let memory = Arc::clone(&memory);
                thread::spawn(move || {
                    let mut writer = Writer::new(CAPACITY, 0, 0);
                    for &(value, slots) in records {
                        while !push(&mut writer, &memory, value, slots) {
                            thread::yield_now();
                        }
                    }
                })
            };
            let mut reader = Reader::new(CAPACITY, 0);
            let mut seen = Vec::new();
            while seen.len() < records.len() {
                if reader.refresh(&memory.head) == 0 {
                    thread::yield_now();
                    continue;
                }
                while reader.window().1 > 0 {
                    let (offset, room) = reader.window();
                    let value = memory.cells[(offset / ALIGN) as usize].with(|cell| unsafe { *cell });
                    if value == u64::MAX {
                        reader.advance(room);
                    } else {
                        let (_, slots) = records[seen.len()];
                        reader.advance(slots * ALIGN);
                        seen.push(value);
                    }
                }
                Reader::release(reader.position(), &memory.tail);
            }
            producer.join().unwrap();
            assert_eq!(seen, records.iter().map(|r| r.0).collect::<Vec<_>>());
        });
    }

    #[test]
    fn every_record_arrives_once_and_in_order() {
        model(&[(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]);
    }

    #[test]
    fn records_that_wrap_arrive_whole() {
        model(&[(1, 2), (2, 1), (3, 2), (4, 1)]);
    }
}
