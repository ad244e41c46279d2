//! Hashes of group keys: fast, and with a seed per process, so that no log can be made to fill one bucket.

use std::{
    hash::{DefaultHasher, Hasher},
    sync::LazyLock,
};

/// The hasher of tables.
pub(super) type Build = hashbrown::DefaultHashBuilder;

/// The hasher of tables whose hashes are the same on all threads.
pub(super) fn shared() -> Build {
    static BUILD: LazyLock<Build> = LazyLock::new(Build::default);
    BUILD.clone()
}

/// A hash that is the same in every run, for sketches: the same log gives the same estimate.
pub(super) fn fixed(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
