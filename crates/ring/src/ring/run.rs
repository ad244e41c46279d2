//! The events of one run of an operation: their values are encoded once, with the start, and kept for the end.
//!
//! The start's values are written into the ring and into a buffer at the same time. Copied from one to the other right after, they
//! would be loaded in large pieces that were stored in small ones, which the processor can only do once the stores have left
//! its queue.

use std::{marker::PhantomData, ptr::NonNull};

use super::{Producer, Push, Slot};
use crate::{
    arg::Arg,
    record::{
        HEADER_BYTES, ID_DIGITS, KeptValues, RunStart, Tag, check, digits,
        write::{self, Out},
    },
};

impl Producer {
    /// Appends the start of a run: the values of the call and the ids, then two finished blocks (an empty one is none), the run's
    /// context and that of the thread. All but the last is in `kept` as well when this returns [`Push::Done`]; else `kept` is
    /// empty.
    ///
    /// Cost: that of [`Producer::push`], and a second store for each.
    #[inline]
    pub fn push_start(
        &mut self,
        site: u32,
        ticks: u64,
        run: &RunStart<'_>,
        kept: &mut KeptValues,
        scope: &[u8],
    ) -> Push {
        let RunStart { args, ids, context } = *run;
        let (offset, room) = self.writer.window();
        let position = self.writer.position();
        let mut slot = self.slot(offset, room as usize);
        let spare = kept.spare();
        let Some(start) = slot.skip(HEADER_BYTES) else { return Push::why_not(args) };
        let limit = slot.left.min(spare.len());
        let (at, copy) = (slot.at, NonNull::from(&mut *spare).cast());
        let mut both = Both { at, copy, len: values(args, at, copy, limit), limit, places: PhantomData };
        both.id(ids.id);
        if ids.parent != 0 {
            both.id(ids.parent);
        }
        let values_len = both.len;
        if !context.is_empty() {
            both.bytes(context);
        }
        let len = both.len;
        if len > limit {
            // The ring, the buffer, or a value that is not plain: the longer way finds out.
            return Push::why_not(args);
        }
        slot.skip(len);
        let values = args.len() + ids.count();
        if let Some(whole) = finish(slot, (position, start), site, ticks, values, scope) {
            self.commit(whole);
            // SAFETY: `len` bytes of the spare capacity have been written: what `both` was given was no longer than that.
            unsafe { kept.assume(len, values, values_len) };
            return Push::Done;
        }
        Push::why_not(args)
    }

    /// Appends an end of a run: a float, what was kept, then the thread's context.
    #[inline]
    pub fn push_end(&mut self, site: u32, ticks: u64, first: f64, kept: &KeptValues, scope: &[u8]) -> Push {
        let (offset, room) = self.writer.window();
        let position = self.writer.position();
        let mut slot = self.slot(offset, room as usize);
        let bytes = kept.as_bytes();
        let Some(start) = slot.skip(HEADER_BYTES + NUMBER_BYTES + bytes.len()) else { return Push::Full };
        // SAFETY: `skip` returned as many bytes as are written here. With a call, as it is a hundred of them: what is loaded at once
        // and stored at once without one needs more registers than there are.
        unsafe {
            let at = start.add(HEADER_BYTES);
            number(at, Tag::F64, first.to_bits());
            at.add(NUMBER_BYTES).copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
        }
        let Some(len) = finish(slot, (position, start), site, ticks, 1 + kept.count(), scope) else {
            return Push::Full;
        };
        self.commit(len);
        Push::Done
    }
}

/// Appends the last block and writes the header; the length of the record, when it fits.
#[inline(always)]
fn finish(
    mut slot: Slot<'_>,
    (position, start): (u64, NonNull<u8>),
    site: u32,
    ticks: u64,
    values: usize,
    scope: &[u8],
) -> Option<u64> {
    // Most are empty, and nothing is decided faster than how to copy it.
    if !scope.is_empty() {
        slot.bytes(scope);
    }
    if slot.overflowed {
        return None;
    }
    let len = slot.written();
    slot.fill(start, check::header(position, len as u32, site, ticks, values as u16));
    Some(len as u64)
}

/// Bytes of a ring's slot and of a buffer's spare capacity, being written alike.
///
/// **Invariant:** `limit` bytes from `at` lie in the slot, `limit` bytes from `copy` in the spare capacity, and nothing else refers
/// to them before the record is committed and the buffer has taken them over. `len` of them have been written; it is [`TOO_LONG`],
/// beyond any limit, once something was not.
struct Both<'a> {
    at: NonNull<u8>,
    copy: NonNull<u8>,
    len: usize,
    limit: usize,
    places: PhantomData<&'a mut [u8]>,
}

/// More than there ever is room for, with room for what is added to it.
const TOO_LONG: usize = isize::MAX as usize;

/// Bytes of a number's value, and of an id's.
const NUMBER_BYTES: usize = 1 + size_of::<u64>();
const TEXT_HEAD_BYTES: usize = 1 + size_of::<u32>();
const ID_BYTES: usize = TEXT_HEAD_BYTES + ID_DIGITS;

/// Writes a number's value.
///
/// # Safety
/// `at` must be valid for writing [`NUMBER_BYTES`].
#[inline(always)]
unsafe fn number(at: NonNull<u8>, tag: Tag, bits: u64) {
    // SAFETY: the caller's.
    unsafe {
        at.write(tag as u8);
        at.add(1).cast::<u64>().write_unaligned(bits.to_le());
    }
}

/// Writes what is before the bytes of a text.
///
/// # Safety
/// `at` must be valid for writing [`TEXT_HEAD_BYTES`].
#[inline(always)]
unsafe fn text_head(at: NonNull<u8>, len: u32) {
    // SAFETY: the caller's.
    unsafe {
        at.write(Tag::Str as u8);
        at.add(1).cast::<u32>().write_unaligned(len.to_le());
    }
}

/// Writes values to both of `places`; returns their length, [`TOO_LONG`] where one is not plain or does not fit.
///
/// The places are those of a [`Both`], with its invariant. Apart, and with the most usual types in place: with the rest of a push
/// around it, the loop would keep half of what it needs on the stack, and take twice as long.
#[inline(never)]
fn values(args: &[Arg<'_>], at: NonNull<u8>, copy: NonNull<u8>, limit: usize) -> usize {
    let mut len = 0;
    for arg in args {
        if let Arg::Str(text) = *arg {
            let begin = len + TEXT_HEAD_BYTES;
            let end = begin + text.len();
            if end > limit {
                return TOO_LONG;
            }
            // SAFETY: `end` is at most `limit`, so the head and the text fit from `len` on, in both places.
            unsafe {
                text_head(at.add(len), text.len() as u32);
                text_head(copy.add(len), text.len() as u32);
                copy_to_both(text.as_bytes(), at.add(begin), copy.add(begin));
            }
            len = end;
            continue;
        }
        let (tag, bits) = match *arg {
            Arg::I64(number) => (Tag::I64, number.cast_unsigned()),
            Arg::U64(number) => (Tag::U64, number),
            Arg::F64(number) => (Tag::F64, number.to_bits()),
            _ => {
                len = rare(arg, Both { at, copy, len, limit, places: PhantomData });
                if len > limit {
                    return TOO_LONG;
                }
                continue;
            }
        };
        let end = len + NUMBER_BYTES;
        if end > limit {
            return TOO_LONG;
        }
        // SAFETY: NUMBER_BYTES fit from `len` on, in both places.
        unsafe {
            number(at.add(len), tag, bits);
            number(copy.add(len), tag, bits);
        }
        len = end;
    }
    len
}

/// Writes a value of another type; returns the new length.
#[inline(never)]
fn rare(arg: &Arg<'_>, mut both: Both<'_>) -> usize {
    if !arg.is_plain() {
        return TOO_LONG;
    }
    write::rare(&mut both, arg);
    both.len
}

impl Both<'_> {
    /// Writes an id.
    #[inline(always)]
    fn id(&mut self, id: u64) {
        if let Some((at, kept)) = self.skip(ID_BYTES) {
            let digits = digits(id);
            // SAFETY: `skip` returned that many bytes in both places.
            unsafe {
                for place in [at, kept] {
                    text_head(place, ID_DIGITS as u32);
                    place.add(TEXT_HEAD_BYTES).cast::<[u8; ID_DIGITS]>().write_unaligned(digits);
                }
            }
        }
    }

    /// Leaves `len` bytes to be written in both places; returns where.
    #[inline(always)]
    fn skip(&mut self, len: usize) -> Option<(NonNull<u8>, NonNull<u8>)> {
        let end = self.len + len;
        if end > self.limit {
            self.len = TOO_LONG;
            return None;
        }
        // SAFETY: `self.len <= end <= limit`.
        let places = unsafe { (self.at.add(self.len), self.copy.add(self.len)) };
        self.len = end;
        Some(places)
    }
}

impl Out for Both<'_> {
    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((at, kept)) = self.skip(N) {
            // SAFETY: `skip` returned N bytes in both places.
            unsafe {
                at.cast::<[u8; N]>().write_unaligned(bytes);
                kept.cast::<[u8; N]>().write_unaligned(bytes);
            }
        }
    }

    #[inline(always)]
    fn text(&mut self, tag: Tag, text: &str) {
        self.array([tag as u8]);
        self.array((text.len() as u32).to_le_bytes());
        self.bytes(text.as_bytes());
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        if let Some((at, kept)) = self.skip(bytes.len()) {
            // SAFETY: `skip` returned `bytes.len()` bytes in both places, which no Rust reference covers.
            unsafe { copy_to_both(bytes, at, kept) };
        }
    }
}

/// 16 bytes that stay in a register.
#[cfg(target_arch = "x86_64")]
type Wide = std::arch::x86_64::__m128i;
#[cfg(not(target_arch = "x86_64"))]
type Wide = u128;

/// As [`copy`], to two places: what was loaded is stored twice.
///
/// # Safety
/// Both places must be valid for writing `bytes.len()` bytes, and not overlap `bytes` or each other.
#[inline(always)]
unsafe fn copy_to_both(bytes: &[u8], to: NonNull<u8>, also: NonNull<u8>) {
    /// Copies the first and the last `size_of::<T>()` bytes; together they cover up to twice that.
    ///
    /// # Safety
    /// `len >= size_of::<T>()`; all three valid for `len` bytes.
    #[inline(always)]
    unsafe fn ends<T: Copy>(from: *const u8, to: NonNull<u8>, also: NonNull<u8>, len: usize) {
        let last = len - size_of::<T>();
        // SAFETY: the caller's: at least `size_of::<T>()` bytes are there, also counted from the end.
        unsafe {
            let head = from.cast::<T>().read_unaligned();
            let tail = from.byte_add(last).cast::<T>().read_unaligned();
            for place in [to, also] {
                place.cast::<T>().write_unaligned(head);
                place.byte_add(last).cast::<T>().write_unaligned(tail);
            }
        }
    }
    let (from, len) = (bytes.as_ptr(), bytes.len());
    // SAFETY, for all: the length is at least that of the type, and the caller vouches for the rest.
    if len >= 8 {
        if len <= 16 {
            // SAFETY: see above.
            unsafe { ends::<u64>(from, to, also, len) }
        } else if len <= 32 {
            // SAFETY: see above.
            unsafe { ends::<Wide>(from, to, also, len) }
        } else {
            // Contexts, mostly: calls, as for an end.
            // SAFETY: the caller's.
            unsafe {
                for place in [to, also] {
                    place.copy_from_nonoverlapping(NonNull::from(bytes).cast(), len);
                }
            }
        }
    } else if len >= 4 {
        // SAFETY: see above.
        unsafe { ends::<u32>(from, to, also, len) }
    } else if len >= 2 {
        // SAFETY: see above.
        unsafe { ends::<u16>(from, to, also, len) }
    } else if len == 1 {
        // SAFETY: see above.
        unsafe { ends::<u8>(from, to, also, len) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{
        Backing, Consumer,
        record::{self, FieldBuffer, RunIds, ValueRef},
        ring,
    };

    fn run<'a>(args: &'a [Arg<'a>], parent: u64, context: &'a [u8]) -> RunStart<'a> {
        RunStart { args, ids: RunIds { id: 255, parent }, context }
    }

    fn text(value: ValueRef<'_>) -> String {
        match value {
            ValueRef::Str(text) => text.to_str().into_owned(),
            other => format!("{other:?}"),
        }
    }

    /// The values of the next record, then the fields of its blocks.
    #[track_caller]
    fn read(consumer: &mut Consumer) -> Vec<String> {
        consumer.refresh();
        let record = consumer.next().unwrap().unwrap();
        assert_eq!((record.site(), record.ticks()), (7, 1_000));
        let values = record.values().map(text);
        let fields = record.values().blocks().flat_map(|block| block.fields());
        values.chain(fields.map(|(key, value)| format!("{}={}", key.to_str(), text(value)))).collect()
    }

    #[test]
    fn start_and_end_hold_the_values_and_the_ids() {
        let took = std::time::Duration::from_millis(3);
        let args = [Arg::Str("a text of more than sixteen bytes"), Arg::U64(7), Arg::Duration(&took)];
        let mut context = FieldBuffer::default();
        context.set("request_id", &Arg::Str("req_1"));
        for parent in [0, 16] {
            let (mut producer, mut consumer) = ring::create(&Backing::Private, "run", 64 << 10).unwrap();
            let mut kept = KeptValues::new(Vec::with_capacity(512));
            let context = context.as_block();
            assert_eq!(
                producer.push_start(7, 1_000, &run(&args, parent, context), &mut kept, &[]),
                Push::Done
            );
            let mut encoded = KeptValues::new(Vec::new());
            encoded.encode(&run(&args, parent, context));
            assert_eq!((kept.as_bytes(), kept.count()), (encoded.as_bytes(), encoded.count()));
            let start = read(&mut consumer);
            let mut expected = vec![
                "a text of more than sixteen bytes",
                "U64(7)",
                "Duration(0, 3000000)",
                "00000000000000ff",
            ];
            expected.extend((parent > 0).then_some("0000000000000010"));
            expected.push("request_id=req_1");
            assert_eq!(start, expected);
            assert_eq!(producer.push_end(7, 1_000, 1.5, &kept, &[]), Push::Done);
            expected.insert(0, "F64(1.5)");
            assert_eq!(read(&mut consumer), expected);
            let mut bytes = Vec::new();
            record::encode_kept(&mut bytes, 7, 1_000, Some(1.5), &kept, &[]);
            assert_eq!(producer.push_encoded(&bytes), Push::Done);
            assert_eq!(read(&mut consumer), expected);
        }
    }

    #[test]
    fn what_does_not_fit_leaves_nothing_in_either_place() {
        let (mut producer, mut consumer) = ring::create(&Backing::Private, "run", 4096).unwrap();
        let args = [Arg::Str("users"), Arg::Display(&"shown")];
        let mut kept = KeptValues::new(Vec::with_capacity(512));
        assert_eq!(producer.push_start(7, 1, &run(&args, 0, &[]), &mut kept, &[]), Push::NotPlain);
        for capacity in [0, 10, 20] {
            let mut kept = KeptValues::new(Vec::with_capacity(capacity));
            assert_eq!(producer.push_start(7, 1, &run(&args[..1], 0, &[]), &mut kept, &[]), Push::Full);
            assert_eq!((kept.count(), kept.as_bytes()), (0, &b""[..]), "{capacity}");
        }
        let large = "x".repeat(5_000);
        let mut kept = KeptValues::new(Vec::with_capacity(10_000));
        assert_eq!(producer.push_start(7, 1, &run(&[Arg::Str(&large)], 0, &[]), &mut kept, &[]), Push::Full);
        assert_eq!(producer.push_start(7, 1, &run(&[], 0, large.as_bytes()), &mut kept, &[]), Push::Full);
        assert_eq!(kept.count(), 0);
        assert_eq!(producer.push_start(7, 1, &run(&[], 0, &[]), &mut kept, large.as_bytes()), Push::Full);
        assert_eq!(kept.count(), 0);
        kept.encode(&run(&[Arg::Str(&large)], 0, &[]));
        assert_eq!(producer.push_end(7, 1, 1.0, &kept, &[]), Push::Full);
        consumer.refresh();
        assert!(consumer.next().is_none());
    }
}
