//! Several bytes in one step: sixteen with SSE2, which every x86-64 has; elsewhere eight, in an ordinary register.
//!
//! A mask has bits for each byte that is meant, the first byte's lowest; it is exact.

pub(crate) use self::step::is_of_form;
pub(in super::super) use self::step::*;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod step {
    use safe_arch::{
        bitor_m128i, cmp_eq_mask_i8_m128i, load_unaligned_m128i, m128i, move_mask_i8_m128i,
        set_splat_i8_m128i, sub_i8_m128i, sub_saturating_u8_m128i,
    };

    pub(in super::super::super) const WIDTH: usize = 16;
    pub(in super::super::super) type Chunk = m128i;
    pub(in super::super::super) type Mask = u32;
    /// The mask of all bytes.
    pub(in super::super::super) const ALL: Mask = 0xffff;

    #[inline(always)]
    pub(in super::super::super) fn load(chunk: &[u8; WIDTH]) -> m128i {
        load_unaligned_m128i(chunk)
    }

    /// Each byte with these bits set.
    #[inline(always)]
    pub(in super::super::super) fn splat_or(chunk: m128i, bits: u8) -> m128i {
        bitor_m128i(chunk, set_splat_i8_m128i(bits as i8))
    }

    /// The bytes that are this one.
    #[inline(always)]
    pub(in super::super::super) fn equal(chunk: m128i, byte: u8) -> Mask {
        move_mask_i8_m128i(cmp_eq_mask_i8_m128i(chunk, set_splat_i8_m128i(byte as i8))) as Mask
    }

    /// The bytes from one ASCII byte to another.
    #[inline(always)]
    pub(in super::super::super) fn within(chunk: m128i, from: u8, to: u8) -> Mask {
        let above = sub_i8_m128i(chunk, set_splat_i8_m128i(from as i8));
        equal(sub_saturating_u8_m128i(above, set_splat_i8_m128i((to - from) as i8)), 0)
    }

    /// The place of the first byte of a mask.
    #[inline(always)]
    pub(in super::super::super) fn first(mask: Mask) -> usize {
        mask.trailing_zeros() as usize
    }

    /// A mask without the bytes before this one.
    #[inline(always)]
    pub(in super::super::super) fn from(mask: Mask, place: usize) -> Mask {
        mask & (Mask::MAX << place)
    }

    /// One bit for each byte, in the order of the bytes.
    #[inline(always)]
    pub(in super::super::super) fn dense(mask: Mask) -> u64 {
        u64::from(mask)
    }

    /// Whether each byte is that of the form, or above it by no more than its slack.
    #[inline(always)]
    pub(crate) fn is_of_form(bytes: &[u8; 16], [form, slack]: [&[u8; 16]; 2]) -> bool {
        let above = sub_i8_m128i(load(bytes), load(form));
        let beyond = sub_saturating_u8_m128i(above, load(slack));
        equal(beyond, 0) == ALL
    }
}

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
mod step {
    pub(in super::super::super) const WIDTH: usize = 8;
    pub(in super::super::super) type Chunk = u64;
    pub(in super::super::super) type Mask = u64;
    /// The mask of all bytes.
    pub(in super::super::super) const ALL: Mask = 0x8080_8080_8080_8080;

    const LOW: u64 = u64::from_le_bytes([0x01; WIDTH]);
    const MOST: u64 = u64::from_le_bytes([0x7f; WIDTH]);

    #[inline(always)]
    pub(in super::super::super) fn load(chunk: &[u8; WIDTH]) -> u64 {
        u64::from_le_bytes(*chunk)
    }

    /// Each byte with these bits set.
    #[inline(always)]
    pub(in super::super::super) fn splat_or(chunk: u64, bits: u8) -> u64 {
        chunk | (LOW * bits as u64)
    }

    /// The bytes that are this one.
    ///
    /// Source: "Determine if a word has a zero byte", Sean Anderson, Bit Twiddling Hacks: the exact one.
    #[inline(always)]
    pub(in super::super::super) fn equal(chunk: u64, byte: u8) -> Mask {
        let zeroed = chunk ^ (LOW * byte as u64);
        !(((zeroed & MOST) + MOST) | zeroed | MOST)
    }

    /// The bytes from one ASCII byte to another.
    #[inline(always)]
    pub(in super::super::super) fn within(chunk: u64, from: u8, to: u8) -> Mask {
        // The highest bit of each byte tells: at least the one, more than the other, no ASCII.
        let low = chunk & MOST;
        let at_least = low + LOW * (0x80 - from) as u64;
        let more = low + LOW * (0x7f - to) as u64;
        at_least & !more & !chunk & !MOST
    }

    /// The place of the first byte of a mask.
    #[inline(always)]
    pub(in super::super::super) fn first(mask: Mask) -> usize {
        (mask.trailing_zeros() / 8) as usize
    }

    /// A mask without the bytes before this one.
    #[inline(always)]
    pub(in super::super::super) fn from(mask: Mask, place: usize) -> Mask {
        mask & (Mask::MAX << (8 * place))
    }

    /// One bit for each byte, in the order of the bytes.
    #[inline(always)]
    pub(in super::super::super) fn dense(mask: Mask) -> u64 {
        // Each byte's bit is moved to its place in the highest byte; no two meet on the way.
        (mask >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    /// Whether each byte is that of the form, or above it by no more than its slack.
    #[inline]
    pub(crate) fn is_of_form(bytes: &[u8; 16], [form, slack]: [&[u8; 16]; 2]) -> bool {
        let mut beyond = [0; 16];
        for at in 0..beyond.len() {
            beyond[at] = bytes[at].wrapping_sub(form[at]).saturating_sub(slack[at]);
        }
        beyond == [0; 16]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_exact_for_every_byte_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..WIDTH {
                // Neighbours that differ in one bit are what a borrow would take for hits.
                let mut chunk = [byte ^ 1; WIDTH];
                chunk[place] = byte;
                let mask = equal(load(&chunk), byte);
                assert_eq!((mask.count_ones(), first(mask)), (1, place), "{byte}");
                assert_eq!(from(mask, place), mask);
                assert_eq!(dense(mask), 1 << place);
                assert!(place + 1 == WIDTH || from(mask, place + 1) == 0);
                chunk[place] ^= 0x20;
                assert_eq!(equal(splat_or(load(&chunk), 0x20), byte) != 0, byte & 0x20 != 0);
            }
        }
    }

    #[test]
    fn ranges_are_exact_for_every_byte_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..WIDTH {
                for (from, to) in [(b'0', b'9'), (b'a', b'z'), (b'+', b'+'), (0, 0x7f)] {
                    let mut chunk = [if from == 0 { 0xff } else { from - 1 }; WIDTH];
                    chunk[place] = byte;
                    let expected = if (from..=to).contains(&byte) { 1 << place } else { 0 };
                    assert_eq!(dense(within(load(&chunk), from, to)), expected, "{byte} from {from} to {to}");
                }
            }
        }
        assert_eq!(equal(load(&[7; WIDTH]), 7), ALL);
    }
}
