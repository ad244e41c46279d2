//! Lines kept in memory, for tests.

use std::sync::{Arc, Mutex};

use super::{Sink, WriteError};
use crate::lock;

/// Keeps what is written. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemorySink {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl MemorySink {
    /// An empty one.
    pub fn new() -> MemorySink {
        MemorySink::default()
    }

    /// The lines so far, without their ends.
    pub fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&lock(&self.bytes)).lines().map(str::to_owned).collect()
    }

    /// Everything so far, as written.
    pub fn bytes(&self) -> Vec<u8> {
        lock(&self.bytes).clone()
    }

    /// Forgets what was written.
    pub fn clear(&self) {
        lock(&self.bytes).clear();
    }
}

impl Sink for MemorySink {
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        lock(&self.bytes).extend_from_slice(lines);
        Ok(())
    }

    fn may_wait(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        "memory".into()
    }
}
