//! What holds for every name, and for every text that is not one.

use std::hash::{BuildHasher, RandomState};

use proptest::{collection::vec, prelude::*};
use trine_model::{EventName, NAME_BYTES_MAX, NameParts, vocabulary::STATUSES};

/// A word, now and then one that is a status, or several.
fn word() -> impl Strategy<Value = String> {
    let status = (0..STATUSES.len()).prop_map(|at| STATUSES[at].0.to_owned());
    prop_oneof![3 => "[a-z][a-z0-9]{0,7}", 1 => status]
}

/// Any name: two to six words or statuses, each joined by a separator of its own.
fn name() -> impl Strategy<Value = String> {
    (word(), vec((prop_oneof![3 => Just('_'), 1 => Just('.')], word()), 1..6))
        .prop_map(|(first, rest)| {
            rest.iter().fold(first, |name, (separator, word)| format!("{name}{separator}{word}"))
        })
        .prop_filter("short enough", |name| name.len() <= NAME_BYTES_MAX)
}

/// Texts that are names, nearly names, or nothing of the kind.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![name(), "[a-z0-9_.]{0,12}", "[a-zA-Z0-9_. -]{0,140}", any::<String>()]
}

/// What someone may give as a part of a name: mostly sensible.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![4 => word(), 1 => Just(String::new()), 1 => text()]
}

fn joined(parts: &NameParts<'_>) -> String {
    let parts = [parts.domain, parts.action, parts.status];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_").replace('.', "_")
}

/// The grammar once more, said differently: a reference to hold the one-pass check against.
fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split(['_', '.']).collect();
    words.len() >= 2
        && text.len() <= NAME_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && words.iter().all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

proptest! {
    #[test]
    fn parts_join_to_the_canonical_name(name in name()) {
        let name = EventName::intern(&name).unwrap();
        let parts = name.parts();
        prop_assert!(!parts.domain.is_empty());
        prop_assert_eq!(joined(&parts), name.canonical());
        let operation = parts.operation();
        let rest = name.canonical().strip_prefix(&*operation).map(str::to_owned);
        let status = parts.status.replace('.', "_");
        prop_assert_eq!(rest, Some(if status.is_empty() { status } else { format!("_{status}") }));
    }

    #[test]
    fn check_and_literal_and_intern_agree_with_the_grammar(text in text()) {
        let checked = EventName::check(&text);
        prop_assert_eq!(checked.is_ok(), is_name(&text));
        let interned = EventName::intern(&text);
        prop_assert_eq!(interned.is_ok(), checked.is_ok());
        let copy: &'static str = text.clone().leak();
        let literal = std::panic::catch_unwind(|| EventName::literal(copy));
        prop_assert_eq!(literal.is_ok(), checked.is_ok());
        if let Err(problem) = checked {
            prop_assert!(text.is_char_boundary(problem.at()) || text.len() > NAME_BYTES_MAX);
            let panic = literal.unwrap_err();
            prop_assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some(problem.message()));
            prop_assert!(interned.unwrap_err().to_string().ends_with(problem.message()));
        }
    }

    #[test]
    fn any_text_has_parts_and_they_lie_in_it(text in text()) {
        let parts = NameParts::of(&text);
        prop_assert!(text.starts_with(parts.domain));
        prop_assert!(text.contains(parts.action));
        prop_assert!(text.ends_with(parts.status));
    }

    #[test]
    fn composed_parts_join_to_the_name_or_are_refused(domain in part(), action in part(), status in part()) {
        match EventName::compose(&domain, &action, &status) {
            Ok(name) => {
                let given = NameParts { domain: &domain, action: &action, status: &status };
                prop_assert_eq!(name.as_str(), joined(&given));
                prop_assert_eq!(name.domain(), domain);
            }
            Err(error) => prop_assert!(error.is_invalid()),
        }
    }

    #[test]
    fn spelling_does_not_matter_to_equality_order_and_hash(a in name(), b in name()) {
        let (a, b) = (EventName::intern(&a).unwrap(), EventName::intern(&b).unwrap());
        let canonical = EventName::intern(&a.canonical()).unwrap();
        prop_assert_eq!(a, canonical);
        let hasher = RandomState::new();
        prop_assert_eq!(hasher.hash_one(a), hasher.hash_one(canonical));
        prop_assert_eq!(a.cmp(&b), a.canonical().cmp(&b.canonical()));
        prop_assert_eq!(a == b, a.canonical() == b.canonical());
    }
}
