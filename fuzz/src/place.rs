//! A directory for one input, removed behind it.

use std::{fs, os::unix::fs::DirBuilderExt, path::PathBuf};

/// Where memory is a file system; elsewhere, the directory for files that go.
const SHARED_MEMORY: &str = "/dev/shm";

/// The directory.
#[derive(Debug)]
pub struct Place(pub PathBuf);

impl Place {
    /// Makes it, empty, and its owner's alone. One at a time in a thread.
    pub(crate) fn new() -> Place {
        let base = Some(PathBuf::from(SHARED_MEMORY)).filter(|path| path.is_dir());
        let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "-");
        let name = format!("trine-fuzz-{}-{thread}", std::process::id());
        let path = base.unwrap_or_else(std::env::temp_dir).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::DirBuilder::new().mode(0o700).create(&path).expect("a directory");
        Place(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
