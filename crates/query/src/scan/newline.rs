//! Finding the ends of lines, one after the other.

/// Finds line feeds.
///
/// As `memchr`, but the instructions to be used are chosen once, and not for each of a million lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Newlines {
    #[cfg(target_arch = "x86_64")]
    wide: Option<memchr::arch::x86_64::avx2::memchr::One>,
}

impl Newlines {
    pub(crate) fn new() -> Newlines {
        Newlines {
            #[cfg(target_arch = "x86_64")]
            wide: memchr::arch::x86_64::avx2::memchr::One::new(b'\n'),
        }
    }

    /// The length of the first line, without its line feed.
    #[inline]
    pub(crate) fn line_length(&self, bytes: &[u8]) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = &self.wide {
            return wide.find(bytes).unwrap_or(bytes.len());
        }
        memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())
    }
}
