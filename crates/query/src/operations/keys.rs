//! The ids by which a start finds its end.

use std::borrow::Cow;

use super::wanted::Ids;
use crate::{events::said, scan::line::Raw};

/// Fields whose values tell runs apart, each with its other spellings, the most particular first.
///
/// The first is what `timed!` writes: it belongs to one run alone. The others are shared by all that happens on behalf of a request, an
/// order, a user; the later one stands in this list, the more likely it is to be shared by runs that have nothing to do with each other.
pub const KEYS: [&[&str]; 12] = [
    &["operation_id"],
    &["span_id", "spanId"],
    &["request_id", "requestId", "req_id"],
    &["correlation_id", "correlationId"],
    &["trace_id", "traceId"],
    &["job_id"],
    &["task_id"],
    &["message_id"],
    &["order_id"],
    &["session_id"],
    &["user_id"],
    &["username"],
];
/// Most further keys that a question may name.
pub const KEYS_MORE_MAX: usize = 8;
/// Ids of one event that are kept, the most particular ones.
pub const KEYS_KEPT: usize = 3;
/// The place in [`KEYS`] of the id that belongs to one run alone.
pub(super) const OPERATION: u8 = 0;

/// Kinds in their order, of fields that have one place each.
pub(super) const KINDS: [u8; KEYS.len() + KEYS_MORE_MAX] = {
    let mut kinds = [0; KEYS.len() + KEYS_MORE_MAX];
    let mut kind = 0;
    while kind < kinds.len() {
        kinds[kind] = kind as u8;
        kind += 1;
    }
    kinds
};

const KIND_SHIFT: u32 = 56;
const HASH_MASK: u64 = (1 << KIND_SHIFT) - 1;

/// The ids of an event, as hashes: which key, and 56 bits of its value. Zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keys([u64; KEYS_KEPT]);

impl Keys {
    /// From the fields of the keys, in their order.
    pub fn of(fields: &[Option<Raw<'_>>]) -> Keys {
        Keys::of_ids(Ids { found: fields, kinds: &KINDS })
    }

    /// From the ids of an event.
    #[inline]
    pub(super) fn of_ids(ids: Ids<'_, '_>) -> Keys {
        let mut keys = Keys::default();
        let found = ids.each().filter_map(|(kind, raw)| Some((u64::from(kind), id(raw)?)));
        for (place, (kind, id)) in keys.0.iter_mut().zip(found) {
            *place = (kind + 1) << KIND_SHIFT | hash(id) & HASH_MASK;
        }
        keys
    }

    pub(super) fn is_none(self) -> bool {
        self.0[0] == 0
    }

    /// The ids, most particular first.
    pub(super) fn iter(self) -> impl Iterator<Item = u64> {
        self.0.into_iter().take_while(|key| *key != 0)
    }

    /// The id of this kind.
    pub(super) fn get(self, kind: u8) -> Option<u64> {
        self.iter().find(|key| kind_of(*key) == kind)
    }

    /// Whether no id that both have is another one.
    pub(super) fn agrees(self, other: Keys) -> bool {
        self.iter().all(|key| other.get(kind_of(key)).is_none_or(|theirs| theirs == key))
    }
}

pub(super) fn kind_of(key: u64) -> u8 {
    (key >> KIND_SHIFT) as u8 - 1
}

/// A value as an id: `7` and `"7"` are the same; what says nothing is none.
#[inline]
fn id(raw: Raw<'_>) -> Option<&[u8]> {
    let raw = said(Some(raw))?;
    Some(raw.plain().unwrap_or(raw.bytes()))
}

/// A number for an id: eight bytes at a time, and at the end the differences of short ids spread over all bits, by the finalizer of
/// MurmurHash3. Ids that collide on purpose make wrong pairs of those who wrote them.
fn hash(id: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ id.len() as u64;
    for chunk in id.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(PRIME).rotate_left(29);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

/// The most particular id of an event, as text: `order_id=ORD-1`. Empty where it has none. `names`: of each kind.
pub(super) fn text<'k>(names: impl Iterator<Item = &'k str> + Clone, ids: Ids<'_, '_>) -> String {
    let found = ids.each().find_map(|(kind, raw)| Some((names.clone().nth(kind.into())?, id(raw)?)));
    found.map_or_else(String::new, |(name, id)| format!("{name}={}", lossy(id)))
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(values: &[(usize, &'static str)]) -> Keys {
        let mut fields = [None; KEYS.len()];
        for (kind, value) in values {
            fields[*kind] = Some(Raw::of(value.as_bytes()).unwrap());
        }
        Keys::of(&fields)
    }

    #[test]
    fn the_most_particular_ids_are_kept() {
        let all = keys(&[(10, "1"), (1, "\"a\""), (4, "\"b\""), (2, "\"c\""), (3, "null")]);
        assert_eq!(all.iter().map(kind_of).collect::<Vec<_>>(), [1, 2, 4]);
        assert!(keys(&[(3, "\"\""), (5, "null")]).is_none());
    }

    #[test]
    fn a_number_is_the_id_that_its_digits_are() {
        assert_eq!(keys(&[(8, "7")]), keys(&[(8, "\"7\"")]));
        assert_ne!(keys(&[(8, "7")]), keys(&[(9, "7")]));
        assert_ne!(keys(&[(8, "7")]), keys(&[(8, "8")]));
    }

    #[test]
    fn ids_that_are_alike_are_told_apart() {
        let mut seen = std::collections::HashSet::new();
        let ids =
            (0..50_000).flat_map(|n| [format!("{n}"), format!("req_{n:016}"), format!("{n:04x}-user-{n}")]);
        assert!(ids.map(|id| hash(id.as_bytes()) & HASH_MASK).all(|hash| seen.insert(hash)));
    }

    #[test]
    fn ids_agree_when_none_that_both_have_differs() {
        let (one, two) = (keys(&[(2, "1"), (4, "1")]), keys(&[(4, "1"), (8, "1")]));
        assert!(one.agrees(two) && two.agrees(one));
        assert!(!one.agrees(keys(&[(2, "2"), (4, "1")])));
        assert!(one.agrees(Keys::default()));
    }
}
