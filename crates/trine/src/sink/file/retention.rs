//! Which closed files may go. Pure: the list and the time go in, the files to delete come out.

use super::naming::{Closed, Form};
use std::time::Duration;

/// How much of the past is kept. A rule that is `None` keeps everything; with several, the strictest wins.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Retention {
    pub(super) files: Option<usize>,
    pub(super) age: Option<Duration>,
    pub(super) bytes: Option<u64>,
}

impl Retention {
    pub(super) fn keeps_everything(&self) -> bool {
        self.files.is_none() && self.age.is_none() && self.bytes.is_none()
    }

    /// The files to delete, oldest first.
    ///
    /// Shape: `closed` in any order. Names of one closing time are one file in two forms (compressed just now, or a
    /// crash between two steps): they are counted as one and go together. Files still growing are left alone.
    /// Units: bytes as `bytes_of` tells them, so compressed files count with what they take on the disk.
    pub(super) fn doomed(
        &self,
        mut closed: Vec<Closed>,
        now_ms: u64,
        mut bytes_of: impl FnMut(&Closed) -> u64,
    ) -> Vec<Closed> {
        closed.retain(|file| file.form != Form::Temporary);
        closed.sort_unstable_by(|a, b| b.cmp(a));
        let age_ms_max = self.age.map_or(u64::MAX, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let (mut files, mut bytes) = (0, 0_u64);
        let mut kept = 0;
        // From the newest back: the first that breaks a rule goes, and with it all that are older.
        for of_one_time in closed.chunk_by(|a, b| a.closed_ms == b.closed_ms) {
            files += 1;
            if self.bytes.is_some() {
                bytes = of_one_time.iter().fold(bytes, |sum, file| sum.saturating_add(bytes_of(file)));
            }
            let too_many = self.files.is_some_and(|max| files > max);
            let too_large = self.bytes.is_some_and(|max| bytes > max);
            let too_old = now_ms.saturating_sub(of_one_time[0].closed_ms) > age_ms_max;
            if too_many || too_large || too_old {
                break;
            }
            kept += of_one_time.len();
        }
        let mut doomed = closed.split_off(kept);
        doomed.reverse();
        doomed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const MINUTE_MS: u64 = 60_000;

    /// Files closed at these minutes, 100 bytes each, seen at minute 100: which are deleted?
    #[track_caller]
    fn check(rules: Retention, minutes: &[u64], expected: &[u64]) {
        let closed = minutes.iter().map(|&minute| file(minute, Form::Plain)).collect();
        let doomed = rules.doomed(closed, 100 * MINUTE_MS, |_| 100);
        assert_eq!(doomed.iter().map(|file| file.closed_ms / MINUTE_MS).collect::<Vec<_>>(), expected);
    }

    fn file(minute: u64, form: Form) -> Closed {
        Closed { closed_ms: minute * MINUTE_MS, form, path: PathBuf::from(format!("{minute}-{form:?}")) }
    }

    fn minutes(minutes: u64) -> Option<Duration> {
        Some(Duration::from_secs(60 * minutes))
    }

    #[test]
    fn no_rule_keeps_everything() {
        check(Retention::default(), &[1, 2, 3], &[]);
    }

    #[test]
    fn the_oldest_go_first_by_count() {
        check(Retention { files: Some(2), ..Default::default() }, &[40, 10, 30, 20], &[10, 20]);
        check(Retention { files: Some(0), ..Default::default() }, &[40, 10], &[10, 40]);
    }

    #[test]
    fn a_file_goes_when_it_is_older_than_the_age() {
        check(Retention { age: minutes(70), ..Default::default() }, &[29, 30, 31], &[29]);
    }

    #[test]
    fn a_file_from_the_future_is_not_old() {
        check(Retention { age: minutes(1), ..Default::default() }, &[500], &[]);
    }

    #[test]
    fn the_newest_that_fit_in_the_bytes_stay() {
        check(Retention { bytes: Some(250), ..Default::default() }, &[10, 20, 30], &[10]);
        check(Retention { bytes: Some(99), ..Default::default() }, &[10, 20], &[10, 20]);
    }

    #[test]
    fn the_strictest_rule_wins() {
        check(Retention { files: Some(3), age: minutes(85), bytes: Some(1_000) }, &[10, 20, 30, 40], &[10]);
        check(Retention { files: Some(3), age: minutes(65), bytes: Some(1_000) }, &[10, 20, 40], &[10, 20]);
    }

    #[test]
    fn both_forms_of_one_file_count_once_and_go_together() {
        let closed = vec![
            file(10, Form::Plain),
            file(10, Form::Compressed),
            file(20, Form::Plain),
            file(20, Form::Compressed),
            file(5, Form::Temporary),
        ];
        let doomed = Retention { files: Some(1), ..Default::default() }.doomed(closed, 0, |_| 1);
        assert_eq!(doomed, [file(10, Form::Plain), file(10, Form::Compressed)]);
    }
}
