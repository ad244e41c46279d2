//! The log behind the sink's lock: keeps the current file open, at its path, of its period, and writes to it.

use super::compress::{Compression, Compressor};
use super::current::{Current, open_or_explain};
use super::filesystem::{Clock, Filesystem, explain};
use super::naming::Naming;
use super::reports::Reports;
use super::retention::Retention;
use super::rotate::Every;
use crate::sink::FilePlace;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a write may look whether its path still leads to its file. One `stat` a second costs about a millionth
/// of a core.
const LOOK_EVERY_MS: u64 = 1_000;

/// What the builder sets.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) path: PathBuf,
    pub(super) rotate_bytes: Option<u64>,
    pub(super) rotate_every: Option<Every>,
    pub(super) retention: Retention,
    pub(super) compression: Compression,
    pub(super) create_directory: bool,
    pub(super) mode: u32,
    pub(super) sync: bool,
}

/// The log: its current file, if open, and what is due when.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) settings: Settings,
    pub(super) disk: Arc<dyn Filesystem>,
    pub(super) clock: Clock,
    pub(super) reports: Arc<Reports>,
    pub(super) compressor: Arc<Compressor>,
    /// Set from outside, without the lock: open the path anew.
    pub(super) reopen: Arc<AtomicBool>,
    pub(super) current: Option<Current>,
    pub(super) due: Due,
}

/// Times of past and coming deeds. Units: milliseconds since 1970-01-01 UTC. Compared by distance, not by order: the
/// clock may step backwards.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// The boundary at which the current file is closed.
    pub(super) roll_ms: Option<u64>,
    /// The last rotation, when it failed.
    pub(super) roll_failed_ms: Option<u64>,
    /// The closing time in the name of the file closed last.
    pub(super) closed_ms: Option<u64>,
    /// The last time closed files were seen to; `None` before the first file was opened.
    pub(super) tidied_ms: Option<u64>,
    looked_ms: u64,
}

/// How closely [`Log::prepare`] looks whether the file was moved away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// At most once a second.
    Seldom,
    Now,
}

impl Log {
    /// Appends, rotating between lines where it is time. Adds to `written` what was accepted, on error too.
    /// `watch` is told where bytes go: see [`Sink::write_watched`](crate::Sink::write_watched).
    pub(super) fn append(
        &mut self,
        lines: &[u8],
        written: &mut usize,
        watch: &mut dyn FnMut(usize, FilePlace),
    ) -> io::Result<()> {
        let now_ms = self.clock.now_ms();
        if let Some(current) = &mut self.current
            && current.is_torn()
        {
            let owed = current
                .resume(lines)
                .and_then(|bytes| current.write_watched(&lines[..bytes], written, watch));
            owed.map_err(|error| self.failed(error))?;
        }
        self.prepare(now_ms, Look::Seldom)?;
        while *written < lines.len() {
            let rest = &lines[*written..];
            let mut bytes = self.fitting(rest);
            if bytes == 0 && !self.roll(now_ms, now_ms) {
                // Nothing fits and the file cannot be closed: better too large than lost.
                bytes = rest.len();
            }
            match &mut self.current {
                None => self.prepare(now_ms, Look::Seldom)?,
                Some(current) => {
                    let done = current.write_watched(&rest[..bytes], written, watch);
                    done.map_err(|error| self.failed(error))?;
                }
            }
        }
        Ok(())
    }

    /// What is due also when nothing is written. Nothing is before the first write.
    pub(super) fn tick(&mut self) -> io::Result<()> {
        if self.due.tidied_ms.is_none() {
            return Ok(());
        }
        let now_ms = self.clock.now_ms();
        self.prepare(now_ms, Look::Now)?;
        self.tidy_sometimes(now_ms);
        Ok(())
    }

    /// Opens the file if need be; with [`Settings::sync`] waits for the disk.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.prepare(self.clock.now_ms(), Look::Seldom)?;
        match &self.current {
            Some(current) if self.settings.sync => current.sync(),
            _ => Ok(()),
        }
    }

    /// Closes the file where it is, so that the path is opened anew.
    pub(super) fn let_go(&mut self) {
        if let Some(current) = self.current.take()
            && self.settings.sync
            && let Err(error) = current.sync()
        {
            self.reports.add(error.to_string());
        }
    }

    /// Brings the current file up to date: open, at its path, of its period. Does nothing within a line.
    fn prepare(&mut self, now_ms: u64, look: Look) -> io::Result<()> {
        if self.current.as_ref().is_some_and(Current::is_torn) {
            return Ok(());
        }
        // Before letting go, because an opened file is of the period of its last line, and that may be a new one.
        self.roll_if_due(now_ms);
        if self.should_let_go(now_ms, look) {
            self.let_go();
        }
        if self.current.is_none() {
            self.open(now_ms)?;
            self.roll_if_due(now_ms);
        }
        if self.current.is_none() {
            self.open(now_ms)?;
        }
        Ok(())
    }

    fn open(&mut self, now_ms: u64) -> io::Result<()> {
        let settings = &self.settings;
        settings.compression.available()?;
        let current = open_or_explain(&*self.disk, &settings.path, settings.mode, settings.create_directory)?;
        let facts = current.facts();
        if settings.sync && facts.bytes == 0 {
            let naming = Naming::of(current.path());
            let synced = self.disk.sync_directory(naming.directory());
            synced.map_err(|error| explain("sync", naming.directory(), error))?;
        }
        // A file with lines belongs to the period of its last line; one from the future to the present.
        let begun_ms = if facts.bytes == 0 { now_ms } else { facts.modified_ms.min(now_ms) };
        self.due.roll_ms = settings.rotate_every.map(|every| every.boundary_after(begun_ms));
        self.due.looked_ms = now_ms;
        self.current = Some(current);
        if self.due.tidied_ms.is_none() {
            self.remove_leftovers();
            self.see_to_closed_files(now_ms);
        }
        Ok(())
    }

    fn should_let_go(&mut self, now_ms: u64, look: Look) -> bool {
        let Some(current) = &self.current else { return false };
        // Relaxed: the flag guards no other memory, and a request seen one write later is honoured all the same.
        if self.reopen.swap(false, Ordering::Relaxed) {
            return true;
        }
        if look == Look::Seldom && now_ms.abs_diff(self.due.looked_ms) < LOOK_EVERY_MS {
            return false;
        }
        self.due.looked_ms = now_ms;
        current.is_elsewhere(&*self.disk, &self.settings.path)
    }

    /// A write failed. A file that is gone on its server will fail for ever, even within a line: it is let go.
    #[cold]
    fn failed(&mut self, error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::StaleNetworkFileHandle {
            self.current = None;
        }
        explain("write", &self.settings.path, error)
    }
}
