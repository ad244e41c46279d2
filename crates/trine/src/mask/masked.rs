//! A value that is used as it is, and shown masked.

use std::{fmt, ops::Deref};

use trine_model::mask::Treatment;
use trine_ring::{Value, ValueWriter};

use crate::masks;

/// A value that the program uses as it is, and that logs, `Debug` and `Display` show through a mask.
///
/// ```
/// use trine::mask::{self, Masked, Treatment};
///
/// let email = Masked::new("user@example.com".to_owned(), Treatment::Email);
/// assert_eq!(email.split_once('@'), Some(("user", "example.com")));
/// assert_eq!(format!("{email}, {email:?}"), "u***@example.com, u***@example.com");
///
/// let account = Masked::by(1234567890, |digits| mask::keep_last(digits, 2));
/// assert_eq!(account.to_string(), "***90");
/// assert_eq!(*account + 1, 1234567891);
/// ```
///
/// Cost: the value is formatted and masked whenever it is shown, on the thread that shows it.
#[derive(Clone, Copy)]
pub struct Masked<T> {
    value: T,
    mask: Mask,
}

#[derive(Clone, Copy)]
enum Mask {
    Treatment(Treatment),
    Function(fn(&str) -> String),
}

impl<T> Masked<T> {
    /// A value that is shown as the treatment shows it.
    pub const fn new(value: T, treatment: Treatment) -> Masked<T> {
        Masked { value, mask: Mask::Treatment(treatment) }
    }

    /// A value that is shown as the function makes it of the value's text: one of [`mask`](crate::mask), or your own.
    pub const fn by(value: T, mask: fn(&str) -> String) -> Masked<T> {
        Masked { value, mask: Mask::Function(mask) }
    }

    /// The value itself, no longer masked.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: fmt::Display> Masked<T> {
    fn masked(&self) -> String {
        let text = self.value.to_string();
        match self.mask {
            Mask::Treatment(treatment) => masks::with(|masking| masking.apply(treatment, &text)),
            Mask::Function(mask) => mask(&text),
        }
    }
}

impl<T> Deref for Masked<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

/// As a field of an event: masked.
impl<T: fmt::Display> Value for Masked<T> {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.str(&self.masked());
    }
}

impl<T: fmt::Display> fmt::Display for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl<T: fmt::Display> fmt::Debug for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{assert_event, info, mask, testing};

    #[test]
    fn a_masked_value_is_logged_masked_however_it_is_written() {
        let captured = testing::capture();
        let phone = Masked::new("+44 20 7946 0123", Treatment::Phone);
        info!("user_call_started", plain = phone, shown = %phone, debug = ?phone, list = [phone]);
        let masked = mask::phone("+44 20 7946 0123");
        assert!(!masked.contains("7946"));
        assert_event!(captured, "user_call_started", plain = masked, shown = masked, debug = masked);
        assert!(!format!("{:?}", captured.events()).contains("7946"));
    }

    #[test]
    fn a_masked_value_is_used_as_it_is() {
        let ip = Masked::by("192.168.1.100".parse::<std::net::Ipv4Addr>().unwrap(), mask::ip);
        assert!(ip.is_private());
        assert!(!ip.to_string().ends_with("100"));
        assert_eq!(ip.into_inner().octets(), [192, 168, 1, 100]);
    }
}
