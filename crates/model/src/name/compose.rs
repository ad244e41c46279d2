//! Names that are made at run time: put together, judged, kept.

use std::fmt;

use crate::{
    error::{Error, Kind, excerpt},
    name::{
        grammar::{self, NAME_BYTES_MAX, NameProblem},
        intern::Interner,
    },
};

/// A whole name, judged and kept.
pub(super) fn whole(names: &Interner, name: &str) -> Result<&'static str, Error> {
    match grammar::check(name.as_bytes()) {
        Ok(()) => names.intern(name),
        Err(problem) => Err(refuse(name.to_owned(), problem)),
    }
}

/// The parts joined by `_`, judged and kept.
pub(super) fn compose(
    names: &Interner,
    domain: &str,
    action: &str,
    status: &str,
) -> Result<&'static str, Error> {
    // Joined on the stack, so that a name which is kept already costs no allocation.
    let mut joined = Joined { bytes: [0; NAME_BYTES_MAX], len: 0, fits: true };
    joined.push(domain);
    for part in [action, status].into_iter().filter(|part| !part.is_empty()) {
        joined.push("_");
        joined.push(part);
    }
    match joined.text().map(|name| (name, judge(name, domain))) {
        Some((name, Ok(()))) => names.intern(name),
        Some((name, Err(problem))) => Err(refuse(name.to_owned(), problem)),
        None => Err(refuse([domain, action, status].join("_"), NameProblem::TooLong)),
    }
}

/// The grammar, and what the spelling with dots would allow but parts must not have.
fn judge(name: &str, domain: &str) -> Result<(), NameProblem> {
    if domain.is_empty() && !name.is_empty() {
        return Err(NameProblem::ComposedDomain { at: 0 });
    }
    grammar::check(name.as_bytes())?;
    if let Some(at) = name.find('.') {
        return Err(NameProblem::ComposedDot { at });
    }
    match domain.find('_') {
        Some(at) => Err(NameProblem::ComposedDomain { at }),
        None => Ok(()),
    }
}

/// Pieces of text, side by side in a buffer of fixed size.
struct Joined {
    bytes: [u8; NAME_BYTES_MAX],
    len: usize,
    fits: bool,
}

impl Joined {
    fn push(&mut self, piece: &str) {
        match self.bytes[self.len..].get_mut(..piece.len()) {
            Some(room) if self.fits => {
                room.copy_from_slice(piece.as_bytes());
                self.len += piece.len();
            }
            _ => self.fits = false,
        }
    }

    /// The text, if all of it found room.
    fn text(&self) -> Option<&str> {
        // Whole pieces of UTF-8 in a row are UTF-8.
        self.fits.then(|| std::str::from_utf8(&self.bytes[..self.len]).expect("pieces are whole strings"))
    }
}

#[cold]
fn refuse(name: String, problem: NameProblem) -> Error {
    Error::new(Kind::Name(BadName { name, problem }))
}

/// A text that is no name.
pub(crate) struct BadName {
    name: String,
    problem: NameProblem,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "use `{}` as an event name: {}", excerpt(&self.name), self.problem.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parts: [&str; 3], expected: Result<&str, NameProblem>) {
        let names = Interner::new(1);
        let [domain, action, status] = parts;
        match (compose(&names, domain, action, status), expected) {
            (Ok(name), expected) => assert_eq!(Ok(name), expected, "{parts:?}"),
            (Err(error), Err(problem)) => match &*error.0 {
                Kind::Name(bad) => assert_eq!(bad.problem, problem, "{parts:?}"),
                _ => panic!("{parts:?}: {error}"),
            },
            (Err(error), Ok(_)) => panic!("{parts:?}: {error}"),
        }
    }

    #[test]
    fn parts_are_joined_and_empty_ones_left_out() {
        check(["order", "create", "success"], Ok("order_create_success"));
        check(["auth", "password_reset", "requested"], Ok("auth_password_reset_requested"));
        check(["order", "", "created"], Ok("order_created"));
        check(["cache", "hit", ""], Ok("cache_hit"));
        check(["http", "2xx", "timed_out"], Ok("http_2xx_timed_out"));
    }

    #[test]
    fn domain_is_exactly_one_word() {
        check(["", "login", "success"], Err(NameProblem::ComposedDomain { at: 0 }));
        check(["web_app", "login", "success"], Err(NameProblem::ComposedDomain { at: 3 }));
        check(["2fa", "login", "success"], Err(NameProblem::LeadingDigit));
    }

    #[test]
    fn one_word_in_all_is_not_a_name() {
        check(["order", "", ""], Err(NameProblem::OneWord));
        check(["", "", ""], Err(NameProblem::Empty));
    }

    #[test]
    fn parts_obey_the_grammar() {
        check(["auth", "log in", "success"], Err(NameProblem::Space { at: 8 }));
        check(["auth", "login_", "success"], Err(NameProblem::DoubleSeparator { at: 11 }));
        check(["auth", "_login", "success"], Err(NameProblem::DoubleSeparator { at: 5 }));
        check(["auth", "login", "success_"], Err(NameProblem::TrailingSeparator { at: 18 }));
        check(["auth", "login.web", "success"], Err(NameProblem::ComposedDot { at: 10 }));
        check(["zahlung", "prüfen", "success"], Err(NameProblem::Character { at: 10 }));
    }

    #[test]
    fn long_parts_are_refused_without_being_shown_whole() {
        check(
            ["a", &"b".repeat(NAME_BYTES_MAX - 4), "c"],
            Ok(&format!("a_{}_c", "b".repeat(NAME_BYTES_MAX - 4))),
        );
        check(["a", &"b".repeat(NAME_BYTES_MAX - 3), "c"], Err(NameProblem::TooLong));
        // What comes after a piece without room is not squeezed in behind the one before.
        check(["a", &"b".repeat(NAME_BYTES_MAX), "c"], Err(NameProblem::TooLong));
        let error = compose(&Interner::new(1), "a", &"b".repeat(1 << 20), "c").unwrap_err();
        assert!(error.to_string().len() < 1_000);
    }

    #[test]
    fn refusal_names_the_text_and_the_rule() {
        let error = whole(&Interner::new(1), "order 17 created").unwrap_err();
        assert!(error.is_invalid() && !error.is_full());
        assert_eq!(
            error.to_string(),
            "use `order 17 created` as an event name: event name has a space: names are words joined by `_`, like \
             `payment_process_failed`; what varies belongs in a field"
        );
    }

    #[test]
    fn kept_name_is_given_again_when_the_interner_is_full() {
        let names = Interner::new(1);
        let first = compose(&names, "order", "create", "success").unwrap();
        assert!(compose(&names, "order", "create", "failed").unwrap_err().is_full());
        assert!(std::ptr::eq(compose(&names, "order", "create", "success").unwrap(), first));
        assert!(std::ptr::eq(whole(&names, "order_create_success").unwrap(), first));
    }
}
