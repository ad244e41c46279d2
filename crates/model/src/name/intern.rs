//! One copy of each name that was made at run time.
//!
//! A name lives as long as the process, since events refer to it from everywhere; so the number of names has a bound.

use std::{
    collections::HashSet,
    fmt,
    sync::{LazyLock, PoisonError, RwLock},
};

use crate::error::{Error, Kind, excerpt};

/// Most distinct names made at run time that one process keeps. A large catalog has some hundred; with
/// [`NAME_BYTES_MAX`](crate::NAME_BYTES_MAX) this is at most 2 MB with its table.
pub const NAMES_COMPOSED_MAX: usize = 10_000;

/// The interner behind [`EventName::compose`](crate::EventName::compose).
pub(super) fn process_wide() -> &'static Interner {
    static NAMES: LazyLock<Interner> = LazyLock::new(|| Interner::new(NAMES_COMPOSED_MAX));
    &NAMES
}

/// Gives equal texts one `'static` copy, up to a number of distinct ones.
#[derive(Debug)]
pub(super) struct Interner {
    capacity: usize,
    texts: RwLock<HashSet<&'static str>>,
}

impl Interner {
    pub(super) fn new(capacity: usize) -> Interner {
        Interner { capacity, texts: RwLock::default() }
    }

    /// The copy of `text`; made now if it is the first of its kind and there is room.
    pub(super) fn intern(&self, text: &str) -> Result<&'static str, Error> {
        // A panic while the lock is held can only come from a failed allocation, before the set changes: it is whole.
        let known = self.texts.read().unwrap_or_else(PoisonError::into_inner).get(text).copied();
        known.map_or_else(|| self.add(text), Ok)
    }

    #[cold]
    fn add(&self, text: &str) -> Result<&'static str, Error> {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = texts.get(text) {
            return Ok(kept); // Another thread was faster.
        }
        if texts.len() >= self.capacity {
            return Err(Error::new(Kind::Full(Full { name: text.to_owned(), capacity: self.capacity })));
        }
        let kept: &'static str = Box::leak(text.into());
        texts.insert(kept);
        Ok(kept)
    }
}

/// A name for which there is no room.
pub(crate) struct Full {
    name: String,
    capacity: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "keep the event name `{}`: {} distinct names were made at run time already; \
             what varies, like an id or a path, belongs in a field",
            excerpt(&self.name),
            self.capacity
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_one_copy() {
        let names = Interner::new(2);
        let first = names.intern("order_create_success").unwrap();
        let again = names.intern(&String::from("order_create_success")).unwrap();
        assert!(std::ptr::eq(first, again));
    }

    #[test]
    fn full_interner_refuses_new_names_and_still_gives_old_ones() {
        let names = Interner::new(2);
        let kept = names.intern("a_1").unwrap();
        names.intern("a_2").unwrap();
        let error = names.intern("a_3").unwrap_err();
        assert!(error.is_full() && !error.is_invalid());
        assert_eq!(
            error.to_string(),
            "keep the event name `a_3`: 2 distinct names were made at run time already; \
             what varies, like an id or a path, belongs in a field"
        );
        assert!(std::ptr::eq(names.intern("a_1").unwrap(), kept));
    }

    #[test]
    fn threads_that_race_get_one_copy_and_never_exceed_the_capacity() {
        let names = Interner::new(50);
        let attempt = |_: usize| {
            (0..100)
                .map(|n| names.intern(&format!("race_{n}")).ok().map(str::as_ptr).map(<*const u8>::addr))
                .collect()
        };
        let seen: Vec<Vec<Option<usize>>> = std::thread::scope(|threads| {
            let racing: Vec<_> = (0..4).map(|n| threads.spawn(move || attempt(n))).collect();
            racing.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for n in 0..100 {
            let mut copies: Vec<usize> = seen.iter().filter_map(|thread| thread[n]).collect();
            copies.dedup();
            assert!(copies.len() <= 1, "race_{n} has {} copies", copies.len());
        }
        assert_eq!(names.texts.read().unwrap().len(), 50);
    }
}
