//! The check in a record's header: that these bytes are the header of a record that was written here.
//!
//! It covers length, callsite, time and **the position in the ring**, so that neither flipped bits nor a record of an earlier lap
//! pass, and a reader can find the next record behind damage by looking at every eighth byte. It is one multiplication, of values
//! that the caller has in registers anyway. What it does not cover, the number of values, the flags and the values themselves,
//! has a structure that can be checked instead: [`Record::is_whole`](super::Record::is_whole). A sum over the values would take
//! two instructions and more for each eight bytes, some 40 for a usual event.

use super::{HEADER_BYTES, SITE_FILLER, write};

/// A number without a pattern, the fraction of the square root of 2: what is multiplied by it, or made like it, has all its bits
/// spread.
const MIX: u64 = 0x6a09_e667_f3bc_c909;

/// The check of a record at a position.
#[inline(always)]
pub(crate) fn of(position: u64, len: u32, site: u32, ticks: u64) -> u32 {
    let what = (u64::from(site) << 32 | u64::from(len)) ^ MIX;
    let product = u128::from(what) * u128::from(ticks ^ position);
    // The high half knows most of the high bits of both, the low half of the low ones; small numbers reach only the middle.
    let folded = (product >> 64) as u64 ^ product as u64;
    (folded ^ folded >> 32) as u32
}

/// The header of a record that goes to `position`.
#[inline(always)]
pub(crate) fn header(position: u64, len: u32, site: u32, ticks: u64, values: u16) -> [u8; HEADER_BYTES] {
    write::header(len, site, ticks, values, of(position, len, site, ticks))
}

/// Where it lies in the header.
pub(crate) const AT: usize = 20;

/// The check of a whole record that goes to `position`, whatever it has in its place; zero where it is no record.
pub(crate) fn for_record(position: u64, record: &[u8]) -> u32 {
    let Some(header) = record.first_chunk::<HEADER_BYTES>() else { return 0 };
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    of(position, word(0), word(4), u64::from(word(8)) | u64::from(word(12)) << 32)
}

/// Length of the record that was written at `position`, of which `bytes` are the beginning; `None` where none was.
#[inline]
pub(crate) fn record_at(position: u64, bytes: &[u8]) -> Option<usize> {
    let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (len, site) = (word(0), word(4));
    let ticks = u64::from(word(8)) | u64::from(word(12)) << 32;
    let is_sound = site != SITE_FILLER
        && len as usize >= HEADER_BYTES
        && len as usize <= bytes.len()
        && word(20) == of(position, len, site, ticks);
    is_sound.then_some(len as usize)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const POSITION: u64 = 40_960;

    fn header() -> [u8; HEADER_BYTES] {
        super::header(POSITION, 24, 7, 123_456_789_012, 0)
    }

    #[test]
    fn a_header_is_sound_at_its_position_only() {
        assert_eq!(record_at(POSITION, &header()), Some(24));
        for lap in 1..1_000 {
            assert_eq!(record_at(POSITION + (lap << 12), &header()), None);
        }
        for at in (0..POSITION).step_by(8) {
            assert_eq!(record_at(at, &header()), None);
        }
    }

    /// All bits but those of the number of values and of the flags, which lie before the check.
    fn covered() -> impl Iterator<Item = usize> {
        (0..HEADER_BYTES * 8).filter(|bit| !(16 * 8..AT * 8).contains(bit))
    }

    #[test]
    fn one_or_two_flipped_bits_are_always_noticed() {
        for (len, site, ticks, values) in
            [(24, 7, 123_456_789_012, 0), (24, 1, 0, 1), (99, 5_000, 3 << 50, 8)]
        {
            let whole = super::header(POSITION, len, site, ticks, values);
            for one in covered() {
                for other in covered() {
                    let mut bytes = [0; 128];
                    bytes[..HEADER_BYTES].copy_from_slice(&whole);
                    bytes[one / 8] ^= 1 << (one % 8);
                    if other != one {
                        bytes[other / 8] ^= 1 << (other % 8);
                    }
                    assert_eq!(record_at(POSITION, &bytes), None, "{ticks}: bits {one} and {other}");
                }
            }
        }
    }

    #[test]
    fn noise_is_not_taken_for_a_record() {
        let mut state = 1u64;
        let mut found = 0;
        for _ in 0..1_000_000 {
            let mut bytes = [0; 4 * HEADER_BYTES];
            for word in bytes.chunks_exact_mut(8) {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                word.copy_from_slice(&(state ^ state >> 29).to_le_bytes());
            }
            // A length that passes, so that the check alone decides.
            bytes[..4].copy_from_slice(&64u32.to_le_bytes());
            found += u32::from(record_at(POSITION, &bytes).is_some());
        }
        assert_eq!(found, 0);
    }
}
