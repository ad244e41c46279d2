//! The code of an error: what a machine may rely on when its words change.

use std::{borrow::Cow, io};

/// An error that has a code: `E1001`, `insufficient_funds`, `429`.
///
/// `cause: &error` adds it as `error_code` when the type of `error` implements this; nothing else has to be done. It is also part
/// of the fingerprint, so a code names a kind of failure, and holds no id.
///
/// ```
/// use std::{borrow::Cow, fmt};
/// use trine::{ErrorCode, assert_event, error};
///
/// #[derive(Debug)]
/// struct PaymentError { status: u16 }
///
/// impl fmt::Display for PaymentError {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "the gateway answered {}", self.status)
///     }
/// }
///
/// impl std::error::Error for PaymentError {}
///
/// impl ErrorCode for PaymentError {
///     fn error_code(&self) -> Option<Cow<'_, str>> {
///         Some(self.status.to_string().into())
///     }
/// }
///
/// let captured = trine::testing::capture();
/// error!(cause: &PaymentError { status: 402 }, "payment_process_failed");
/// assert_event!(captured, "payment_process_failed", error_type = "PaymentError", error_code = "402");
/// ```
pub trait ErrorCode {
    /// The code; `None` where this error has none. A panic in here is caught, and there is no code then.
    fn error_code(&self) -> Option<Cow<'_, str>>;
}

/// Its kind, `NotFound`; where that says nothing, the number of the operating system, `os error 5`; else none.
impl ErrorCode for io::Error {
    fn error_code(&self) -> Option<Cow<'_, str>> {
        of_io(&format!("{:?}", self.kind()), self.raw_os_error())
    }
}

impl<E: ErrorCode + ?Sized> ErrorCode for &E {
    fn error_code(&self) -> Option<Cow<'_, str>> {
        (**self).error_code()
    }
}

impl<E: ErrorCode + ?Sized> ErrorCode for Box<E> {
    fn error_code(&self) -> Option<Cow<'_, str>> {
        (**self).error_code()
    }
}

/// The code of an error of the standard library's `io`.
///
/// The kind is the same on every platform, so it goes before the number, which is not.
pub(super) fn of_io(kind: &str, number: Option<i32>) -> Option<Cow<'static, str>> {
    match (kind, number) {
        ("Uncategorized" | "Other", Some(number)) => Some(format!("os error {number}").into()),
        ("Uncategorized" | "Other", None) => None,
        (kind, _) => Some(kind.to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_has_its_kind_or_else_its_number() {
        let of = |error: io::Error| error.error_code().map(Cow::into_owned);
        assert_eq!(of(io::ErrorKind::TimedOut.into()).as_deref(), Some("TimedOut"));
        assert_eq!(of(io::Error::new(io::ErrorKind::InvalidData, "x")).as_deref(), Some("InvalidData"));
        assert_eq!(of(io::Error::other("x")), None);
        if cfg!(unix) {
            assert_eq!(of(io::Error::from_raw_os_error(2)).as_deref(), Some("NotFound"));
            assert_eq!(of(io::Error::from_raw_os_error(5)).as_deref(), Some("os error 5"), "EIO has no kind");
        }
    }
}
