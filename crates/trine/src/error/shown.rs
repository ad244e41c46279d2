//! What an error shows of itself: the user's formatting code, run once, bounded, and caught when it panics.

use std::{
    borrow::Cow,
    fmt::{self, Debug, Display, Write},
    panic::AssertUnwindSafe,
};

use trine_ring::{Arg, Value, ValueWriter, caught};

use crate::error_text::{BEHIND_BYTES_MAX, TEXT_BYTES_MAX, beginning, pass};

/// How much of a `Debug` text is looked at for a name and a code.
const DEBUG_BYTES_MAX: usize = 256;

/// A text of an error as it becomes a field; or why there is none, for the user's code may fail and panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Text(String),
    Failed(String),
}

impl Shown {
    /// What `value` shows of itself, past the gate.
    pub(crate) fn of(value: &dyn Display) -> Shown {
        Shown::bounded(value, TEXT_BYTES_MAX)
    }

    /// The same with another bound on its bytes.
    pub(crate) fn bounded(value: &dyn Display, bytes_max: usize) -> Shown {
        match written(bytes_max + BEHIND_BYTES_MAX, format_args!("{value}")) {
            Ok(text) => Shown::Text(match pass(&text, bytes_max) {
                Cow::Borrowed(_) => text,
                Cow::Owned(passed) => passed,
            }),
            Err(why) => Shown::Failed(why),
        }
    }

    /// The field's value.
    pub(crate) fn as_arg(&self) -> Arg<'_> {
        match self {
            Shown::Text(text) => Arg::Str(text),
            Shown::Failed(_) => Arg::Dyn(self),
        }
    }

    /// The text, or a mark that says why there is none.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Shown::Text(text) => Cow::Borrowed(text),
            Shown::Failed(why) => Cow::Owned(format!("<{why}>")),
        }
    }
}

impl Value for Shown {
    fn encode(&self, writer: ValueWriter<'_>) {
        match self {
            Shown::Text(text) => writer.str(text),
            Shown::Failed(why) => writer.failed(why),
        }
    }
}

/// The beginning of a `Debug` text, to be looked at, not to be written: it has not passed the gate. Empty when it fails.
pub(super) fn beginning_of_debug(value: &(impl Debug + ?Sized)) -> String {
    written(DEBUG_BYTES_MAX, format_args!("{value:?}")).unwrap_or_default()
}

/// Runs the user's formatting code. What lies beyond `bytes_max` is not kept and, as a rule, not even asked for.
///
/// Errors: the text says what happened, as values of fields do.
fn written(bytes_max: usize, what: fmt::Arguments<'_>) -> Result<String, String> {
    let mut out = Bounded { text: String::new(), bytes_max, is_cut: false };
    match caught::catch_unwind(AssertUnwindSafe(|| out.write_fmt(what))) {
        Ok(outcome) if outcome.is_ok() || out.is_cut => Ok(out.text),
        Ok(_) => Err("Display failed".to_owned()),
        Err(panic) => Err(match caught::message(&*panic) {
            Some(message) => format!("Display panicked: {}", pass(message, TEXT_BYTES_MAX)),
            None => "Display panicked".to_owned(),
        }),
    }
}

/// Takes text up to a bound, then fails, so that the writer stops.
struct Bounded {
    text: String,
    bytes_max: usize,
    is_cut: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = self.bytes_max - self.text.len();
        // Once cut, always cut: the room that a character of several bytes left is no room for the next text.
        if self.is_cut || s.len() > room {
            if !self.is_cut {
                self.text.push_str(beginning(s, room));
            }
            self.is_cut = true;
            return Err(fmt::Error);
        }
        self.text.push_str(s);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_text::CUT;

    struct Endless;

    impl Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("ééé")?;
            }
        }
    }

    /// Ignores that it was told to stop.
    struct Deaf;

    impl Display for Deaf {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..TEXT_BYTES_MAX).for_each(|_| {
                let _ = f.write_str("ab€");
            });
            Ok(())
        }
    }

    #[test]
    fn a_display_that_never_ends_is_cut_at_a_character() {
        for value in [&Endless as &dyn Display, &Deaf] {
            let Shown::Text(shown) = Shown::of(value) else { panic!("no text") };
            let whole = shown.strip_suffix(CUT).expect("it says that it was cut");
            assert!(whole.len() <= TEXT_BYTES_MAX && whole.len() > TEXT_BYTES_MAX - 4, "{}", whole.len());
        }
    }

    #[test]
    fn code_of_the_users_that_fails_or_panics_is_said() {
        struct Panics(bool);
        impl Display for Panics {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.0 { panic!("no {}", 7) } else { Err(fmt::Error) }
            }
        }
        assert_eq!(Shown::of(&Panics(true)), Shown::Failed("Display panicked: no 7".into()));
        assert_eq!(Shown::of(&Panics(false)).to_text(), "<Display failed>");
    }
}
