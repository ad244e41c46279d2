//! Whether a result is a success: what [`run`](super::Operation::run) looks at.

use std::{
    any::type_name,
    borrow::Cow,
    cmp,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    error::Error,
    ffi::{OsStr, OsString},
    fmt::Display,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    num::NonZero,
    ops::{Bound, Range, RangeInclusive},
    path::{Path, PathBuf},
    pin::Pin,
    process::{Child, ExitCode, ExitStatus, Output},
    rc::Rc,
    sync::{Arc, Mutex, RwLock, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use crate::error::{ErrorCode, Failure, HoldsError};

/// Says whether a result is a failure, to end an operation as it should end.
///
/// `Result<T, E>` fails with `Err`, whose `Display` is the field `error`. An exit status
/// fails when it is not zero. Everything else of the standard library is a success, `None` and `false` too. For a type of
/// your own one line says that it is a success, and three say when it is not:
///
/// ```
/// use std::fmt::Display;
/// use trine::{Outcome, assert_event, timed};
///
/// struct Rows(Vec<u32>);
/// impl Outcome for Rows {}
///
/// struct Response { status: u16 }
/// impl Outcome for Response {
///     fn failure(&self) -> Option<&dyn Display> {
///         if self.status >= 500 { Some(&self.status) } else { None }
///     }
/// }
///
/// let captured = trine::testing::capture();
/// assert_eq!(timed!("database_query").run(|| Rows(vec![1, 2])).0.len(), 2);
/// timed!("api_call", endpoint = "/users").run(|| Response { status: 503 });
/// assert_event!(captured, "api_call_failed", error = "503", endpoint = "/users");
/// ```
///
/// For one operation, [`Operation::run_judged`](super::Operation::run_judged) takes a closure instead.
#[diagnostic::on_unimplemented(
    message = "cannot tell whether `{Self}` is a success or a failure",
    label = "the operation needs to know how it ended",
    note = "a `Result<T, E>` needs an `E` with a `Display`; for your own type write `impl trine::Outcome for MyType {{}}` when it \
            is always a success",
    note = "or say it for this operation alone: `run_judged(|| ..., |result| result.as_ref().err().map(|e| format!(\"{{e:?}}\")))`",
    note = "a future is not a result yet: `timed!(...).run_async(async {{ ... }}).await`"
)]
pub trait Outcome {
    /// What went wrong; `None` when it went well, which is the default.
    fn failure(&self) -> Option<&dyn Display> {
        None
    }

    /// The same, with what is known of its type.
    #[doc(hidden)]
    fn judged(&self) -> Option<Failure<'_>> {
        self.failure().map(|text| Failure::shown(text, type_name::<dyn Display>()))
    }
}

impl<T, E: HasText> Outcome for Result<T, E> {
    fn failure(&self) -> Option<&dyn Display> {
        self.as_ref().err().map(HasText::text)
    }

    fn judged(&self) -> Option<Failure<'_>> {
        self.as_ref().err().map(HasText::told)
    }
}

impl Outcome for ExitStatus {
    fn failure(&self) -> Option<&dyn Display> {
        (!self.success()).then_some(self as &dyn Display)
    }
}

impl Outcome for Output {
    fn failure(&self) -> Option<&dyn Display> {
        self.status.failure()
    }
}

/// Types that are a success whatever they hold.
macro_rules! successes {
    ($([$($generics:tt)*] $type:ty,)*) => {$(
        impl<$($generics)*> Outcome for $type {}
    )*};
}

successes! {
    [] (), [] bool, [] char, [] String, [] cmp::Ordering,
    [] i8, [] i16, [] i32, [] i64, [] i128, [] isize, [] u8, [] u16, [] u32, [] u64, [] u128, [] usize, [] f32, [] f64,
    [] NonZero<u8>, [] NonZero<u16>, [] NonZero<u32>, [] NonZero<u64>, [] NonZero<usize>,
    [] str, [] Path, [] PathBuf, [] OsStr, [] OsString, [] Duration, [] Instant, [] SystemTime,
    [] IpAddr, [] Ipv4Addr, [] Ipv6Addr, [] SocketAddr, [] TcpStream, [] TcpListener, [] UdpSocket,
    [] std::fs::File, [] std::fs::Metadata, [] std::fs::ReadDir, [] Child, [] ExitCode,
    [T] Option<T>, [T] Vec<T>, [T] [T], [T, const N: usize] [T; N], [T: ?Sized] &T, [T: ?Sized] &mut T, [T: ?Sized] Box<T>,
    [T: ?Sized] Rc<T>, [T: ?Sized] Arc<T>, [P] Pin<P>, [T: ?Sized] Mutex<T>, [T: ?Sized] RwLock<T>, [T: ToOwned + ?Sized] Cow<'_, T>,
    [T] VecDeque<T>, [T] LinkedList<T>, [T] BinaryHeap<T>, [T] BTreeSet<T>, [T, S] HashSet<T, S>,
    [K, V] BTreeMap<K, V>, [K, V, S] HashMap<K, V, S>, [T] Range<T>, [T] RangeInclusive<T>, [T] Bound<T>, [T] cmp::Reverse<T>,
    [T] JoinHandle<T>, [T] mpsc::Sender<T>, [T] mpsc::Receiver<T>, [T] std::task::Poll<T>,
}

// Not for `!`: on stable Rust it can only be named as what a function returns, and such an impl meets every impl of another crate.

macro_rules! tuples {
    ($($letter:ident)*) => { tuples!(@ [] $($letter)*); };
    (@ [$($taken:ident)*]) => {};
    (@ [$($taken:ident)*] $next:ident $($rest:ident)*) => {
        impl<$($taken,)* $next> Outcome for ($($taken,)* $next,) {}
        tuples!(@ [$($taken)* $next] $($rest)*);
    };
}

tuples!(A B C D E F G H I J K L);

/// A result that `#[timed]` looks at. The macro asks `(&&&&&&Probe(&result)).probed()`, and the compiler takes the first of the
/// traits below that fits: fewer references, a lower choice.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// First: a `Result` whose error has a code.
#[doc(hidden)]
pub trait ProbeResultCoded<'a> {
    fn probed(self) -> Option<Failure<'a>>;
}

impl<'a, T, E: Error + ErrorCode> ProbeResultCoded<'a> for &&&&&&Probe<'a, Result<T, E>> {
    fn probed(self) -> Option<Failure<'a>> {
        self.0.as_ref().err().map(Failure::coded)
    }
}

/// Second: one whose error is one, and so can be asked for its causes.
#[doc(hidden)]
pub trait ProbeResultError<'a> {
    fn probed(self) -> Option<Failure<'a>>;
}

impl<'a, T, E: Error> ProbeResultError<'a> for &&&&&Probe<'a, Result<T, E>> {
    fn probed(self) -> Option<Failure<'a>> {
        self.0.as_ref().err().map(Failure::error)
    }
}

/// Third: one whose error is held by something.
#[doc(hidden)]
pub trait ProbeResultHeld<'a> {
    fn probed(self) -> Option<Failure<'a>>;
}

impl<'a, T, E: HoldsError> ProbeResultHeld<'a> for &&&&Probe<'a, Result<T, E>> {
    fn probed(self) -> Option<Failure<'a>> {
        self.0.as_ref().err().map(Failure::held)
    }
}

/// Fourth: a type that says what it is.
#[doc(hidden)]
pub trait ProbeOutcome<'a> {
    fn probed(self) -> Option<Failure<'a>>;
}

impl<'a, T: Outcome + ?Sized> ProbeOutcome<'a> for &&&Probe<'a, T> {
    fn probed(self) -> Option<Failure<'a>> {
        self.0.judged()
    }
}

/// Fifth: a `Result` whose error has no text. Silence would call it a success, so it is a mistake.
#[doc(hidden)]
pub trait ProbeResult<'a> {
    type Error;
    fn probed(self) -> Option<Failure<'a>>
    where
        Self::Error: HasText;
}

impl<'a, T, E> ProbeResult<'a> for &&Probe<'a, Result<T, E>> {
    type Error = E;
    fn probed(self) -> Option<Failure<'a>>
    where
        E: HasText,
    {
        self.0.as_ref().err().map(|error| Failure::shown(error.text(), type_name::<E>()))
    }
}

/// What an error needs to be the field `error`: a `Display`. A trait of its own, for the message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` has no text for the field `error`",
    label = "has no `Display`",
    note = "give it a `Display`, or say how a failure reads with a judge: \
            `timed!(...).run_judged(|| ..., |result| result.as_ref().err().map(|e| format!(\"{{e:?}}\")))`, \
            `#[timed(judge = |result| ...)]`"
)]
pub trait HasText {
    fn text(&self) -> &dyn Display;
    /// The text, with what is known of the type.
    fn told(&self) -> Failure<'_>;
}

#[diagnostic::do_not_recommend]
impl<E: Display> HasText for E {
    fn text(&self) -> &dyn Display {
        self
    }
    fn told(&self) -> Failure<'_> {
        Failure::of(self, self)
    }
}

/// Last: anything else, like `impl Iterator`, is a success.
#[doc(hidden)]
pub trait ProbeAny<'a> {
    fn probed(self) -> Option<Failure<'a>>;
}

impl<'a, T: ?Sized> ProbeAny<'a> for &Probe<'a, T> {
    fn probed(self) -> Option<Failure<'a>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Facts;

    #[track_caller]
    fn check(result: &impl Outcome, expected: Option<&str>) {
        assert_eq!(result.failure().map(ToString::to_string).as_deref(), expected);
    }

    #[test]
    fn only_errors_and_bad_statuses_are_failures() {
        check(&Ok::<(), &str>(()), None);
        check(&Err::<(), &str>("timeout"), Some("timeout"));
        check(&Err::<(), Box<dyn Error + Send + Sync>>("boxed".into()), Some("boxed"));
        check(&None::<u8>, None);
        check(&false, None);
        check(&(), None);
        check(&(1, "a", vec![2.0]), None);
        check(&HashMap::from([(1, 2)]), None);
        check(&"text", None);
        check(&Some(Err::<(), &str>("inside")), None);
    }

    #[test]
    #[expect(clippy::needless_borrow, reason = "the references are the order in which the traits are tried")]
    fn probing_finds_the_closest_answer() {
        struct Unknown;
        let facts = |failure: Option<Failure<'_>>| Facts::of(&failure.unwrap());
        assert_eq!(facts((&&&&&&Probe(&Err::<(), &str>("e"))).probed()).message.to_text(), "e");
        assert!((&&&&&&Probe(&Ok::<Unknown, &str>(Unknown))).probed().is_none());
        assert!((&&&&&&Probe(&Unknown)).probed().is_none());
        assert!((&&&&&&Probe(&[1].iter().map(|x| x + 1))).probed().is_none());
        let coded = Err::<Unknown, _>(std::io::Error::from(std::io::ErrorKind::TimedOut));
        assert_eq!(facts((&&&&&&Probe(&coded)).probed()).code.as_deref(), Some("TimedOut"));
        let error = Err::<Unknown, _>(std::fmt::Error);
        assert_eq!(facts((&&&&&&Probe(&error)).probed()).error_type.as_deref(), Some("fmt::Error"));
        let held = Err::<Unknown, Box<dyn Error>>(Box::new(std::fmt::Error));
        assert_eq!(facts((&&&&&&Probe(&held)).probed()).chain, Some(Vec::new()));
    }
}
