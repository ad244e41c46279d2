//! Errors in disguise: whether a value of any type is one of those that hold an error.
//!
//! A generic function that takes whatever has a `Display` cannot ask for `Error`: stable Rust has no second choice of bounds. The
//! types that hold an error without being one are few and known, so it can be found out whether it was called with one of them.
//!
//! The identity of a type with lifetimes is found as in the crate `typeid` 1.0 by David Tolnay.

use std::{any::TypeId, error::Error, io, marker::PhantomData, mem, rc::Rc};

/// An error that was found in a value.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The error.
    pub error: &'a (dyn Error + 'a),
    /// The same where it certainly borrows nothing, and so can be asked for its type.
    pub owned: Option<&'a (dyn Error + 'static)>,
}

/// The error in `value`: when that is a `Box` or an `Rc` of a `dyn Error`, an [`io::Error`], or, with these features, an error of
/// `anyhow` or `eyre`. For any other type `None`, also for types that are errors.
///
/// ```
/// use std::error::Error;
/// use trine_ring::held::error_in;
///
/// fn shows<E: std::fmt::Display>(value: &E) -> bool {
///     error_in(value).is_some()
/// }
/// let boxed: Box<dyn Error + Send + Sync> = "no funds".into();
/// assert!(shows(&boxed) && shows(&std::io::Error::other("x")));
/// assert!(!shows(&"no funds") && !shows(&std::fmt::Error));
/// ```
pub fn error_in<'v, T: ?Sized>(value: &'v T) -> Option<Held<'v>> {
    let id = id_of::<T>();
    macro_rules! borrowing {
        ($($holder:ident<$error:ty>)*) => {$(
            if id == TypeId::of::<$holder<$error>>() {
                // SAFETY: `T` is this type but for the lifetime of what is behind the `dyn`, so the layouts are the same and the
                // thin pointer is that of a valid value. That lifetime is not shorter than `'v`, for `T` lives as long; both
                // pointers are covariant in it, so that the value may be seen, shared, with `'v` in its place.
                let holder: &'v $holder<$error> = unsafe { &*std::ptr::from_ref(value).cast() };
                return Some(Held { error: &**holder, owned: None });
            }
        )*};
    }
    type Plain<'a> = dyn Error + 'a;
    type Sent<'a> = dyn Error + Send + 'a;
    type Shared<'a> = dyn Error + Send + Sync + 'a;
    borrowing! { Box<Plain<'_>> Box<Sent<'_>> Box<Shared<'_>> Rc<Plain<'_>> Rc<Sent<'_>> Rc<Shared<'_>> }
    macro_rules! owning {
        ($($(#[$feature:meta])? $holder:ty => $error:expr,)*) => {$(
            $(#[$feature])?
            if id == TypeId::of::<$holder>() {
                // SAFETY: a type without lifetimes is told from all others by its id, so `T` is this type.
                let holder: &'v $holder = unsafe { &*std::ptr::from_ref(value).cast() };
                let error: &'v (dyn Error + 'static) = $error(holder);
                return Some(Held { error, owned: Some(error) });
            }
        )*};
    }
    owning! {
        io::Error => |error: &'v io::Error| error,
        #[cfg(feature = "anyhow")]
        anyhow::Error => |error: &'v anyhow::Error| &**error,
        #[cfg(feature = "eyre")]
        eyre::Report => |error: &'v eyre::Report| &**error,
    }
    None
}

/// The identity of a type, but for its lifetimes.
fn id_of<T: ?Sized>() -> TypeId {
    trait Identified {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T: ?Sized> Identified for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let phantom = PhantomData::<T>;
    let phantom: &dyn Identified = &phantom;
    // SAFETY: lifetimes are not there when the program runs, and the value has no content. The one method that is called
    // asks for the id alone: nothing of the type comes out of it that could be kept longer than it lives.
    let phantom = unsafe { mem::transmute::<&dyn Identified, &(dyn Identified + 'static)>(phantom) };
    phantom.id()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Borrows<'a>(&'a str);

    impl fmt::Display for Borrows<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Borrows<'_> {}

    #[track_caller]
    fn check<T: ?Sized>(value: &T, expected: Option<(&str, bool)>) {
        let held = error_in(value).map(|held| (held.error.to_string(), held.owned.is_some()));
        assert_eq!(held, expected.map(|(text, is_owned)| (text.to_owned(), is_owned)));
    }

    #[test]
    fn boxes_of_errors_hold_one_also_when_it_borrows() {
        let text = "no funds".to_owned();
        let borrows = || Borrows(&text);
        check(&(Box::new(borrows()) as Box<dyn Error + '_>), Some(("no funds", false)));
        check(&(Box::new(borrows()) as Box<dyn Error + Send + '_>), Some(("no funds", false)));
        check(&(Box::new(borrows()) as Box<dyn Error + Send + Sync + '_>), Some(("no funds", false)));
        check(&(Rc::new(borrows()) as Rc<dyn Error + '_>), Some(("no funds", false)));
        check(&(Rc::new(borrows()) as Rc<dyn Error + Send + '_>), Some(("no funds", false)));
        check(&(Rc::new(borrows()) as Rc<dyn Error + Send + Sync + '_>), Some(("no funds", false)));
    }

    #[test]
    fn known_errors_that_borrow_nothing_can_be_asked_for_their_type() {
        check(&io::Error::other("late"), Some(("late", true)));
        #[cfg(feature = "anyhow")]
        check(&anyhow::anyhow!("late"), Some(("late", true)));
        #[cfg(feature = "eyre")]
        check(&eyre::eyre!("late"), Some(("late", true)));
    }

    #[test]
    fn other_types_hold_none() {
        let error = fmt::Error;
        check(&error, None);
        check(&(&error as &dyn Error), None);
        check::<dyn Error>(&error, None);
        check(&Box::new(error), None);
        check::<str>("text", None);
        check(&"text", None);
        check(&(Box::new("text") as Box<dyn fmt::Display>), None);
        check(&Borrows("text"), None);
    }
}
