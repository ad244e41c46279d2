//! Care for closed files: which there are, deleting those retention gives up, handing the rest to the compressor.

use super::compress::{Compression, Job};
use super::filesystem::explain;
use super::log::{Log, Settings};
use super::naming::{Closed, Form, Naming};
use std::io;

/// How often a tick applies retention and offers what could not be compressed again. Between rotations only age
/// grows, and nobody keeps logs by the second.
const TIDY_EVERY_MS: u64 = 60_000;

impl Log {
    /// The files in the directory that are ours by their name. Empty, with a report, when it cannot be listed.
    pub(super) fn closed_files(&self, naming: &Naming) -> Vec<Closed> {
        let names = self.disk.list(naming.directory()).unwrap_or_else(|error| {
            self.reports.add(explain("list", naming.directory(), error).to_string());
            Vec::new()
        });
        names.iter().filter_map(|name| naming.recognise(name)).collect()
    }

    /// Applies retention and compression to the closed files beside the current one.
    pub(super) fn see_to_closed_files(&mut self, now_ms: u64) {
        self.due.tidied_ms = Some(now_ms);
        let Settings { retention, compression, mode, .. } = self.settings;
        let Some(current) = &self.current else { return };
        if retention.keeps_everything() && compression == Compression::None {
            return;
        }
        let mut closed = self.closed_files(&Naming::of(current.path()));
        let bytes_of = |file: &Closed| self.disk.facts(&file.path).map_or(0, |facts| facts.bytes);
        for file in retention.doomed(closed.clone(), now_ms, bytes_of) {
            self.remove(&file);
            closed.retain(|other| *other != file);
        }
        if compression == Compression::None {
            return;
        }
        closed.sort_unstable();
        for file in closed.into_iter().filter(|file| file.form == Form::Plain) {
            self.compressor.offer(Job { plain: file.path, compression, mode });
        }
    }

    /// The same, at most once in [`TIDY_EVERY_MS`].
    pub(super) fn tidy_sometimes(&mut self, now_ms: u64) {
        if self.due.tidied_ms.is_some_and(|tidied_ms| now_ms.abs_diff(tidied_ms) >= TIDY_EVERY_MS) {
            self.see_to_closed_files(now_ms);
        }
    }

    /// Deletes half-made compressed files of an earlier process. Once, before this one compresses anything; not at
    /// all for a log that never rotates.
    pub(super) fn remove_leftovers(&self) {
        let Settings { rotate_bytes, rotate_every, compression, .. } = self.settings;
        let never_rotates =
            rotate_bytes.is_none() && rotate_every.is_none() && compression == Compression::None;
        let Some(current) = self.current.as_ref().filter(|_| !never_rotates) else { return };
        for file in self.closed_files(&Naming::of(current.path())) {
            if file.form == Form::Temporary {
                self.remove(&file);
            }
        }
    }

    fn remove(&self, file: &Closed) {
        if let Err(error) = self.disk.remove(&file.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            self.reports.add(explain("delete", &file.path, error).to_string());
        }
    }
}
