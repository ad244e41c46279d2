//! The keys of fields: which are taken, and a cheap way to tell sets of keys apart.
//!
//! A log line has three keys of its own: `event`, `timestamp`, `level`. A field cannot use them: a literal does not compile
//! ([`mask`], [`check_keys`]), a key that is only known at run time is kept with a visible suffix ([`kept`]).
//!
//! ```
//! use trine_model::key;
//!
//! assert!(key::is_reserved("event"));
//! assert_eq!(key::kept("event"), "event_");
//! assert_eq!(key::kept("user_id"), "user_id");
//! ```

use std::borrow::Cow;

/// True for the keys that belong to the line: `event`, `timestamp`, `level`. Case matters: `Event` is free.
pub const fn is_reserved(key: &str) -> bool {
    matches!(key.as_bytes(), b"event" | b"timestamp" | b"level")
}

/// The key under which a field is written: its own, or with a `_` behind it where its own is reserved.
///
/// Cost: allocates only for a reserved key.
pub fn kept(key: &str) -> Cow<'_, str> {
    if is_reserved(key) { Cow::Owned(format!("{key}_")) } else { Cow::Borrowed(key) }
}

/// A number for a key, the same in every process and on every machine: FNV-1a with 64 bits.
///
/// Not meant against an adversary: keys that collide on purpose cost time, never correctness.
///
/// Source: the FNV non-cryptographic hash, <http://www.isthe.com/chongo/tech/comp/fnv/>.
///
/// ```
/// assert_eq!(trine_model::key::hash("foobar"), 0x85944171f73967e8); // a published test vector
/// ```
pub const fn hash(key: &str) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf29ce484222325;
    const PRIME: u64 = 0x100000001b3;

    // The compiler evaluates this for every key of every callsite, and it calls functions slowly: the product in 128
    // bits instead of `wrapping_mul`, and the slice pattern instead of an index, save a fifth of that time.
    let mut hash = OFFSET_BASIS;
    let mut bytes = key.as_bytes();
    while let [byte, rest @ ..] = bytes {
        hash = ((hash ^ *byte as u64) as u128 * PRIME as u128) as u64;
        bytes = rest;
    }
    hash
}

/// The one bit that stands for a key in a mask of 64: sets of keys whose masks share no bit share no key.
///
/// ```
/// use trine_model::key::mask_bit;
///
/// let call = mask_bit("endpoint") | mask_bit("method");
/// assert_eq!(call & mask_bit("request_id"), 0); // no need to compare the keys themselves
/// ```
pub const fn mask_bit(key: &str) -> u64 {
    1 << (hash(key) % u64::BITS as u64)
}

/// The bits of all literal keys of one callsite, which are judged on the way; for a `const` context, where a panic is a
/// compile error.
///
/// Panics: on an empty key, a reserved key, or a key that stands twice; the message says what to write.
///
/// ```
/// use trine_model::key;
///
/// const MASK: u64 = key::mask(&["order_id", "amount"]);
/// assert_eq!(MASK, key::mask_bit("order_id") | key::mask_bit("amount"));
/// ```
///
/// ```compile_fail
/// // error: a field cannot be called `event`, `timestamp` or `level`: these keys belong to the line itself; ...
/// const MASK: u64 = trine_model::key::mask(&["order_id", "level"]);
/// ```
///
/// Cost: the compiler runs this for every callsite of a program, so keys are compared only where their bits meet.
#[track_caller]
pub const fn mask(keys: &[&str]) -> u64 {
    let mut mask = 0;
    let mut rest = keys;
    while let [others @ .., key] = rest {
        if key.is_empty() {
            panic!("a field needs a key: the empty string is not one");
        }
        if is_reserved(key) {
            panic!(
                "a field cannot be called `event`, `timestamp` or `level`: these keys belong to the line itself; \
                 say whose it is, like `order_event` or `water_level`"
            );
        }
        let bit = mask_bit(key);
        if mask & bit != 0 && count(key, keys) > 1 {
            panic!("two fields of this event have the same key: a key stands once in a line");
        }
        mask |= bit;
        rest = others;
    }
    mask
}

/// Judges the literal keys of one callsite, as [`mask`] does, and that is all.
///
/// Panics: as [`mask`].
///
/// ```
/// const _: () = trine_model::key::check_keys(&["order_id", "amount"]);
/// ```
#[track_caller]
pub const fn check_keys(keys: &[&str]) {
    mask(keys);
}

/// How many of `keys` are `key`.
const fn count(key: &str, keys: &[&str]) -> usize {
    let mut count = 0;
    let mut rest = keys;
    while let [other, others @ ..] = rest {
        if key.len() == other.len() && same(key.as_bytes(), other.as_bytes()) {
            count += 1;
        }
        rest = others;
    }
    count
}

/// `==` for strings of equal length, in a `const fn`.
const fn same(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([in_a, rest_a @ ..], [in_b, rest_b @ ..]) = (a, b) {
        if *in_a != *in_b {
            return false;
        }
        (a, b) = (rest_a, rest_b);
    }
    true
}

/// Words at the end of a key that are a unit of time, and nanoseconds in it.
const TIME_UNITS: [(&[&str], f64); 7] = [
    (&["ns", "nanos", "nanoseconds"], 1.0),
    (&["us", "micros", "microseconds"], 1e3),
    (&["ms", "millis", "milliseconds"], 1e6),
    (&["s", "sec", "secs", "seconds"], 1e9),
    (&["min", "mins", "minutes"], 60e9),
    (&["h", "hours"], 3_600e9),
    (&["d", "days"], 86_400e9),
];

/// Nanoseconds in the unit of time that the last word of a key names. A word of three letters or fewer is none by itself, but for `ns`,
/// `us` and `ms`: `d` may be anything, and `min` the least. `_m` is none: it may be metres.
///
/// ```
/// use trine_model::key::time_unit_ns;
///
/// assert_eq!(time_unit_ns("duration_ms"), Some(1e6));
/// assert_eq!(time_unit_ns("job.wait_minutes"), Some(60e9));
/// assert_eq!((time_unit_ns("items"), time_unit_ns("d"), time_unit_ns("min")), (None, None, None));
/// ```
pub fn time_unit_ns(key: &str) -> Option<f64> {
    let word = key.rsplit(['_', '.']).next().unwrap_or(key);
    let is_alone = word.len() == key.len();
    if is_alone && word.len() <= 3 && !matches!(word, "ns" | "us" | "ms") {
        return None;
    }
    TIME_UNITS.iter().find(|(words, _)| words.contains(&word)).map(|(_, ns)| *ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message of the panic that judging these keys ends in.
    fn refusal(keys: &[&str]) -> String {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let panic = std::panic::catch_unwind(move || {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            check_keys(&keys);
        })
        .unwrap_err();
        panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap()
    }

    #[test]
    fn three_keys_belong_to_the_line() {
        for (reserved, instead) in [("event", "event_"), ("timestamp", "timestamp_"), ("level", "level_")] {
            assert!(is_reserved(reserved));
            assert_eq!(kept(reserved), instead);
            assert!(!is_reserved(instead));
        }
        for free in ["", "Event", "events", "levels", "timestamp_iso", "leve"] {
            assert!(!is_reserved(free), "{free}");
            assert_eq!(kept(free), free);
        }
    }

    #[test]
    fn hash_agrees_with_published_vectors() {
        assert_eq!(hash(""), 0xcbf29ce484222325);
        assert_eq!(hash("a"), 0xaf63dc4c8601ec8c);
        assert_eq!(hash("foobar"), 0x85944171f73967e8);
    }

    #[test]
    fn mask_bit_is_one_bit_and_spreads() {
        let keys =
            ["user_id", "order_id", "amount", "currency", "reason", "error_code", "duration_ms", "table"];
        assert!(keys.iter().all(|key| mask_bit(key).count_ones() == 1));
        let mask = keys.iter().fold(0, |mask, key| mask | mask_bit(key));
        assert!(mask.count_ones() >= 6, "{mask:b}");
    }

    #[test]
    fn distinct_free_keys_pass() {
        check_keys(&[]);
        check_keys(&["order_id", "amount", "order_ie", "Amount"]);
        // More keys than bits: bits meet, keys do not.
        let many: Vec<String> = (0..200).map(|n| format!("key_{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(mask(&many), many.iter().fold(0, |mask, key| mask | mask_bit(key)));
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        assert!(refusal(&["a", ""]).starts_with("a field needs a key"));
        assert!(
            refusal(&["a", "timestamp"])
                .starts_with("a field cannot be called `event`, `timestamp` or `level`")
        );
        for twice in [&["a", "b", "a"][..], &["b", "a", "a"], &["a", "a", "b"]] {
            assert!(refusal(twice).starts_with("two fields of this event have the same key"), "{twice:?}");
        }
    }
}
