//! What the last words of names mean.
//!
//! A status plays one of four [`Role`]s in the life of its operation. The table [`STATUSES`] knows the words that people use;
//! a word it does not know is a plain point in time. A catalog may give a word another role for one operation.
//!
//! ```
//! use trine_model::{Role, vocabulary::role_of};
//!
//! assert_eq!(role_of("started"), Some(Role::Open));
//! assert_eq!(role_of("committed"), Some(Role::Ok));
//! assert_eq!(role_of("timed_out"), Some(Role::Fail));
//! assert_eq!(role_of("expired"), Some(Role::Point));
//! assert_eq!(role_of("purple"), None);
//! ```

use std::{cmp::Ordering, fmt};

use self::Role::{Fail, Ok, Open, Point};

/// What a status says about its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A run began, and something has to end it: `started`, `requested`.
    Open,
    /// A run ended as it was meant to: `success`, `completed`, `committed`.
    Ok,
    /// A run ended otherwise: `failed`, `rollback`, `timed_out`.
    Fail,
    /// Something happened that neither begins nor ends a run: `changed`, `detected`, or no status at all.
    Point,
}

impl Role {
    /// The role in one word: `open`, `ok`, `fail`, `point`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Open => "open",
            Ok => "ok",
            Fail => "fail",
            Point => "point",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The role of a status, if [`STATUSES`] lists it.
///
/// Cost: a binary search over some two hundred words.
pub const fn role_of(status: &str) -> Option<Role> {
    let (mut low, mut high) = (0, STATUSES.len());
    while low < high {
        let middle = (low + high) / 2;
        match compare(status, STATUSES[middle].0) {
            Ordering::Less => high = middle,
            Ordering::Greater => low = middle + 1,
            Ordering::Equal => return Some(STATUSES[middle].1),
        }
    }
    None
}

/// The statuses we know, in the order of their bytes.
///
/// *Open*, *ok* and *fail* are given sparingly, to words that speak of an attempt: what pairs up events into runs believes
/// them. `sent` or `created` may well crown a success, but says so without an attempt before it: a point. `slow` and
/// `expired` may be bad news, but end nothing: points too. Words that are more often an action (`reset`, `stop`, `read`) are
/// left out, as a two-word name would lose its action to them.
pub const STATUSES: &[(&str, Role)] = &[
    ("abandoned", Fail),
    ("aborted", Fail),
    ("accepted", Ok),
    ("accessed", Point),
    ("acknowledged", Ok),
    ("acquired", Point),
    ("activated", Point),
    ("added", Point),
    ("allocated", Point),
    ("already_exists", Fail),
    ("approved", Ok),
    ("archived", Point),
    ("assigned", Point),
    ("attached", Point),
    ("attempted", Open),
    ("backed_off", Point),
    ("began", Open),
    ("begun", Open),
    ("blocked", Fail),
    ("bounced", Fail),
    ("cached", Point),
    ("canceled", Fail),
    ("cancelled", Fail),
    ("changed", Point),
    ("checked", Point),
    ("checked_in", Point),
    ("checked_out", Point),
    ("cleared", Point),
    ("clicked", Point),
    ("closed", Ok),
    ("collected", Point),
    ("committed", Ok),
    ("complete", Ok),
    ("completed", Ok),
    ("configured", Point),
    ("confirmed", Ok),
    ("conflicted", Fail),
    ("connected", Point),
    ("consumed", Point),
    ("copied", Point),
    ("corrupted", Fail),
    ("crashed", Fail),
    ("created", Point),
    ("deactivated", Point),
    ("dead_lettered", Fail),
    ("declined", Fail),
    ("degraded", Point),
    ("deleted", Point),
    ("delivered", Point),
    ("denied", Fail),
    ("deployed", Point),
    ("deprecated", Point),
    ("detached", Point),
    ("detected", Point),
    ("disabled", Point),
    ("disconnected", Point),
    ("discovered", Point),
    ("dispatched", Point),
    ("displayed", Point),
    ("done", Ok),
    ("downloaded", Point),
    ("dropped", Fail),
    ("elected", Point),
    ("enabled", Point),
    ("ended", Ok),
    ("enqueued", Point),
    ("error", Fail),
    ("errored", Fail),
    ("evicted", Point),
    ("exceeded", Point),
    ("executed", Point),
    ("exhausted", Point),
    ("exited", Point),
    ("expired", Point),
    ("exported", Point),
    ("fail", Fail),
    ("failed", Fail),
    ("failure", Fail),
    ("finished", Ok),
    ("fired", Point),
    ("flushed", Point),
    ("forbidden", Fail),
    ("found", Point),
    ("fulfilled", Ok),
    ("generated", Point),
    ("granted", Ok),
    ("imported", Point),
    ("indexed", Point),
    ("initiated", Open),
    ("inserted", Point),
    ("installed", Point),
    ("interrupted", Fail),
    ("invalid", Fail),
    ("invoked", Point),
    ("issued", Ok),
    ("joined", Point),
    ("killed", Fail),
    ("left", Point),
    ("loaded", Point),
    ("locked", Point),
    ("logged_in", Point),
    ("logged_out", Point),
    ("lost", Point),
    ("malformed", Fail),
    ("matched", Point),
    ("merged", Point),
    ("migrated", Point),
    ("missing", Fail),
    ("modified", Point),
    ("moved", Point),
    ("not_allowed", Fail),
    ("not_authorized", Fail),
    ("not_found", Fail),
    ("not_modified", Point),
    ("not_supported", Fail),
    ("observed", Point),
    ("ok", Ok),
    ("opened", Open),
    ("out_of_memory", Fail),
    ("out_of_space", Fail),
    ("out_of_stock", Fail),
    ("panicked", Fail),
    ("passed", Ok),
    ("paused", Point),
    ("pending", Point),
    ("processed", Point),
    ("published", Point),
    ("queued", Point),
    ("rate_limited", Fail),
    ("reached", Point),
    ("rebalanced", Point),
    ("received", Open),
    ("reconnected", Point),
    ("recorded", Point),
    ("recovered", Point),
    ("refreshed", Point),
    ("refused", Fail),
    ("registered", Point),
    ("rejected", Fail),
    ("released", Point),
    ("reloaded", Point),
    ("removed", Point),
    ("renamed", Point),
    ("renewed", Point),
    ("replaced", Point),
    ("replayed", Point),
    ("reported", Point),
    ("requested", Open),
    ("resized", Point),
    ("resolved", Ok),
    ("restarted", Point),
    ("restored", Point),
    ("resumed", Point),
    ("retried", Point),
    ("returned", Point),
    ("revoked", Point),
    ("rollback", Fail),
    ("rolled_back", Fail),
    ("rotated", Point),
    ("routed", Point),
    ("saved", Point),
    ("scheduled", Point),
    ("selected", Point),
    ("sent", Point),
    ("settled", Ok),
    ("shipped", Point),
    ("shut_down", Ok),
    ("signed_in", Point),
    ("signed_out", Point),
    ("signed_up", Point),
    ("skipped", Point),
    ("slow", Point),
    ("spawned", Point),
    ("stale", Point),
    ("stalled", Point),
    ("started", Open),
    ("starting", Open),
    ("stopped", Ok),
    ("stored", Point),
    ("stuck", Point),
    ("submitted", Open),
    ("subscribed", Point),
    ("succeeded", Ok),
    ("success", Ok),
    ("successful", Ok),
    ("suspended", Point),
    ("switched", Point),
    ("synced", Point),
    ("taken", Point),
    ("throttled", Point),
    ("timed_out", Fail),
    ("timeout", Fail),
    ("too_large", Fail),
    ("triggered", Point),
    ("truncated", Point),
    ("unauthenticated", Fail),
    ("unauthorized", Fail),
    ("unavailable", Fail),
    ("unchanged", Point),
    ("uninstalled", Point),
    ("unlocked", Point),
    ("unreachable", Fail),
    ("unregistered", Point),
    ("unsubscribed", Point),
    ("unsuccessful", Fail),
    ("unsupported", Fail),
    ("updated", Point),
    ("upgraded", Point),
    ("uploaded", Point),
    ("used", Point),
    ("validated", Ok),
    ("verified", Ok),
    ("viewed", Point),
    ("visited", Point),
    ("withdrawn", Point),
];

// The search above needs the order, and a word must not have two roles.
const _: () = {
    let mut at = 1;
    while at < STATUSES.len() {
        assert!(
            matches!(compare(STATUSES[at - 1].0, STATUSES[at].0), Ordering::Less),
            "STATUSES is out of order"
        );
        at += 1;
    }
};

/// `Ord::cmp` for strings in a `const fn`.
const fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return if a[at] < b[at] { Ordering::Less } else { Ordering::Greater };
        }
        at += 1;
    }
    if a.len() == b.len() {
        Ordering::Equal
    } else if a.len() < b.len() {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_status_is_found_with_its_role() {
        for (status, role) in STATUSES {
            assert_eq!(role_of(status), Some(*role), "{status}");
        }
    }

    #[test]
    fn neighbours_of_listed_words_are_not_found() {
        for (status, _) in STATUSES {
            assert_eq!(role_of(&format!("{status}~")), None);
            assert_eq!(role_of(&format!("~{status}")), None);
        }
        assert_eq!(role_of(""), None);
    }

    #[test]
    fn every_status_can_end_a_name() {
        for (status, _) in STATUSES {
            assert_eq!(crate::EventName::check(&format!("domain_{status}")), Result::Ok(()), "{status}");
        }
    }

    #[test]
    fn common_actions_are_not_statuses() {
        for action in
            ["login", "logout", "hit", "miss", "view", "exit", "reset", "stop", "start", "read", "query"]
        {
            assert_eq!(role_of(action), None, "{action}");
        }
    }
}
