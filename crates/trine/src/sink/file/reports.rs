//! Trouble that lost nothing and so is no error of a write: kept until someone asks.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Reports kept between two calls of [`Reports::take`]. Enough for the distinct troubles of a second; a longer list
/// would say the same again.
pub(super) const REPORTS_MAX: usize = 32;

/// A bounded list of sentences, shared with the compressing thread.
#[derive(Debug, Default)]
pub(super) struct Reports(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    reports: VecDeque<String>,
    more: usize,
}

impl Reports {
    /// Adds one; the same sentence twice in the list is kept once.
    pub(super) fn add(&self, report: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.reports.contains(&report) {
            return;
        }
        if kept.reports.len() == REPORTS_MAX {
            kept.more += 1;
        } else {
            kept.reports.push_back(report);
        }
    }

    /// All since the last call, oldest first; when there were more than [`REPORTS_MAX`], the last says how many.
    pub(super) fn take(&self) -> Vec<String> {
        let kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let more = (kept.more > 0).then(|| format!("and {} more reports", kept.more));
        kept.reports.into_iter().chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_bounded_and_say_how_many_are_missing() {
        let reports = Reports::default();
        for n in 0..REPORTS_MAX + 3 {
            reports.add(format!("trouble {n}"));
            reports.add("trouble 0".into());
        }
        let taken = reports.take();
        assert_eq!(taken.len(), REPORTS_MAX + 1);
        assert_eq!((taken[0].as_str(), taken[REPORTS_MAX].as_str()), ("trouble 0", "and 3 more reports"));
        assert_eq!(reports.take(), Vec::<String>::new());
    }
}
