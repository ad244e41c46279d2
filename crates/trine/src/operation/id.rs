//! What tells one run of an operation from all others.

use std::{
    fmt,
    num::NonZeroU64,
    str::{self, FromStr},
};

use trine_ring::{
    Arg, Value, ValueWriter,
    record::{ID_DIGITS, digits},
};

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

impl OperationId {
    #[inline]
    pub(super) fn new(number: u64) -> Option<OperationId> {
        NonZeroU64::new(number).map(OperationId)
    }

    #[inline]
    pub(super) fn number(self) -> u64 {
        self.0.get()
    }
}

impl From<OperationId> for NonZeroU64 {
    fn from(id: OperationId) -> NonZeroU64 {
        id.0
    }
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
        writer.arg(&Arg::Str(str::from_utf8(&digits(self.number())).unwrap_or_default()));
    }
}

impl FromStr for OperationId {
    type Err = ParseOperationIdError;

    /// Reads 16 lower-case hexadecimal digits, as from a header of another process. Not all of them are zero.
    fn from_str(text: &str) -> Result<OperationId, ParseOperationIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != ID_DIGITS || !text.bytes().all(is_digit) {
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
    fn what_is_not_16_digits_is_no_id() {
        for text in ["", "0", "0000000000000000", "0123456789ABCDEF", "+123456789abcdef", "0123456789abcdef0"]
        {
            assert!(text.parse::<OperationId>().is_err(), "{text}");
        }
    }
}
