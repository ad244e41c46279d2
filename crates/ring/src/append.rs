//! Short pieces of bytes, many of them, at the end of a vector.
//!
//! Records and lines are made of pieces of 1 to 30 bytes. `Vec::extend_from_slice` pays for each a call to `memcpy`, a load and
//! a store of the vector's length: 4 to 5 ns, where the copy itself takes one. An [`Appender`] keeps the position in a
//! register and copies short pieces in place: a line of 270 bytes takes half the time (bench `inline/W1`).

use std::ptr::NonNull;

/// Appends to a vector; what was appended is in it when the appender is dropped.
///
/// **Invariant:** `at..end` lies in the vector's spare capacity, and the bytes from its length up to `at` are initialised.
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
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        let at = self.room(bytes.len());
        // SAFETY: `room` returned that many bytes of spare capacity, which nothing else refers to.
        unsafe { copy(bytes, at) };
    }

    /// Appends as many bytes as are known at compile time.
    #[inline]
    pub fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        let at = self.room(N);
        // SAFETY: `room` returned N bytes of spare capacity.
        unsafe { at.cast::<[u8; N]>().write_unaligned(bytes) };
    }

    /// Runs `f` on the vector, with everything appended so far.
    #[inline]
    pub fn with_vec<R>(&mut self, f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        self.settle();
        let result = f(self.vec);
        let spare = self.vec.spare_capacity_mut().as_mut_ptr_range();
        (self.at, self.end) = (spare.start.cast(), spare.end.cast());
        result
    }

    /// Takes `len` bytes of spare capacity, which the caller fills.
    #[inline]
    fn room(&mut self, len: usize) -> NonNull<u8> {
        if (self.end as usize) - (self.at as usize) < len {
            self.grow(len);
        }
        let at = self.at;
        // SAFETY: there are at least `len` bytes up to `end`.
        self.at = unsafe { at.add(len) };
        // SAFETY: `at` points into the vector's allocation (or dangles, non-null, when `len` is zero and nothing is allocated).
        unsafe { NonNull::new_unchecked(at) }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) {
        self.with_vec(|vec| vec.reserve(len.max(GROW_BYTES_MIN)));
    }

    /// Tells the vector how long it is.
    #[inline]
    fn settle(&mut self) {
        let len = self.at as usize - self.vec.as_ptr() as usize;
        // SAFETY: `at` is within the capacity, and everything before it is initialised (the invariant).
        unsafe { self.vec.set_len(len) };
    }
}

impl Drop for Appender<'_> {
    #[inline]
    fn drop(&mut self) {
        self.settle();
    }
}

/// Copies `bytes` to `to`. Short ones, which most are, without a call: loads and stores that may overlap.
///
/// # Safety
/// `to` must be valid for writing `bytes.len()` bytes, and not overlap `bytes`.
#[inline(always)]
pub(crate) unsafe fn copy(bytes: &[u8], to: NonNull<u8>) {
    /// Copies the first and the last `size_of::<T>()` bytes; together they cover up to twice that.
    ///
    /// # Safety
    /// `len >= size_of::<T>()`, `from` and `to` valid for `len` bytes.
    #[inline]
    unsafe fn ends<T: Copy>(from: *const u8, to: *mut u8, len: usize) {
        let last = len - size_of::<T>();
        // SAFETY: the caller's: at least `size_of::<T>()` bytes are there, also counted from the end.
        unsafe {
            let head = from.cast::<T>().read_unaligned();
            let tail = from.byte_add(last).cast::<T>().read_unaligned();
            to.cast::<T>().write_unaligned(head);
            to.byte_add(last).cast::<T>().write_unaligned(tail);
        }
    }
    let (from, to, len) = (bytes.as_ptr(), to.as_ptr(), bytes.len());
    // The lengths of most texts first. SAFETY, for all: the length is at least that of the type, and the caller vouches for
    // the rest.
    if len >= 8 {
        if len <= 16 {
            // SAFETY: see above.
            unsafe { ends::<u64>(from, to, len) }
        } else if len <= 32 {
            // SAFETY: see above.
            unsafe { ends::<[u64; 2]>(from, to, len) }
        } else if len <= 64 {
            // SAFETY: see above.
            unsafe { ends::<[u64; 4]>(from, to, len) }
        } else if len <= 128 {
            // SAFETY: see above.
            unsafe { ends::<[u64; 8]>(from, to, len) }
        } else {
            // SAFETY: the caller's.
            unsafe { std::ptr::copy_nonoverlapping(from, to, len) }
        }
    } else if len >= 4 {
        // SAFETY: see above.
        unsafe { ends::<u32>(from, to, len) }
    } else if len >= 2 {
        // SAFETY: see above.
        unsafe { ends::<u16>(from, to, len) }
    } else if len == 1 {
        // SAFETY: see above.
        unsafe { ends::<u8>(from, to, len) }
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
    fn nothing_appended_changes_nothing() {
        let mut out = Vec::new();
        drop(Appender::new(&mut out));
        Appender::new(&mut out).bytes(b"");
        assert_eq!((out.len(), out.capacity()), (0, 0));
    }
}
