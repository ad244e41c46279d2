//! Memory that is none of rings and tables: what a process keeps for whoever recovers it.
//!
//! A region is words, stored and read one at a time, and bytes between them. Several threads may store words; bytes are written
//! through `&mut`. Another process maps the same file only when this one is dead, which it has proved by a lock.

use std::{io, path::Path, sync::atomic::AtomicU64};

use crate::memory::{Backing, Mapping};

/// A mapped range of words, zeroed when made.
#[derive(Debug)]
pub struct Region {
    mapping: Mapping,
}

impl Region {
    /// Makes a region of at least `len` bytes.
    ///
    /// Errors: the backing refused the memory; the name is taken.
    pub fn create(backing: &Backing, name: &str, len: usize) -> io::Result<Region> {
        Ok(Region { mapping: Mapping::create(backing, name, len.next_multiple_of(8).max(8))? })
    }

    /// Maps a file that a process left behind.
    ///
    /// Errors: cannot be opened for reading and writing, is empty, is a link or no regular file.
    pub fn open(path: &Path) -> io::Result<Region> {
        Ok(Region { mapping: Mapping::open(path)? })
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.mapping.len()
    }

    /// Never: a region has at least one word.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The region as words. A word that holds bytes written by [`Region::write`] is those bytes, little-endian or not as the
    /// machine is.
    pub fn words(&self) -> &[AtomicU64] {
        let base = self.mapping.base().cast::<AtomicU64>();
        // SAFETY: the mapping is aligned to pages and `len / 8` words long; any bytes are valid atomics; it lives as long as
        // `self`. Plain accesses to the same bytes need `&mut self` ([`Region::write`]) or happen-before no store.
        unsafe { std::slice::from_raw_parts(base.as_ptr(), self.len() / 8) }
    }

    /// Copies `bytes` to offset `at`.
    ///
    /// Panics: when they do not lie in the region.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        assert!(at <= self.len() && bytes.len() <= self.len() - at, "written inside the region");
        // SAFETY: checked above.
        let to = unsafe { self.mapping.base().add(at) };
        // SAFETY: checked above; `&mut self` excludes every other access of this process.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to.as_ptr(), bytes.len()) };
    }

    /// Appends `len` bytes from offset `at` to `out`; fewer where the region ends.
    pub fn read(&self, at: usize, len: usize, out: &mut Vec<u8>) {
        let at = at.min(self.len());
        let len = len.min(self.len() - at);
        // SAFETY: `at + len` is inside the mapping.
        let from = unsafe { self.mapping.base().add(at) };
        // SAFETY: as above; writing needs `&mut self`, which this borrow excludes.
        out.extend_from_slice(unsafe { std::slice::from_raw_parts(from.as_ptr(), len) });
    }
}

#[cfg(all(test, not(loom), unix))]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn what_one_mapping_holds_another_of_the_same_file_reads() {
        let directory = std::env::temp_dir().join(format!("trine-region-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut region = Region::create(&Backing::Directory(directory.clone()), "state", 4_000).unwrap();
        region.words()[3].store(77, Ordering::Release);
        region.write(101, b"bytes");
        let other = Region::open(&directory.join("state")).unwrap();
        assert_eq!(other.words()[3].load(Ordering::Acquire), 77);
        let mut bytes = Vec::new();
        other.read(101, 5, &mut bytes);
        other.read(3_998, 50, &mut bytes);
        assert_eq!((&bytes[..5], bytes.len()), (&b"bytes"[..], 7));
        let again = Region::create(&Backing::Directory(directory.clone()), "state", 8);
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
