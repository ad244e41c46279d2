//! Several bytes in one step: sixteen with SSE2, which every x86-64 has; elsewhere eight, in an ordinary register.
//!
//! A mask has bits for each byte that is meant, the first byte's lowest; it is exact.

pub(in super::super) use self::step::*;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod step {
    use safe_arch::{
        bitor_m128i, cmp_eq_mask_i8_m128i, load_unaligned_m128i, m128i, move_mask_i8_m128i,
        set_splat_i8_m128i,
    };

    pub(in super::super::super) const WIDTH: usize = 16;
    pub(in super::super::super) type Mask = u32;

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
}

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
mod step {
    pub(in super::super::super) const WIDTH: usize = 8;
    pub(in super::super::super) type Mask = u64;

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
}
