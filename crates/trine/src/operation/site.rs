//! What is known of an operation before it runs: its names, levels and keys, judged while compiling.

use trine_model::{EventName, Level, NameProblem, Role, vocabulary::role_of};
use trine_ring::record::KeptValues;

use crate::callsite::Callsite;

/// The keys that the events of an operation have by themselves, in every case.
pub(super) const OWN_KEYS: [&str; 3] = ["duration_ms", "operation_id", "parent"];

/// The callsites of one use of [`timed!`](crate::timed).
///
/// A start, and an end with nothing more to say than how long it took, write their values by the callsite's keys, as any event
/// does. `parent` is one of the keys where there is a parent, so these come in pairs: without, and with it. Endings with more to
/// say bring their fields along with the keys.
#[doc(hidden)]
#[derive(Debug)]
pub struct OperationSite {
    pub(super) started: [Callsite; 2],
    pub(super) succeeded: [Callsite; 2],
    pub(super) succeeded_at_length: Callsite,
    pub(super) failed: Callsite,
    /// `None` where no limit was given.
    pub(super) slow: Option<Callsite>,
    /// Of the values that all events carry: those of the call, `operation_id`, `parent`.
    pub(super) keys: &'static [&'static str],
}

/// The four names of an operation's events, from the texts that [`join`] made.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Names {
    pub started: &'static str,
    pub succeeded: &'static str,
    pub failed: &'static str,
    pub slow: Option<&'static str>,
}

impl OperationSite {
    /// Judges the name, the success word and the keys; in a static initialiser a mistake is a compile error.
    ///
    /// `keys` are `duration_ms`, those of the call, `operation_id`, `parent`.
    #[track_caller]
    pub const fn new(
        name: &'static str,
        success: &'static str,
        names: Names,
        level: Level,
        place: (&'static str, &'static str, u32),
        keys: &'static [&'static str],
    ) -> OperationSite {
        check_name(name);
        check_success(success);
        let (of_end, of_all) = keys.split_at(1);
        check_keys(of_all.split_at(of_all.len() - 2).0);
        let failed = if level as u8 > Level::Error as u8 { level } else { Level::Error };
        let of_root = of_all.split_at(of_all.len() - 1).0;
        let of_root_end = keys.split_at(keys.len() - 1).0;
        OperationSite {
            started: [
                Callsite::new(names.started, level, place, of_root),
                Callsite::new(names.started, level, place, of_all),
            ],
            succeeded: [
                Callsite::new(names.succeeded, level, place, of_root_end),
                Callsite::new(names.succeeded, level, place, keys),
            ],
            succeeded_at_length: Callsite::new(names.succeeded, level, place, of_end),
            failed: Callsite::new(names.failed, failed, place, of_end),
            slow: match names.slow {
                Some(slow) => Some(Callsite::new(slow, Level::Warning, place, of_end)),
                None => None,
            },
            keys: of_all,
        }
    }

    /// True when any event of the operation can go anywhere, and so its fields are needed.
    #[inline(always)]
    pub fn is_on(&'static self) -> bool {
        self.started[0].is_on() || self.is_end_on()
    }

    #[inline(never)]
    fn is_end_on(&'static self) -> bool {
        self.failed.is_on() || self.succeeded[0].is_on() || self.slow.as_ref().is_some_and(Callsite::is_on)
    }

    /// Whether these values are of a run with a parent: which callsite of a pair they belong to.
    #[inline]
    pub(super) fn is_child(&self, kept: &KeptValues) -> bool {
        kept.count() == self.keys.len()
    }
}

/// Length of a name with a status behind it.
#[doc(hidden)]
pub const fn joined_len(name: &str, status: &str) -> usize {
    name.len() + 1 + status.len()
}

/// A name with a status behind it, in the spelling of the name: with a dot where it has dots. `LEN` is [`joined_len`].
#[doc(hidden)]
pub const fn join<const LEN: usize>(name: &str, status: &str) -> [u8; LEN] {
    let (name, status) = (name.as_bytes(), status.as_bytes());
    let mut joined = [b'_'; LEN];
    let mut at = 0;
    while at < name.len() {
        joined[at] = name[at];
        if name[at] == b'.' {
            joined[name.len()] = b'.';
        }
        at += 1;
    }
    let mut at = 0;
    while at < status.len() {
        joined[name.len() + 1 + at] = status[at];
        at += 1;
    }
    joined
}

/// The text that [`join`] made: two texts and a separator are a text.
#[doc(hidden)]
pub const fn text(joined: &'static [u8]) -> &'static str {
    match core::str::from_utf8(joined) {
        Ok(text) => text,
        Err(_) => panic!("an operation's name is text"),
    }
}

#[track_caller]
const fn check_name(name: &str) {
    match EventName::check(name) {
        Ok(()) => {}
        Err(NameProblem::Empty) => panic!(
            "an operation's name is empty: it says where and what, like `database_query`; the status is added to it"
        ),
        Err(NameProblem::OneWord) => panic!(
            "an operation's name has only one word: it says at least where and what, like `database_query`"
        ),
        Err(problem) => panic!("{}", problem.message()),
    }
    let mut at = 0;
    while at < name.len() {
        let (_, tail) = name.split_at(at);
        if let [b'_' | b'.', ..] = tail.as_bytes()
            && role_of(tail.split_at(1).1).is_some()
        {
            panic!(
                "an operation's name ends with a status, like `_started` or `_failed`: say only where and what, like \
                 `database_query`; each event of the operation gets its status by itself"
            );
        }
        at += 1;
    }
}

#[track_caller]
const fn check_success(word: &str) {
    if !matches!(role_of(word), Some(Role::Ok)) {
        panic!(
            "the option `success` takes a word that ends an operation well, so that readers know it has ended: `completed`, \
             `success`, `succeeded`, `committed`, `finished`, `accepted`, ... (the role `ok` in `trine_model::vocabulary`)"
        );
    }
}

#[track_caller]
const fn check_keys(keys: &[&str]) {
    let mut rest = keys;
    while let [key, others @ ..] = rest {
        if matches!(key.as_bytes(), b"duration_ms" | b"operation_id" | b"parent") {
            panic!(
                "a field of an operation cannot be called `duration_ms`, `operation_id` or `parent`: its events have these \
                 by themselves"
            );
        }
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(name: &'static str, status: &'static str) -> String {
        String::from_utf8(match joined_len(name, status) {
            16 => join::<16>(name, status).to_vec(),
            len => panic!("{len}"),
        })
        .unwrap()
    }

    #[test]
    fn a_status_is_joined_in_the_spelling_of_the_name() {
        assert_eq!(joined("cache_fetch", "done"), "cache_fetch_done");
        assert_eq!(joined("cache.fetch", "done"), "cache.fetch.done");
        assert_eq!(joined("big_db.read", "done"), "big_db.read.done");
    }

    #[test]
    fn own_keys_are_the_ones_that_are_refused() {
        for key in OWN_KEYS {
            let refused = std::panic::catch_unwind(|| check_keys(&[key])).is_err();
            assert!(refused, "{key}");
        }
        check_keys(&["error", "reason", "duration", "parent_id"]);
    }

    #[test]
    fn names_that_say_how_it_went_are_refused() {
        for name in ["database_query", "api_call", "order.fulfill", "cache_started_read", "log_in"] {
            check_name(name);
        }
        for name in ["database_query_started", "order_created", "job.run.timed_out", "page_not_found"] {
            assert!(std::panic::catch_unwind(|| check_name(name)).is_err(), "{name}");
        }
    }
}
