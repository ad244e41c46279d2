//! Signals that end the process, noted in memory that outlives it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicPtr, AtomicU64, Ordering},
    },
};

use crate::region::Region;

/// Signals that a program raises against itself: faults and `abort`. What others send (SIGTERM, SIGKILL) either has handlers
/// of the program's or cannot be handled.
const SIGNALS: [libc::c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

/// The word to note in; null while there is none.
static WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());
/// What handled each of [`SIGNALS`] before us.
static BEFORE: [AtomicPtr<libc::sigaction>; SIGNALS.len()] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; SIGNALS.len()];

/// Stores the number of a fatal signal into a word of `region`, then lets it take its course: the handler of before (such as
/// the runtime's for stack overflows), or the default action.
///
/// Called again, later signals are noted in the new region. The region stays mapped for the life of the process.
///
/// Errors: the system refuses a handler. Panics: the region has no such word.
pub fn note_fatal_signals(region: Arc<Region>, word: usize) -> io::Result<()> {
    let at: *const AtomicU64 = &region.words()[word];
    std::mem::forget(region);
    let is_first = WORD.swap(at.cast_mut(), Ordering::AcqRel).is_null();
    if !is_first || !BEFORE[0].load(Ordering::Acquire).is_null() {
        return Ok(());
    }
    for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
        // SAFETY: all-zero is a valid `sigaction`.
        let mut old: Box<libc::sigaction> = Box::new(unsafe { std::mem::zeroed() });
        // SAFETY: as above.
        let mut new: libc::sigaction = unsafe { std::mem::zeroed() };
        new.sa_sigaction = on_fatal as *const () as usize;
        // On the alternative stack, where there is one: the fault may be an overflow of this one.
        new.sa_flags = libc::SA_ONSTACK | libc::SA_NODEFER | libc::SA_SIGINFO;
        // SAFETY: `old` is a valid place for the present action.
        if unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut *old) } != 0 {
            return Err(io::Error::last_os_error());
        }
        if old.sa_sigaction == libc::SIG_IGN {
            continue;
        }
        // Before ours is there: it may run at once.
        before.store(Box::into_raw(old), Ordering::Release);
        // SAFETY: `new` is filled in; the handler only touches atomics and calls `sigaction`.
        if unsafe { libc::sigaction(signal, &raw const new, std::ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// In the child of a fork: the memory is the parent's.
pub fn forget_fatal_signals() {
    WORD.store(std::ptr::null_mut(), Ordering::Release);
}

extern "C" fn on_fatal(signal: libc::c_int, info: *const libc::siginfo_t, _: *const libc::c_void) {
    let word = WORD.load(Ordering::Acquire);
    if !word.is_null() {
        // SAFETY: the word lies in a region that is never unmapped.
        unsafe { &*word }.store(signal as u64, Ordering::Release);
    }
    let index = SIGNALS.iter().position(|known| *known == signal).unwrap_or(0);
    let before = BEFORE[index].load(Ordering::Acquire);
    if !before.is_null() {
        // The action of before is in force again, and a fault recurs as this handler returns.
        // SAFETY: `before` came from a box that is never freed; `sigaction` may be called from a handler.
        unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) };
    }
    // SAFETY: with SA_SIGINFO the system passes a valid `siginfo_t`.
    let is_raised = info.is_null() || unsafe { (*info).si_code } <= 0;
    if is_raised {
        // Sent by `raise`, `abort` or another process: it does not recur by itself.
        // SAFETY: takes a plain number; may be called from a handler.
        unsafe { libc::raise(signal) };
    }
}
