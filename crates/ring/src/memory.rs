//! Memory that another process can read: mappings of a memfd, of a named file, or private where there is neither.

use std::{
    io,
    path::{Path, PathBuf},
    ptr::NonNull,
};

/// Where rings and callsite tables lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backing {
    /// An anonymous shared-memory file (Linux). Readable by others through `/proc/PID/mem` while the process lives; leaves
    /// nothing behind, and costs no descriptor. Elsewhere the same as [`Backing::Private`].
    Memfd,
    /// A file per ring and table in this directory, mode 0600. The directory must exist. Survives the process.
    Directory(PathBuf),
    /// Ordinary memory. Nobody else can read it, and it dies with the process.
    Private,
}

/// A mapped range, zeroed when made, of fixed length.
///
/// **Invariant:** `base..base + len` stays mapped, readable and writable until drop, at the same address.
/// The type hands out raw addresses only; who may touch which byte is decided by [`crate::protocol`].
#[derive(Debug)]
pub(crate) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is an address range that belongs to no thread; all accesses go through the ring's protocol.
unsafe impl Send for Mapping {}
// SAFETY: as above; the type itself offers no access.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` zero bytes. `name` is what the file is called; `len` is rounded up to whole pages by the system.
    ///
    /// Errors: no space in the directory's file system (all of it is reserved now, since running out later would be a
    /// fatal signal at a store), no permission, the name is taken, no memory.
    pub(crate) fn create(backing: &Backing, name: &str, len: usize) -> io::Result<Mapping> {
        platform::create(backing, name, len)
    }

    /// Has the system provide the pages of a range now, so that no store waits for one later. A hint: where it is not
    /// understood, pages come as they are touched.
    pub(crate) fn populate(&self, at: usize, len: usize) {
        platform::populate(self, at.min(self.len), len.min(self.len - at.min(self.len)));
    }

    /// Maps a whole file that a process left behind, for reading and writing. Its length is rounded down to whole words.
    ///
    /// Errors: cannot be opened, is empty, is no regular file.
    pub(crate) fn open(path: &Path) -> io::Result<Mapping> {
        platform::open(path)
    }

    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(unix)]
mod platform {
    use super::{Backing, Mapping};
    use std::{
        fs::File,
        io,
        os::fd::{AsRawFd, RawFd},
        path::Path,
        ptr::{self, NonNull},
    };

    pub(super) fn create(backing: &Backing, name: &str, len: usize) -> io::Result<Mapping> {
        match backing {
            Backing::Memfd => match memfd(name, len)? {
                Some(file) => map(Some(file.as_raw_fd()), len),
                None => map(None, len),
            },
            Backing::Directory(directory) => {
                use std::os::unix::fs::OpenOptionsExt;
                let path = directory.join(name);
                let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
                reserve(&file, len).inspect_err(|_| drop(std::fs::remove_file(&path)))?;
                map(Some(file.as_raw_fd()), len).inspect_err(|_| drop(std::fs::remove_file(&path)))
            }
            Backing::Private => map(None, len),
        }
    }

    pub(super) fn open(path: &Path) -> io::Result<Mapping> {
        use std::os::unix::fs::OpenOptionsExt;
        // Neither a link to elsewhere, nor a pipe that would keep us waiting.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = File::options().read(true).write(true).custom_flags(flags).open(path)?;
        let facts = file.metadata()?;
        let len = usize::try_from(facts.len()).unwrap_or(0) & !7;
        if !facts.is_file() || len == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a file with memory in it"));
        }
        map(Some(file.as_raw_fd()), len)
    }

    /// A memfd of `len` bytes, or `None` where the system has no such thing.
    #[cfg(target_os = "linux")]
    fn memfd(name: &str, len: usize) -> io::Result<Option<File>> {
        use std::{ffi::CString, os::fd::FromRawFd};
        let name = CString::new(format!("trine:{name}")).map_err(|_| io::ErrorKind::InvalidInput)?;
        // SAFETY: `name` is a NUL-terminated string that outlives the call.
        let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            // Old kernels and strict sandboxes refuse; private memory still works.
            return Ok(None);
        }
        // SAFETY: `fd` was just returned to us and nobody else owns it.
        let file = unsafe { File::from_raw_fd(fd) };
        file.set_len(len as u64)?;
        Ok(Some(file))
    }

    #[cfg(not(target_os = "linux"))]
    fn memfd(_: &str, _: usize) -> io::Result<Option<File>> {
        Ok(None)
    }

    #[cfg(target_os = "linux")]
    fn reserve(file: &File, len: usize) -> io::Result<()> {
        let len = libc::off_t::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?;
        // SAFETY: the descriptor is open for the length of the call.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, len) } {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn reserve(file: &File, len: usize) -> io::Result<()> {
        file.set_len(len as u64)
    }

    fn map(fd: Option<RawFd>, len: usize) -> io::Result<Mapping> {
        let (flags, fd) = match fd {
            Some(fd) => (libc::MAP_SHARED, fd),
            None => (libc::MAP_PRIVATE | libc::MAP_ANON, -1),
        };
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: no address is asked for, so no existing mapping is touched; the result is checked.
        let base = unsafe { libc::mmap(ptr::null_mut(), len, protection, flags, fd, 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Mapping { base, len })
    }

    #[cfg(target_os = "linux")]
    pub(super) fn populate(mapping: &Mapping, at: usize, len: usize) {
        let from = mapping.base.as_ptr().wrapping_add(at);
        // SAFETY: the range lies in the mapping; populating changes no byte of it. Kernels before 5.14 refuse, harmlessly.
        unsafe { libc::madvise(from.cast(), len, libc::MADV_POPULATE_WRITE) };
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn populate(_: &Mapping, _: usize, _: usize) {}

    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: the range was mapped by `map` and is unmapped only here; no reference into it outlives its owner.
            unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use super::{Backing, Mapping};
    use std::{
        alloc::{Layout, alloc_zeroed, dealloc},
        io,
        path::Path,
        ptr::NonNull,
    };

    fn layout(len: usize) -> io::Result<Layout> {
        Layout::from_size_align(len, 4096).map_err(|_| io::ErrorKind::InvalidInput.into())
    }

    /// Private memory, whatever the backing: the black box is for Unix.
    pub(super) fn create(_: &Backing, _: &str, len: usize) -> io::Result<Mapping> {
        // SAFETY: the layout has a length above zero; rings and tables are never empty.
        let base = unsafe { alloc_zeroed(layout(len)?) };
        Ok(Mapping { base: NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)?, len })
    }

    pub(super) fn open(_: &Path) -> io::Result<Mapping> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn populate(_: &Mapping, _: usize, _: usize) {}

    impl Drop for Mapping {
        fn drop(&mut self) {
            if let Ok(layout) = layout(self.len) {
                // SAFETY: allocated by `create` with the same layout.
                unsafe { dealloc(self.base.as_ptr(), layout) };
            }
        }
    }
}
