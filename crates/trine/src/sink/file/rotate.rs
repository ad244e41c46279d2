//! When a file is closed and the next one begun, and the steps of doing so.

use super::current::{Current, first_line_of, whole_lines_in};
use super::filesystem::explain;
use super::log::Log;
use super::naming::{Naming, STAMP_MS_MAX};
use std::io::{self, ErrorKind::NotFound};
use std::path::Path;
use std::time::Duration;

/// How soon a failed rotation is tried again: often enough to notice that the trouble is over, seldom enough that a
/// lasting one costs nothing.
const ROLL_AGAIN_MS: u64 = 1_000;

/// Shortest time between two rotations by time: the ticks that carry them come once a second.
const PERIOD_MS_MIN: u64 = 1_000;

/// Names tried for a file that is being closed. The first is free by the list just read, so a second try already
/// means that another process closes files of the same name at the same moment.
const NAMES_TRIED_MAX: u64 = 1_000;

/// When to begin a new file by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Every {
    /// On the hour.
    Hour,
    /// At midnight UTC.
    Day,
    /// At multiples of this time since 1970-01-01T00:00:00Z: ten minutes are at :00, :10, :20. Less than a second
    /// counts as one second; fractions of a millisecond are cut.
    Period(Duration),
}

impl Every {
    /// The first boundary after `ms`. Units: milliseconds since 1970-01-01 UTC.
    pub(super) fn boundary_after(self, ms: u64) -> u64 {
        let period = match self {
            Every::Hour => 3_600_000,
            Every::Day => 86_400_000,
            Every::Period(period) => u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(PERIOD_MS_MIN),
        };
        (ms / period).saturating_add(1).saturating_mul(period)
    }
}

impl From<Duration> for Every {
    fn from(period: Duration) -> Every {
        Every::Period(period)
    }
}

impl Log {
    /// Closes the current file when a boundary has passed since its lines, under the name of that boundary.
    pub(super) fn roll_if_due(&mut self, now_ms: u64) {
        if let Some(boundary_ms) = self.roll_due(now_ms) {
            self.roll(boundary_ms, now_ms);
        }
    }

    /// The boundary that has passed, when the current file has lines from before it.
    fn roll_due(&mut self, now_ms: u64) -> Option<u64> {
        let (every, roll_ms) = (self.settings.rotate_every?, self.due.roll_ms?);
        let is_empty = self.current.as_ref()?.bytes() == 0;
        let clock_stepped_back = roll_ms > every.boundary_after(now_ms);
        if clock_stepped_back || (is_empty && now_ms >= roll_ms) {
            self.due.roll_ms = Some(every.boundary_after(now_ms));
            return None;
        }
        (now_ms >= roll_ms).then_some(roll_ms)
    }

    /// Bytes of `rest` that go into the current file: whole lines within the limit; one line alone when it is larger
    /// than the limit and the file is empty; 0 when the file should be closed first.
    pub(super) fn fitting(&self, rest: &[u8]) -> usize {
        let (Some(limit), Some(current)) = (self.settings.rotate_bytes, &self.current) else {
            return rest.len();
        };
        match whole_lines_in(rest, limit.saturating_sub(current.bytes())) {
            0 if current.bytes() == 0 => first_line_of(rest),
            bytes => bytes,
        }
    }

    /// Closes the current file under the name of `closed_ms`, if that is possible now.
    ///
    /// Afterwards no file is open. False when there still is: a pipe or device is never closed, a rotation that
    /// failed is reported, and not tried again for [`ROLL_AGAIN_MS`].
    pub(super) fn roll(&mut self, closed_ms: u64, now_ms: u64) -> bool {
        let Some(current) = &self.current else { return true };
        let failed_just_now = self.due.roll_failed_ms.is_some_and(|at| now_ms.abs_diff(at) < ROLL_AGAIN_MS);
        if failed_just_now || !current.facts().is_regular {
            return false;
        }
        // Another process, or a person, was faster: what lies at the path now is not ours to rename.
        if current.is_elsewhere(&*self.disk, &self.settings.path) {
            self.let_go();
            return true;
        }
        match self.rename_current(current, closed_ms) {
            Err(error) => {
                self.reports.add(format!("{error}; writing goes on in the same file"));
                self.due.roll_failed_ms = Some(now_ms);
                return false;
            }
            Ok(closed_ms) => self.due.closed_ms = Some(closed_ms),
        }
        self.due.roll_failed_ms = None;
        self.see_to_closed_files(now_ms);
        self.current = None;
        true
    }

    /// Gives the current file the name of `closed_ms`, or of the first later time that is free: that is returned.
    fn rename_current(&self, current: &Current, closed_ms: u64) -> io::Result<u64> {
        if self.settings.sync {
            current.sync()?;
        }
        let naming = Naming::of(current.path());
        let is_free = |path: &Path| self.disk.facts(path).is_err_and(|error| error.kind() == NotFound);
        // Later than every closed file, whatever the clock says: names must sort like their lines. What was closed
        // last is remembered for a directory that cannot be listed.
        let newest_ms = self.closed_files(&naming).iter().map(|file| file.closed_ms).max();
        let first_ms =
            closed_ms.max(newest_ms.max(self.due.closed_ms).map_or(0, |ms| ms + 1)).min(STAMP_MS_MAX);
        let closed_ms = (first_ms..first_ms + NAMES_TRIED_MAX).find(|&ms| is_free(&naming.closed(ms)));
        let renamed = closed_ms
            .ok_or_else(|| io::Error::other("no name is free for the closed file"))
            .and_then(|ms| self.disk.rename(current.path(), &naming.closed(ms)).map(|()| ms))
            .map_err(|error| explain("rotate", current.path(), error))?;
        if self.settings.sync
            && let Err(error) = self.disk.sync_directory(naming.directory())
        {
            // The rename stands; should power fail now, the lines are there under the old name.
            self.reports.add(explain("sync", naming.directory(), error).to_string());
        }
        Ok(renamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_aligned_to_utc() {
        let ten_past_ten_ms = 1_795_428_000_000 + 600_001;
        let after = |every: Every| every.boundary_after(ten_past_ten_ms) - 1_795_428_000_000;
        assert_eq!(after(Every::Hour), 3_600_000);
        assert_eq!(after(Every::Day), 14 * 3_600_000);
        assert_eq!(after(Duration::from_secs(600).into()), 1_200_000);
        assert_eq!(after(Duration::ZERO.into()), 601_000, "less than a second is one second");
        assert_eq!(Every::Period(Duration::MAX).boundary_after(ten_past_ten_ms), u64::MAX, "never");
    }

    #[test]
    fn a_boundary_belongs_to_the_period_it_begins() {
        assert_eq!(Every::Hour.boundary_after(7_200_000), 10_800_000);
        assert_eq!(Every::Hour.boundary_after(7_199_999), 7_200_000);
    }
}
