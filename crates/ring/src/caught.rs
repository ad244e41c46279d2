//! Panics that are caught: a mark on the thread tells a panic hook that this one ends nothing, and their texts pass a gate.

use std::{
    any::Any,
    borrow::Cow,
    cell::Cell,
    panic::{self, UnwindSafe},
    sync::OnceLock,
};

/// Judges the text of a panic before it is written.
type Gate = fn(&str) -> Cow<'_, str>;

/// Unset, no text passes: nobody has said yet what may be written.
static GATE: OnceLock<Gate> = OnceLock::new();

thread_local! {
    /// How many calls of [`catch_unwind`] the thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// As [`std::panic::catch_unwind`]; meanwhile [`is_catching`] is true on this thread.
///
/// Cost: two writes to a thread local.
#[inline]
pub fn catch_unwind<R>(f: impl FnOnce() -> R + UnwindSafe) -> Result<R, Box<dyn Any + Send>> {
    // In a thread that is ending the mark may be gone: then a panic is caught all the same, and only looks like any other.
    let _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
    let outcome = panic::catch_unwind(f);
    let _ = DEPTH.try_with(|depth| depth.set(depth.get() - 1));
    outcome
}

/// True where a panic of this thread will be caught by [`catch_unwind`], and the thread will go on.
///
/// Never where panics abort: there none is caught.
pub fn is_catching() -> bool {
    cfg!(panic = "unwind") && DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0)
}

/// What a panic says of itself; `None` when that is no text.
pub fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(|text| &**text))
}

/// Says what may be written of the texts of panics, for the whole process. The first one stays.
///
/// Until then values that panic are marked as such, without the panic's text.
pub fn set_gate(gate: fn(&str) -> Cow<'_, str>) {
    let _ = GATE.set(gate);
}

/// What may be written of a panic: `": "` and its text, or nothing.
pub(crate) fn suffix(payload: &(dyn Any + Send)) -> String {
    match (GATE.get(), message(payload)) {
        (Some(gate), Some(text)) => format!(": {}", gate(text)),
        _ => String::new(),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_there_inside_and_gone_behind_a_panic() {
        let outcome = catch_unwind(|| {
            assert!(catch_unwind(|| panic!("inner")).is_err());
            assert!(is_catching(), "the outer one still catches");
            panic!("outer {}", 1);
        });
        assert_eq!(message(&*outcome.unwrap_err()), Some("outer 1"));
        assert!(!is_catching());
    }

    #[test]
    fn another_thread_has_no_mark() {
        let inside = catch_unwind(|| std::thread::spawn(is_catching).join().unwrap());
        assert!(!inside.unwrap());
    }
}
