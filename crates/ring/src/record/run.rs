//! What ties the events of one run of an operation together, and the values that they share.
//!
//! An id is a text of hexadecimal digits, like any other to a reader. It has code of its own because every operation writes two
//! or more: a constant, then the digits, is a fifth of the work of a text of any length.

use super::{
    RECORD_BYTES_MAX, Tag, VALUES_MAX,
    fields::bounded,
    read::Cursor,
    write::{self, Out},
};
use crate::{append::Appender, arg::Arg};

/// Digits of an id.
pub const ID_DIGITS: usize = 16;

/// The ids of one run: one value, or two where there is a parent.
#[derive(Clone, Copy, Debug)]
pub struct RunIds {
    /// Of the run itself.
    pub id: u64,
    /// Of the run around it; zero when there is none.
    pub parent: u64,
}

/// What a run starts with.
#[derive(Clone, Copy, Debug)]
pub struct RunStart<'a> {
    /// The values of the call.
    pub args: &'a [Arg<'a>],
    /// The values behind them.
    pub ids: RunIds,
    /// A finished block that all its events carry, or nothing.
    pub context: &'a [u8],
}

impl RunIds {
    /// Values it is.
    #[inline]
    pub(crate) fn count(self) -> usize {
        1 + usize::from(self.parent != 0)
    }

    #[inline(always)]
    pub(crate) fn write(self, out: &mut impl Out) {
        id(out, self.id);
        if self.parent != 0 {
            id(out, self.parent);
        }
    }
}

#[inline(always)]
fn id(out: &mut impl Out, id: u64) {
    const HEAD: [u8; 5] = [Tag::Str as u8, ID_DIGITS as u8, 0, 0, 0];
    out.array(HEAD);
    out.array(digits(id));
}

/// Values as bytes, without a record around them: those of a run's start, kept for its other events; and the context that
/// the run was given.
#[derive(Debug, Default)]
pub struct KeptValues {
    /// The values, then a block or nothing.
    bytes: Vec<u8>,
    values_len: u32,
    count: u16,
}

impl KeptValues {
    /// None.
    pub const EMPTY: KeptValues = KeptValues { bytes: Vec::new(), values_len: 0, count: 0 };

    /// None yet, with the capacity of `buffer`; its content is thrown away.
    #[inline]
    pub fn new(mut buffer: Vec<u8>) -> KeptValues {
        buffer.clear();
        KeptValues { bytes: buffer, values_len: 0, count: 0 }
    }

    /// Bytes it can hold before it allocates.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The bytes as they go into a record: one value after the other, then the context.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The context, a block, or nothing.
    pub fn context(&self) -> &[u8] {
        &self.bytes[self.values_len as usize..]
    }

    /// How many values there are.
    #[inline]
    pub fn count(&self) -> usize {
        self.count.into()
    }

    /// Encodes the values of a start, whatever the arguments are: the user's code may run.
    pub fn encode(&mut self, start: &RunStart<'_>) {
        let RunStart { args, ids, context } = *start;
        // Two less than a record holds, for what an end has besides.
        let args = &args[..args.len().min(VALUES_MAX - ids.count() - 1)];
        self.bytes.clear();
        for arg in args {
            bounded(&mut self.bytes, arg);
        }
        ids.write(&mut self.bytes);
        self.values_len = self.bytes.len() as u32;
        self.bytes.extend_from_slice(context);
        self.count = (args.len() + ids.count()) as u16;
    }

    /// Each value's bytes.
    pub(crate) fn raw(&self) -> impl Iterator<Item = &[u8]> {
        let mut cursor = Cursor::new(&self.bytes[..self.values_len as usize]);
        std::iter::from_fn(move || {
            let before = cursor.rest();
            cursor.value(0)?;
            Some(&before[..before.len() - cursor.rest().len()])
        })
    }

    /// Empty, the room for [`Producer::push_start`](crate::Producer::push_start) to write the values into.
    #[inline]
    pub(crate) fn spare(&mut self) -> &mut [std::mem::MaybeUninit<u8>] {
        self.bytes.clear();
        (self.values_len, self.count) = (0, 0);
        self.bytes.spare_capacity_mut()
    }

    /// Takes over the values that were written into [`KeptValues::spare`].
    ///
    /// # Safety
    /// The first `len` bytes there are initialised: `values_len` bytes that are `count` values, then the context.
    #[inline]
    pub(crate) unsafe fn assume(&mut self, len: usize, count: usize, values_len: usize) {
        // SAFETY: the caller's.
        unsafe { self.bytes.set_len(len) };
        (self.values_len, self.count) = (values_len as u32, count as u16);
    }
}

/// Encodes a whole record of a run at the end of `out`: a float when there is one, what was kept, the thread's context.
///
/// Shape: a context that would make the record longer than [`RECORD_BYTES_MAX`] is left out.
pub fn encode_kept(
    out: &mut Vec<u8>,
    site: u32,
    ticks: u64,
    first: Option<f64>,
    kept: &KeptValues,
    scope: &[u8],
) {
    let start = out.len();
    let mut appender = Appender::new(out);
    let values = kept.count() + usize::from(first.is_some());
    Out::array(&mut appender, write::header(0, site, ticks, values as u16, 0));
    if let Some(first) = first {
        write::plain(&mut appender, &Arg::F64(first));
    }
    Out::bytes(&mut appender, &kept.bytes);
    drop(appender);
    if out.len() - start + scope.len() <= RECORD_BYTES_MAX {
        out.extend_from_slice(scope);
    }
    let len = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
}

/// A number as [`ID_DIGITS`] lower-case hexadecimal digits, most significant first.
///
/// All at once: a nibble per byte, then `0` to `9` or `a` to `f`. A loop over a table takes ten times as long.
#[inline]
pub fn digits(number: u64) -> [u8; ID_DIGITS] {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE2 belongs to x86-64.
    return unsafe { by_vector::digits(number) };
    #[cfg(not(target_arch = "x86_64"))]
    return by_halves(number);
}

/// In one register of 16 bytes, which every x86-64 has: 14 instructions, where two halves take 46.
#[cfg(target_arch = "x86_64")]
mod by_vector {
    use std::arch::x86_64::{
        __m128i, _mm_add_epi8, _mm_and_si128, _mm_cmpgt_epi8, _mm_cvtsi64_si128, _mm_set1_epi8,
        _mm_srli_epi16, _mm_unpacklo_epi8,
    };

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn digits(number: u64) -> [u8; super::ID_DIGITS] {
        let bytes = _mm_cvtsi64_si128(number.swap_bytes().cast_signed());
        let low = _mm_set1_epi8(0x0f);
        let nibbles =
            _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16::<4>(bytes), low), _mm_and_si128(bytes, low));
        // What moves a nibble above nine from behind `9` to `a`.
        let letters = _mm_and_si128(_mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9)), _mm_set1_epi8(0x27));
        let text = _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8(0x30)), letters);
        // SAFETY: 16 bytes either way, and any are valid.
        unsafe { std::mem::transmute::<__m128i, [u8; super::ID_DIGITS]>(text) }
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline]
fn by_halves(number: u64) -> [u8; ID_DIGITS] {
    let high = u128::from(half((number >> 32) as u32));
    let low = u128::from(half(number as u32));
    (high << 64 | low).to_be_bytes()
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline]
fn half(number: u32) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut x = u64::from(number);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // One in every byte whose nibble is above nine, which moves it from behind `9` to `a`.
    let letters = (x + ONES * 6) >> 4 & ONES;
    x + ONES * 0x30 + letters * 0x27
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_formatting() {
        let mut number: u64 = 1;
        for round in 0..10_000_u64 {
            number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(round);
            assert_eq!(digits(number), *format!("{number:016x}").as_bytes());
            assert_eq!(by_halves(number), digits(number));
        }
        assert_eq!(&digits(u64::MAX), b"ffffffffffffffff");
        assert_eq!(&digits(0x0123_4567_89ab_cdef), b"0123456789abcdef");
    }
}
