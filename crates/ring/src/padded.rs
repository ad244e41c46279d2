//! Values that share their cache lines with nothing else.

use std::ops::Deref;

/// A value alone on its cache lines.
///
/// For statics that every event reads: the linker puts statics side by side, and one that the worker writes makes all that lie on its
/// line be fetched from the other core, 60 to 100 ns where a read takes one. Two lines of 64 bytes, as processors fetch them in
/// pairs.
///
/// ```
/// use std::sync::atomic::{AtomicU8, Ordering};
/// use trine_ring::Padded;
///
/// static FLAGS: Padded<AtomicU8> = Padded::new(AtomicU8::new(0));
/// FLAGS.store(1, Ordering::Relaxed);
/// assert_eq!(FLAGS.load(Ordering::Relaxed), 1);
/// assert_eq!(size_of_val(&FLAGS), 128);
/// ```
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Padded<T>(T);

impl<T> Padded<T> {
    /// Pads a value.
    pub const fn new(value: T) -> Padded<T> {
        Padded(value)
    }
}

impl<T> Deref for Padded<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
