//! Short pieces of bytes, many of them, at the end of a vector.
//!
//! Records and lines are made of pieces of 1 to 30 bytes. `Vec::extend_from_slice` pays for each a call to `memcpy`, a load and
//! a store of the vector's length: 4 to 5 ns, where the copy itself takes one. An [`Appender`] keeps the position in a
//! register and copies short pieces in place: a line of 270 bytes takes half the time (bench `inline/W1`).

use std::ptr::NonNull;

/// Appends to a vector; what was appended is in it when the appender is dropped.
///
/// **Invariant:** `at..end` lies in the vector's spare capacity, and the bytes from its length up to `at` are initialised; or both are null,
/// while the vector is lent out.
#[derive(Debug)]
pub struct Appender<'a> {
    at: *mut u8,
    end: *mut u8,
    vec: &'a mut Vec<u8>,
}

/// Room made when there is none, at least: a usual line.
const GROW_BYTES_MIN: usize = 512;

impl<'a> Appender<'a> {
    /// Begins at the end of `vec`.
    #[inline]
    pub fn new(vec: &'a mut Vec<u8>) -> Appender<'a> {
        let spare = vec.spare_capacity_mut().as_mut_ptr_range();
        Appender { at: spare.start.cast(), end: spare.end.cast(), vec }
    }

    /// Appends bytes.
    // Always: left to itself the compiler calls it, from some encoders, which costs a line a fifth more.
    #[inline(always)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        let at = self.room(bytes.len());
        // SAFETY: `room` returned that many bytes of spare capacity, which nothing else refers to.
        unsafe { copy(bytes, at) };
    }

    /// Appends as many bytes as are known at compile time.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        let at = self.room(N);
        // SAFETY: `room` returned N bytes of spare capacity.
        unsafe { at.cast::<[u8; N]>().write_unaligned(bytes) };
    }

    /// Appends bytes, their length in four bytes before them, and others before that.
    ///
    /// Each with a store of its own: put together first, they are stored in other pieces than they are read in, and whoever reads
    /// them at once, as inline delivery does, waits for both.
    #[inline(always)]
    pub(crate) fn sized<const N: usize>(&mut self, before: [u8; N], bytes: &[u8]) {
        let at = self.room(N + 4 + bytes.len());
        // SAFETY: `room` returned that many bytes of spare capacity, which nothing else refers to.
        unsafe {
            at.cast::<[u8; N]>().write_unaligned(before);
            at.add(N).cast::<[u8; 4]>().write_unaligned((bytes.len() as u32).to_le_bytes());
            copy(bytes, at.add(N + 4));
        }
    }

    /// Appends the first `len` bytes of an array.
    #[inline(always)]
    pub fn first<const N: usize>(&mut self, bytes: [u8; N], len: usize) {
        self.array(bytes);
        // SAFETY: the N bytes before `at` were just appended, and at most so many are taken back.
        self.at = unsafe { self.at.sub(N - len.min(N)) };
    }

    /// Appends text in quotes, where JSON wants nothing in it escaped (ASCII without control characters, `"` and `\`) and there is
    /// room for it. Else nothing, and false: [`Appender::unescaped`] takes any text, and makes room.
    ///
    /// The text is looked at while it is copied: no byte is loaded twice, and its length is branched on once. Room is made by others, so
    /// that nothing is called here and no register saved: a fifth of the instructions of a short text.
    #[inline(always)]
    pub fn quoted(&mut self, text: &[u8]) -> bool {
        let len = text.len() + 2;
        if (self.end as usize) - (self.at as usize) < len {
            return false;
        }
        let at = self.at;
        // SAFETY: there are `len` bytes of spare capacity, the quotes and the text between them.
        let is_plain = unsafe {
            at.write(b'"');
            at.add(len - 1).write(b'"');
            copy_plain(text, NonNull::new_unchecked(at.add(1)))
        };
        if is_plain {
            // SAFETY: they were just written.
            self.at = unsafe { at.add(len) };
        }
        is_plain
    }

    /// Appends UTF-8 from a place of it up to the first byte that JSON wants escaped; where that is.
    ///
    /// As in [`Appender::quoted`] text is looked at while it is copied, sixteen bytes at a time.
    #[inline]
    pub fn unescaped(&mut self, text: &[u8], from: usize) -> usize {
        let mut at = from;
        while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let special = first_special(*chunk);
            self.first(*chunk, special);
            at += special;
            if special < 16 {
                return at;
            }
        }
        // Behind the text come zeros, which look like what must be escaped.
        let chunk = end_of(text, at);
        let special = first_special(chunk);
        self.first(chunk, special);
        at + special
    }

    /// Runs `f` on the vector, with everything appended so far.
    ///
    /// What is not to be inlined goes this way: an appender whose own address is handed on lies in memory, and is loaded and stored for each
    /// piece.
    #[inline(always)]
    pub fn with_vec<R>(&mut self, f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        self.settle();
        // Should `f` panic, what it has left in the vector stays as it is.
        (self.at, self.end) = (std::ptr::null_mut(), std::ptr::null_mut());
        let result = f(self.vec);
        let spare = self.vec.spare_capacity_mut().as_mut_ptr_range();
        (self.at, self.end) = (spare.start.cast(), spare.end.cast());
        result
    }

    /// Takes `len` bytes of spare capacity, which the caller fills.
    #[inline(always)]
    fn room(&mut self, len: usize) -> NonNull<u8> {
        if (self.end as usize) - (self.at as usize) < len {
            self.with_vec(|vec| grow(vec, len));
        }
        let at = self.at;
        // SAFETY: there are at least `len` bytes up to `end`.
        self.at = unsafe { at.add(len) };
        // SAFETY: `at` points into the vector's allocation (or dangles, non-null, when `len` is zero and nothing is allocated).
        unsafe { NonNull::new_unchecked(at) }
    }

    /// Tells the vector how long it is.
    #[inline(always)]
    fn settle(&mut self) {
        let len = self.at as usize - self.vec.as_ptr() as usize;
        // SAFETY: `at` is within the capacity, and everything before it is initialised (the invariant).
        unsafe { self.vec.set_len(len) };
    }
}

#[cold]
#[inline(never)]
fn grow(vec: &mut Vec<u8>, len: usize) {
    vec.reserve(len.max(GROW_BYTES_MIN));
}

impl Drop for Appender<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.at.is_null() {
            self.settle();
        }
    }
}

/// Sixteen bytes that lie in one register: an array of numbers goes by way of the stack.
#[cfg(target_arch = "x86_64")]
type Wide = core::arch::x86_64::__m128i;
#[cfg(not(target_arch = "x86_64"))]
type Wide = u128;

/// Copies `bytes` to `to`. Short ones, which most are, without a call: loads and stores that may overlap.
///
/// # Safety
/// `to` must be valid for writing `bytes.len()` bytes, and not overlap `bytes`.
#[inline(always)]
pub(crate) unsafe fn copy(bytes: &[u8], to: NonNull<u8>) {
    /// Copies `size_of::<T>()` bytes that lie `skip` bytes from the beginning, and as many that lie so far from the end.
    ///
    /// # Safety
    /// `len >= skip + size_of::<T>()`, `from` and `to` valid for `len` bytes.
    #[inline(always)]
    unsafe fn ends<T: Copy>(from: *const u8, to: *mut u8, len: usize, skip: usize) {
        let last = len - size_of::<T>() - skip;
        // SAFETY: the caller's: at least `size_of::<T>()` bytes are there, also counted from the end.
        unsafe {
            let head = from.byte_add(skip).cast::<T>().read_unaligned();
            let tail = from.byte_add(last).cast::<T>().read_unaligned();
            to.byte_add(skip).cast::<T>().write_unaligned(head);
            to.byte_add(last).cast::<T>().write_unaligned(tail);
        }
    }
    let (from, to, len) = (bytes.as_ptr(), to.as_ptr(), bytes.len());
    // The lengths of most texts first. SAFETY, for all: the length is at least that of the type, and the caller vouches for
    // the rest.
    if len >= 8 {
        if len <= 16 {
            // SAFETY: see above.
            unsafe { ends::<u64>(from, to, len, 0) }
        } else if len <= 32 {
            // SAFETY: see above.
            unsafe { ends::<Wide>(from, to, len, 0) }
        } else if len <= 128 {
            // SAFETY: see above: more than twice sixteen.
            unsafe { ends::<Wide>(from, to, len, 0) };
            // SAFETY: as above.
            unsafe { ends::<Wide>(from, to, len, 16) };
            if len > 64 {
                // SAFETY: see above: more than four times sixteen.
                unsafe { ends::<Wide>(from, to, len, 32) };
                // SAFETY: as above.
                unsafe { ends::<Wide>(from, to, len, 48) };
            }
        } else {
            // SAFETY: the caller's.
            unsafe { std::ptr::copy_nonoverlapping(from, to, len) }
        }
    } else if len >= 4 {
        // SAFETY: see above.
        unsafe { ends::<u32>(from, to, len, 0) }
    } else if len >= 2 {
        // SAFETY: see above.
        unsafe { ends::<u16>(from, to, len, 0) }
    } else if len == 1 {
        // SAFETY: see above.
        unsafe { ends::<u8>(from, to, len, 0) }
    }
}

/// Copies `text` to `to` if all of it is plain: see [`Appender::quoted`]. Else false, and some of it may have been copied.
///
/// # Safety
/// `to` must be valid for writing `text.len()` bytes, and not overlap `text`.
#[inline(always)]
unsafe fn copy_plain(text: &[u8], to: NonNull<u8>) -> bool {
    let (from, to, len) = (text.as_ptr(), to.as_ptr(), text.len());
    if len >= 16 {
        let last = len - 16;
        let mut at = 0;
        loop {
            // SAFETY: `at <= last`, so that 16 bytes are there, in both.
            let [first, second] = unsafe { from.add(at).cast::<[u64; 2]>().read_unaligned() };
            // SAFETY: as above.
            unsafe { to.add(at).cast::<[u64; 2]>().write_unaligned([first, second]) };
            if !is_plain(first, second) {
                return false;
            }
            if at == last {
                return true;
            }
            // The last sixteen overlap those before.
            at = (at + 16).min(last);
        }
    }
    /// The first and the last bytes, which may overlap, copied and as one number.
    ///
    /// # Safety
    /// `len >= size_of::<T>()`, `from` and `to` valid for `len` bytes.
    #[inline(always)]
    unsafe fn ends<T: Copy>(from: *const u8, to: *mut u8, len: usize) -> (T, T) {
        let last = len - size_of::<T>();
        // SAFETY: the caller's.
        unsafe {
            let ends = (from.cast::<T>().read_unaligned(), from.byte_add(last).cast::<T>().read_unaligned());
            to.cast::<T>().write_unaligned(ends.0);
            to.byte_add(last).cast::<T>().write_unaligned(ends.1);
            ends
        }
    }
    let (first, last) = if len >= 8 {
        // SAFETY: the length is at least that of the type; the rest is the caller's. So for the others.
        unsafe { ends::<u64>(from, to, len) }
    } else if len >= 4 {
        // SAFETY: see above.
        let (first, last) = unsafe { ends::<u32>(from, to, len) };
        let both = u64::from(first) | u64::from(last) << 32;
        (both, both)
    } else if len >= 2 {
        // SAFETY: see above.
        let (first, last) = unsafe { ends::<u16>(from, to, len) };
        let both = (u64::from(first) | u64::from(last) << 16) * 0x1_0000_0001;
        (both, both)
    } else if len == 1 {
        // SAFETY: see above.
        let (byte, _) = unsafe { ends::<u8>(from, to, len) };
        let all = u64::from(byte) * 0x0101_0101_0101_0101;
        (all, all)
    } else {
        return true;
    };
    is_plain(first, last)
}

/// True when JSON wants none of sixteen bytes escaped, and all are ASCII.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn is_plain(first: u64, second: u64) -> bool {
    use core::arch::x86_64::{
        _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };
    // SAFETY: every x86-64 processor has SSE2.
    let is_plain = unsafe {
        let bytes = _mm_set_epi64x(second as i64, first as i64);
        // Signed, all that is not ASCII is below the control characters.
        let is_high = _mm_cmpgt_epi8(bytes, _mm_set1_epi8(0x1f));
        let is_quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let is_backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        _mm_movemask_epi8(_mm_andnot_si128(_mm_or_si128(is_quote, is_backslash), is_high))
    };
    is_plain == 0xffff
}

/// As above.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn is_plain(first: u64, second: u64) -> bool {
    (specials(first) | specials(second) | (first | second) & HIGH) == 0
}

#[cfg(not(target_arch = "x86_64"))]
const HIGH: u64 = 0x8080_8080_8080_8080;

/// A bit in each of eight bytes that JSON wants escaped; those behind the first may be wrong.
///
/// Source: "Determine if a word has a byte less than n", Sean Eron Anderson, Bit Twiddling Hacks.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn specials(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, n: u64| word.wrapping_sub(LOW * n) & !word;
    (below(word, 0x20) | below(word ^ (LOW * 0x22), 1) | below(word ^ (LOW * 0x5c), 1)) & HIGH
}

/// The bytes of a text from a place on, of which there are fewer than sixteen, and zeros behind them.
#[inline(always)]
fn end_of(text: &[u8], at: usize) -> [u8; 16] {
    let word = |bytes: &[u8; 8]| u128::from(u64::from_le_bytes(*bytes));
    let (end, missing) = if let Some(end) = text.last_chunk() {
        (u128::from_le_bytes(*end), 16 + at - text.len())
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        // They overlap, and are the same where they do.
        (word(first) | word(last) << (8 * (text.len() - 8)), at)
    } else {
        (text.iter().rev().fold(0, |end, byte| end << 8 | u128::from(*byte)), at)
    };
    // All sixteen may be missing.
    end.checked_shr(8 * missing as u32).unwrap_or_default().to_le_bytes()
}

/// Where the first of sixteen bytes is that JSON wants escaped; sixteen where there is none.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn first_special(chunk: [u8; 16]) -> usize {
    use core::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };
    // SAFETY: every x86-64 processor has SSE2, and the array has the sixteen bytes.
    let specials = unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
        let is_control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let is_quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let is_backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        _mm_movemask_epi8(_mm_or_si128(is_control, _mm_or_si128(is_quote, is_backslash)))
    };
    (specials | 1 << 16).trailing_zeros() as usize
}

/// As above.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn first_special(chunk: [u8; 16]) -> usize {
    let chunk = u128::from_le_bytes(chunk);
    match specials(chunk as u64).trailing_zeros() {
        64 => 8 + specials((chunk >> 64) as u64).trailing_zeros() as usize / 8,
        bit => bit as usize / 8,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_arrive_whole_and_in_order() {
        let source: Vec<u8> = (0..300u16).map(|i| i as u8).collect();
        let (mut out, mut expected) = (b"before".to_vec(), b"before".to_vec());
        let mut appender = Appender::new(&mut out);
        for len in 0..300 {
            appender.bytes(&source[300 - len..]);
            appender.array([7, 8, 9]);
            expected.extend_from_slice(&source[300 - len..]);
            expected.extend_from_slice(&[7, 8, 9]);
        }
        appender.with_vec(|vec| vec.extend_from_slice(b"between"));
        appender.bytes(b"after");
        drop(appender);
        expected.extend_from_slice(b"betweenafter");
        assert_eq!(out, expected);
    }

    #[test]
    fn the_first_bytes_of_an_array_are_appended() {
        let mut out = b"before".to_vec();
        let mut appender = Appender::new(&mut out);
        for len in 0..6 {
            appender.first(*b"1234", len);
            appender.bytes(b",");
        }
        drop(appender);
        assert_eq!(out, b"before,1,12,123,1234,1234,");
    }

    #[test]
    fn text_is_quoted_where_nothing_in_it_is_special() {
        for len in 0..70 {
            for special in [b'"', b'\\', 0, 0x1f, 0x80, 0xff] {
                for at in 0..len {
                    let mut text = vec![b'~'; len];
                    text[at] = special;
                    let mut out = Vec::with_capacity(100);
                    let mut appender = Appender::new(&mut out);
                    appender.bytes(b"before");
                    assert!(!appender.quoted(&text), "{special} at {at} of {len}");
                    appender.bytes(b"after");
                    drop(appender);
                    assert_eq!(out, b"beforeafter");
                }
            }
            let text: Vec<u8> =
                (b' '..=0x7f).filter(|byte| !b"\"\\".contains(byte)).cycle().skip(len).take(len).collect();
            let mut out = Vec::with_capacity(100);
            assert!(Appender::new(&mut out).quoted(&text));
            assert_eq!(out, [b"\"", &*text, b"\""].concat());
            let mut out = Vec::new();
            assert!(!Appender::new(&mut out).quoted(&text), "there is no room");
            assert!(out.is_empty());
        }
    }

    #[test]
    fn text_is_appended_up_to_what_must_be_escaped() {
        for len in 0..40 {
            for special in [b'"', b'\\', 0, 0x1f] {
                for (from, at) in (0..=len).flat_map(|at| (0..=at).map(move |from| (from, at))) {
                    let mut text = vec![0xff; len];
                    text.iter_mut().skip(at).for_each(|byte| *byte = special);
                    let mut out = b"before".to_vec();
                    let mut appender = Appender::new(&mut out);
                    assert_eq!(appender.unescaped(&text, from), at, "{special} of {len} from {from}");
                    appender.bytes(b"after");
                    drop(appender);
                    assert_eq!(out, [b"before", &text[from..at], b"after"].concat());
                }
            }
            let is_plain = |byte: &u8| !b"\"\\".contains(byte);
            let plain: Vec<u8> = (b' '..=0xff).filter(is_plain).skip(5 * len).take(len).collect();
            let mut out = Vec::new();
            assert_eq!(Appender::new(&mut out).unescaped(&plain, 0), plain.len());
            assert_eq!(out, plain);
        }
    }

    #[test]
    fn a_panic_while_the_vector_is_lent_out_leaves_what_is_in_it() {
        let mut out = Vec::new();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut appender = Appender::new(&mut out);
            appender.bytes(b"before");
            appender.with_vec(|vec| {
                vec.extend_from_slice(&[b'x'; 1 << 20]);
                vec.truncate(8);
                vec.shrink_to_fit();
                panic!("on purpose");
            });
        }));
        assert!(outcome.is_err());
        assert_eq!(out, b"beforexx");
    }

    #[test]
    fn nothing_appended_changes_nothing() {
        let mut out = Vec::new();
        drop(Appender::new(&mut out));
        Appender::new(&mut out).bytes(b"");
        assert_eq!((out.len(), out.capacity()), (0, 0));
    }
}
