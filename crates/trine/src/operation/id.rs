//! What tells one run of an operation from all others.

use std::{
    fmt,
    num::NonZeroU64,
    str::{self, FromStr},
};

use trine_ring::{Arg, Value, ValueWriter};

/// The number of one run, written as 16 lower-case hexadecimal digits: the field `operation_id` of its events.
///
/// Drawn at random, so that it is unique in practice over threads, processes and machines: of a thousand million runs, two
/// share one with a probability of 3 %.
///
/// ```
/// use trine::{operation::OperationId, timed};
/// let captured = trine::testing::capture();
/// let op = timed!("database_query", table = "users");
/// let id = op.id().expect("it is on");
/// assert_eq!(id.to_string().len(), 16);
/// assert_eq!(id.to_string().parse(), Ok(id));
/// assert_eq!(captured.events()[0].get("operation_id").unwrap().as_str(), Some(&*id.to_string()));
/// # op.complete();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(NonZeroU64);

/// Digits of an id.
pub(super) const DIGITS: usize = 16;

impl OperationId {
    #[inline]
    pub(super) fn new(number: u64) -> Option<OperationId> {
        NonZeroU64::new(number).map(OperationId)
    }

    #[inline]
    pub(super) fn number(self) -> u64 {
        self.0.get()
    }

    /// The digits, most significant first.
    #[inline]
    pub(super) fn digits(self) -> [u8; DIGITS] {
        digits(self.number())
    }
}

/// All digits at once: a nibble per byte, then `0`..`9` or `a`..`f`. A loop over a table takes three times as long.
#[inline]
fn digits(number: u64) -> [u8; DIGITS] {
    let mut out = [0; DIGITS];
    out[..8].copy_from_slice(&half((number >> 32) as u32));
    out[8..].copy_from_slice(&half(number as u32));
    out
}

#[inline]
fn half(number: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut x = u64::from(number);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // One in every byte whose nibble is above nine, which moves it from behind `9` to `a`.
    let letters = (x + ONES * 6) >> 4 & ONES;
    (x + ONES * 0x30 + letters * 0x27).to_be_bytes()
}

/// The digits.
impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.number())
    }
}

/// The digits, as text.
impl Value for OperationId {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.arg(&Arg::Str(str::from_utf8(&self.digits()).unwrap_or_default()));
    }
}

impl FromStr for OperationId {
    type Err = ParseOperationIdError;

    /// Reads 16 lower-case hexadecimal digits, as from a header of another process. Not all of them are zero.
    fn from_str(text: &str) -> Result<OperationId, ParseOperationIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != DIGITS || !text.bytes().all(is_digit) {
            return Err(ParseOperationIdError(()));
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| ParseOperationIdError(()))?;
        OperationId::new(number).ok_or(ParseOperationIdError(()))
    }
}

/// A text is not the id of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseOperationIdError(());

impl fmt::Display for ParseOperationIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("read an operation's id: it has 16 lower-case hexadecimal digits, not all zero")
    }
}

impl std::error::Error for ParseOperationIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_formatting() {
        let mut number: u64 = 1;
        for round in 0..10_000_u64 {
            number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(round);
            assert_eq!(str::from_utf8(&digits(number)).unwrap(), format!("{number:016x}"));
        }
        assert_eq!(&digits(u64::MAX), b"ffffffffffffffff");
        assert_eq!(&digits(0x0123_4567_89ab_cdef), b"0123456789abcdef");
    }

    #[test]
    fn what_is_not_16_digits_is_no_id() {
        for text in ["", "0", "0000000000000000", "0123456789ABCDEF", "+123456789abcdef", "0123456789abcdef0"]
        {
            assert!(text.parse::<OperationId>().is_err(), "{text}");
        }
    }
}
