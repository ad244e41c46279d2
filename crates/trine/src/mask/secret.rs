//! A value that is never shown.

use std::fmt;

use trine_model::mask::MASKED;
use trine_ring::{Arg, Value, ValueWriter};

/// A value that no log, no `Debug` and no `Display` shows: they all say `***`.
///
/// It costs nothing: it is the value, in another type. There is no `Deref`, so that the value is taken out in one place that
/// can be searched for: [`Secret::expose`].
///
/// ```
/// use trine::Secret;
///
/// #[derive(Debug)]
/// struct Login { user: &'static str, password: Secret<String> }
///
/// let login = Login { user: "alice", password: Secret::new("hunter2".to_owned()) };
/// assert_eq!(format!("{login:?}"), r#"Login { user: "alice", password: *** }"#);
/// assert_eq!(login.password.expose(), "hunter2");
/// ```
///
/// With the feature `serde` it is read like the value, and written as `***`.
///
/// It keeps secrets from logs, not from memory: nothing is wiped when it is dropped.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Secret<T: ?Sized>(T);

impl<T> Secret<T> {
    /// Hides the value.
    #[inline]
    pub const fn new(value: T) -> Secret<T> {
        Secret(value)
    }

    /// The value itself, no longer hidden.
    #[inline]
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T: ?Sized> Secret<T> {
    /// The value, for the one who needs it.
    #[inline]
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, to be changed.
    #[inline]
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Secret<T> {
    #[inline]
    fn from(value: T) -> Secret<T> {
        Secret(value)
    }
}

/// As a field of an event: `***`.
impl<T: ?Sized> Value for Secret<T> {
    #[inline]
    fn scalar(&self) -> Option<Arg<'_>> {
        Some(Arg::Str(MASKED))
    }

    fn encode(&self, writer: ValueWriter<'_>) {
        writer.str(MASKED);
    }
}

impl<T: ?Sized> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASKED)
    }
}

impl<T: ?Sized> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(MASKED)
    }
}

/// Written as `***`: a structure that is logged with [`trine::serde`](crate::serde) hides it, too.
#[cfg(feature = "serde")]
impl<T: ?Sized> serde::Serialize for Secret<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASKED)
    }
}

/// Read like the value.
#[cfg(feature = "serde")]
impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Secret<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret<T>, D::Error> {
        T::deserialize(deserializer).map(Secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{info, testing};

    /// Not `Debug`, not `Display`, not a `Value`: anything can be hidden.
    struct Key([u8; 4]);

    #[test]
    fn a_secret_is_as_large_as_what_it_hides() {
        assert_eq!(size_of::<Secret<u64>>(), size_of::<u64>());
        assert_eq!(size_of::<Option<Secret<String>>>(), size_of::<Option<String>>());
    }

    #[test]
    fn nothing_shows_a_secret() {
        let captured = testing::capture();
        let secret = Secret::new("hunter2");
        let shown = format!("{secret} {secret:?} {secret:>7} {secret:#?} {:?}", Some(&secret));
        assert_eq!(shown, "*** ***     *** *** Some(***)");
        info!("user_login", plain = secret, shown = %secret, debug = ?secret, list = [secret], none = Some(secret), key = Secret::new(Key([7; 4])));
        let event = format!("{:?}", captured.events());
        assert!(!event.contains("hunter2"), "{event}");
        assert_eq!(event.matches("***").count(), 6, "{event}");
    }

    #[test]
    fn who_needs_it_takes_it_out() {
        let mut secret = Secret::from(Key([1, 2, 3, 4]));
        secret.expose_mut().0[0] = 9;
        assert_eq!(secret.expose().0, [9, 2, 3, 4]);
        assert_eq!(secret.into_exposed().0, [9, 2, 3, 4]);
    }
}
