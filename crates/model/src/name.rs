//! [`EventName`]: what it may look like (`grammar`), where its parts are (`parts`), how it is made at run time (`compose`).

pub(crate) mod compose;
mod grammar;
pub(crate) mod intern;
mod parts;

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use crate::{error::Error, vocabulary::Role};

pub use self::{
    grammar::{NAME_BYTES_MAX, NameProblem},
    intern::NAMES_COMPOSED_MAX,
    parts::NameParts,
};

/// The name of an event: *domain, action, status*, static, and known to obey the grammar.
///
/// Kept exactly as it was written. `payment_process_failed` and `payment.process.failed` are two spellings of one name:
/// equal, and hashed and ordered alike. Dots also say where the parts are, which [`parts`](EventName::parts) believes.
///
/// ```
/// use trine_model::EventName;
///
/// const WORDS: EventName = EventName::literal("auth_password_reset_requested");
/// const DOTS: EventName = EventName::literal("auth.password_reset.requested");
///
/// assert_eq!(WORDS, DOTS);
/// assert_eq!(DOTS.as_str(), "auth.password_reset.requested");
/// assert_eq!(DOTS.canonical(), "auth_password_reset_requested");
/// assert_eq!((DOTS.domain(), DOTS.action(), DOTS.status()), ("auth", "password_reset", "requested"));
/// ```
#[derive(Clone, Copy)]
pub struct EventName(&'static str);

impl EventName {
    /// A name from a literal, judged while compiling when it stands in a `const` or a `static`.
    ///
    /// ```compile_fail
    /// // error: event name has only one word: it says at least where and what, like `cache_hit`
    /// const N: trine_model::EventName = trine_model::EventName::literal("shutdown");
    /// ```
    ///
    /// Panics: on a text that [`EventName::check`] refuses, with the message of the [`NameProblem`]. In a `const` this is a
    /// compile error at the literal; for names that are not literals see [`EventName::intern`].
    #[track_caller]
    pub const fn literal(name: &'static str) -> EventName {
        match grammar::check(name.as_bytes()) {
            Ok(()) => EventName(name),
            Err(problem) => panic!("{}", problem.message()),
        }
    }

    /// Whether a text is a name, and if not, what is the first thing wrong with it.
    ///
    /// Shape: words of `a-z` and `0-9` joined by `_`, at least two, the first beginning with a letter; or segments of such
    /// words joined by `.`, at least two. At most [`NAME_BYTES_MAX`] bytes.
    ///
    /// ```
    /// use trine_model::{EventName, NameProblem};
    ///
    /// assert_eq!(EventName::check("cache_hit"), Ok(()));
    /// assert_eq!(EventName::check("cacheHit"), Err(NameProblem::UpperCase { at: 5 }));
    /// ```
    pub const fn check(name: &str) -> Result<(), NameProblem> {
        grammar::check(name.as_bytes())
    }

    /// A name from its parts, at run time.
    ///
    /// Shape: `domain` is one word; `action` and `status` hold any number of words joined by `_` and may be empty, as long as
    /// there are two words in all. The parts are joined by `_`, and then read back by the rules for literals: a status that
    /// [`STATUSES`](crate::vocabulary::STATUSES) does not list may lose all words but its last to the action.
    ///
    /// Errors: [`Error::is_invalid`] when the result is not a name; [`Error::is_full`] when [`NAMES_COMPOSED_MAX`] distinct
    /// names are kept already.
    ///
    /// Cost: a lock for reading and one hash; nothing is allocated for a name that was seen before. A new name is kept as
    /// long as the process lives.
    ///
    /// ```
    /// use trine_model::EventName;
    ///
    /// let name = EventName::compose("order", "create", "success").unwrap();
    /// assert_eq!(name, EventName::literal("order_create_success"));
    /// assert_eq!(EventName::compose("cache", "", "expired").unwrap().as_str(), "cache_expired");
    /// ```
    pub fn compose(domain: &str, action: &str, status: &str) -> Result<EventName, Error> {
        compose::compose(intern::process_wide(), domain, action, status).map(EventName)
    }

    /// A whole name that is only known at run time, in either spelling.
    ///
    /// Errors and Cost: as [`EventName::compose`], and under the same bound.
    ///
    /// ```
    /// use trine_model::EventName;
    ///
    /// let operation = "database_query";
    /// let name = EventName::intern(&format!("{operation}_started")).unwrap();
    /// assert_eq!(name.status(), "started");
    /// ```
    pub fn intern(name: &str) -> Result<EventName, Error> {
        compose::whole(intern::process_wide(), name).map(EventName)
    }

    /// The name exactly as it was written, with `_` or with dots.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The name in the spelling with `_`, by which names are told apart.
    ///
    /// Cost: allocates only for a name written with dots.
    pub fn canonical(self) -> Cow<'static, str> {
        grammar::canonical(self.0)
    }

    /// Where domain, action and status lie in the name.
    ///
    /// Cost: a dozen string comparisons; worth keeping where a name is asked often.
    pub fn parts(self) -> NameParts<'static> {
        NameParts::of(self.0)
    }

    /// The system area: `payment` in `payment_process_failed`.
    pub fn domain(self) -> &'static str {
        self.parts().domain
    }

    /// What was attempted: `process` in `payment_process_failed`; empty in `order_created`.
    pub fn action(self) -> &'static str {
        self.parts().action
    }

    /// How it went: `failed` in `payment_process_failed`; empty in `cache_hit`.
    pub fn status(self) -> &'static str {
        self.parts().status
    }

    /// What the status means for the operation; [`Role::Point`] when there is none, or none that we know.
    pub fn role(self) -> Role {
        self.parts().role()
    }

    /// The bytes of the canonical spelling, without building it.
    fn canonical_bytes(self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|byte| if byte == b'.' { b'_' } else { byte })
    }
}

impl PartialEq for EventName {
    fn eq(&self, other: &EventName) -> bool {
        self.0 == other.0
            || (self.0.len() == other.0.len() && self.canonical_bytes().eq(other.canonical_bytes()))
    }
}

impl Eq for EventName {}

impl Ord for EventName {
    fn cmp(&self, other: &EventName) -> Ordering {
        self.canonical_bytes().cmp(other.canonical_bytes())
    }
}

impl PartialOrd for EventName {
    fn partial_cmp(&self, other: &EventName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for EventName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // One write of the whole name: hashers may tell the same bytes apart when they come in other pieces.
        let mut canonical = [0; NAME_BYTES_MAX];
        for (slot, byte) in canonical.iter_mut().zip(self.canonical_bytes()) {
            *slot = byte;
        }
        canonical[..self.0.len()].hash(state);
    }
}

/// The name as it was written.
impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventName").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

    const WORDS: EventName = EventName::literal("payment_process_failed");
    const DOTS: EventName = EventName::literal("payment.process.failed");
    const OTHER: EventName = EventName::literal("payment_process_failure");

    #[test]
    fn both_spellings_are_one_name_however_it_is_compared() {
        assert_eq!(WORDS, DOTS);
        assert_eq!(WORDS.cmp(&DOTS), Ordering::Equal);
        assert_eq!(HashSet::from([WORDS, DOTS, OTHER]).len(), 2);
        assert_eq!(BTreeSet::from([WORDS, DOTS, OTHER]).len(), 2);
        assert_ne!(WORDS, OTHER);
        assert!(WORDS < OTHER);
    }

    #[test]
    fn each_spelling_is_shown_as_it_was_written() {
        assert_eq!(DOTS.to_string(), "payment.process.failed");
        assert_eq!(WORDS.to_string(), "payment_process_failed");
        assert_eq!(format!("{DOTS:?}"), r#"EventName("payment.process.failed")"#);
        assert_eq!(DOTS.canonical(), WORDS.as_str());
    }
}
