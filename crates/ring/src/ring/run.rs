//! The events of one run of an operation: their values are encoded once, with the start, and kept for the end.
//!
//! The start's values are written into the ring and into a buffer at the same time. Copied from one to the other right after, they
//! would be loaded in large pieces that were stored in small ones, which the processor can only do once the stores have left
//! its queue.

use std::{marker::PhantomData, ptr::NonNull};

use super::{Producer, Push, Slot};
use crate::{
    append::copy,
    arg::Arg,
    record::{
        HEADER_BYTES, KeptValues, RunStart, Tag, check,
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
        let mut both = Both {
            at: slot.at,
            copy: NonNull::from(&mut *spare).cast(),
            left: slot.left.min(spare.len()),
            overflowed: false,
            places: PhantomData,
        };
        let begin = both.copy;
        for arg in args {
            if write::common(&mut both, arg) {
                continue;
            }
            if !arg.is_plain() {
                return Push::NotPlain;
            }
            // By value, so that it stays in registers where this is not called.
            both = both.with_rare(arg);
        }
        ids.write(&mut both);
        let values_len = both.copied(begin);
        both.bytes(context);
        if both.overflowed {
            // The ring or the buffer: the longer way finds out.
            return Push::why_not(args);
        }
        let len = both.copied(begin);
        slot.skip(len);
        let values = args.len() + ids.count();
        if let Some(whole) = finish(slot, (position, start), site, ticks, values, scope) {
            self.writer.commit(whole, &self.shared.head().0);
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
        let Some(start) = slot.skip(HEADER_BYTES) else { return Push::Full };
        write::common(&mut slot, &Arg::F64(first));
        slot.bytes(kept.as_bytes());
        let Some(len) = finish(slot, (position, start), site, ticks, 1 + kept.count(), scope) else {
            return Push::Full;
        };
        self.writer.commit(len, &self.shared.head().0);
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
    slot.bytes(scope);
    if slot.overflowed {
        return None;
    }
    let len = slot.written();
    slot.fill(start, check::header(position, len as u32, site, ticks, values as u16));
    Some(len as u64)
}

/// Bytes of a ring's slot and of a buffer's spare capacity, being written alike.
///
/// **Invariant:** `left` bytes from `at` lie in the slot, `left` bytes from `copy` in the spare capacity, and nothing else refers
/// to them before the record is committed and the buffer has taken them over.
struct Both<'a> {
    at: NonNull<u8>,
    copy: NonNull<u8>,
    left: usize,
    overflowed: bool,
    places: PhantomData<&'a mut [u8]>,
}

impl Both<'_> {
    #[inline(never)]
    fn with_rare(mut self, arg: &Arg<'_>) -> Self {
        write::rare(&mut self, arg);
        self
    }

    /// Bytes written since `begin`, an earlier `copy`.
    #[inline(always)]
    fn copied(&self, begin: NonNull<u8>) -> usize {
        // The distance of two addresses in one buffer.
        self.copy.as_ptr() as usize - begin.as_ptr() as usize
    }

    /// Leaves `len` bytes to be written in both places; returns where.
    #[inline(always)]
    fn skip(&mut self, len: usize) -> Option<(NonNull<u8>, NonNull<u8>)> {
        if len > self.left {
            (self.left, self.overflowed) = (0, true);
            return None;
        }
        let places = (self.at, self.copy);
        // SAFETY: `len <= left`.
        (self.at, self.copy) = unsafe { (self.at.add(len), self.copy.add(len)) };
        self.left -= len;
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
            unsafe {
                copy(bytes, at);
                copy(bytes, kept);
            }
        }
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
