//! The signal that ends the process, noted where it outlives it: what nobody can say afterwards.
//!
//! A handler of SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGTRAP stores which it was, on which thread, when, and who sent it, in
//! a page of shared memory. Then it hands on to what handled the signal before: Rust's own handler, which knows overflown
//! stacks; that of a crash reporter; or the system's, which ends the process. SIGKILL, and so the out-of-memory killer, cannot be noted.
//!
//! **Invariant:** the handler calls nothing that is not async-signal-safe (POSIX, 2.4.3): it loads and stores atomics and makes system
//! calls. It runs on the thread's alternate stack where there is one, uses little of it, and leaves `errno` as it was.
//! **Invariant:** the process ends as it would have without it, or goes on as it would have. What goes on leaves no note.

use std::{io, path::Path, sync::atomic::Ordering};

use crate::region::Region;

/// First bytes of the page.
const MAGIC: u64 = u64::from_le_bytes(*b"TRINEEND");
/// Of its layout. Another one is not looked into.
const VERSION: u64 = 1;
/// Words: magic, version, signal, thread | sender << 32, ticks, address.
const WORDS: usize = 6;
const SIGNAL_AT: usize = 2;
const WHO_AT: usize = 3;
const TICKS_AT: usize = 4;
const ADDRESS_AT: usize = 5;

/// What ended a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// The signal's number.
    pub signal: i32,
    /// The thread that it hit.
    pub thread: u32,
    /// The process that sent it; zero where the thread itself did wrong.
    pub sender: u32,
    /// When, as records say it.
    pub ticks: u64,
    /// What the thread could not access, or where it was; zero for a signal that was sent.
    pub address: u64,
}

impl Fatal {
    /// Reads the note in a file. `None`: nothing was noted, or it cannot be read.
    pub fn read(file: &Path) -> Option<Fatal> {
        let region = Region::open(file).ok()?;
        let words = region.words();
        let word = |at: usize| words.get(at).map_or(0, |word| word.load(Ordering::Acquire));
        let signal = i32::try_from(word(SIGNAL_AT)).ok().filter(|signal| *signal > 0)?;
        let is_ours = word(0) == MAGIC && word(1) == VERSION;
        is_ours.then(|| Fatal {
            signal,
            thread: word(WHO_AT) as u32,
            sender: (word(WHO_AT) >> 32) as u32,
            ticks: word(TICKS_AT),
            address: word(ADDRESS_AT),
        })
    }

    /// What the signal is called: `SIGSEGV`.
    pub fn name(&self) -> &'static str {
        handler::SIGNALS
            .iter()
            .find(|(number, _)| *number == self.signal)
            .map_or("a signal", |(_, name)| name)
    }
}

/// Makes a page in a file, in which the signal that ends this process will be noted, and begins to handle those that do. The page is
/// kept for the life of the process. Signals that are ignored stay ignored.
///
/// Cost: two system calls per signal, once; none afterwards.
/// Errors: the file cannot be made; a handler cannot be set.
pub fn note_in(backing: &crate::Backing, name: &str) -> io::Result<()> {
    let region = Region::create(backing, name, WORDS * 8)?;
    let words = &region.words()[..2];
    words[1].store(VERSION, Ordering::Relaxed);
    words[0].store(MAGIC, Ordering::Release);
    handler::begin(Box::leak(Box::new(region)).words())
}

/// Nothing is noted any more, until the next [`note_in`]: in the child of a fork, whose page is its parent's.
pub fn forget() {
    handler::end();
}

#[cfg(target_os = "linux")]
mod handler {
    use std::{
        io,
        ptr::{self, null_mut},
        sync::{
            OnceLock,
            atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering},
        },
    };

    use libc::{c_int, c_void, siginfo_t};

    use super::{ADDRESS_AT, SIGNAL_AT, TICKS_AT, WHO_AT, WORDS};
    use crate::{clock, process};

    /// Those that end a process that does wrong.
    pub(super) const SIGNALS: [(c_int, &str); 6] = [
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGTRAP, "SIGTRAP"),
    ];

    /// The words of the page, [`WORDS`] of them; null for none.
    static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(null_mut());
    /// A thread is noting: the first one stays.
    static IS_NOTED: AtomicBool = AtomicBool::new(false);
    /// What handled each signal before, by its place in [`SIGNALS`].
    static BEFORE: [OnceLock<libc::sigaction>; SIGNALS.len()] = [const { OnceLock::new() }; SIGNALS.len()];
    /// That handler has given itself up, and the system's action is in its place.
    static IS_GIVEN_UP: [AtomicBool; SIGNALS.len()] = [const { AtomicBool::new(false) }; SIGNALS.len()];

    pub(super) fn begin(words: &'static [AtomicU64]) -> io::Result<()> {
        assert!(words.len() >= WORDS, "a page");
        // Which clock it is, is found out now: that opens files.
        clock::is_counter();
        IS_NOTED.store(false, Ordering::Relaxed);
        PAGE.store(words.as_ptr().cast_mut(), Ordering::Release);
        for (index, (signal, _)) in SIGNALS.iter().enumerate() {
            // Known before ours is set: it may be needed at once.
            let before = action_of(*signal)?;
            if before.sa_sigaction != libc::SIG_IGN && BEFORE[index].set(before).is_ok() {
                set(*signal, &ours(&before))?;
            }
        }
        Ok(())
    }

    pub(super) fn end() {
        PAGE.store(null_mut(), Ordering::Release);
    }

    fn on_fatal_address() -> usize {
        on_fatal as *const () as usize
    }

    /// Our action in place of another: on the alternate stack, with the signals blocked that it blocks.
    fn ours(before: &libc::sigaction) -> libc::sigaction {
        let mut action = *before;
        action.sa_sigaction = on_fatal_address();
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | (before.sa_flags & libc::SA_NODEFER);
        action
    }

    fn action_of(signal: c_int) -> io::Result<libc::sigaction> {
        // SAFETY: all-zero is a valid `sigaction`: no flags, an empty mask, the default action.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: asks for the present action only; `action` is a valid place for it.
        match unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) } {
            0 => Ok(action),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn set(signal: c_int, action: &libc::sigaction) -> io::Result<()> {
        // SAFETY: `action` is filled in; its handler is ours, or one that the system gave us as such.
        match unsafe { libc::sigaction(signal, action, null_mut()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The handler. Everything below is async-signal-safe.
    extern "C" fn on_fatal(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the address of the thread's own `errno`.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: as above.
        let errno_before = unsafe { *errno };
        if let Some(index) = SIGNALS.iter().position(|(number, _)| *number == signal) {
            let is_first = note(signal, info);
            if hand_on(index, signal, info, context) && is_first {
                forget_note();
            }
        }
        // SAFETY: as above.
        unsafe { *errno = errno_before };
    }

    /// True for a signal that somebody has sent, and no instruction of the thread.
    fn is_sent(info: *const siginfo_t) -> bool {
        // SAFETY: the system gives a handler with SA_SIGINFO a valid `siginfo_t`.
        unsafe { (*info).si_code <= 0 }
    }

    /// Notes the signal, unless another is noted; true when it did.
    fn note(signal: c_int, info: *const siginfo_t) -> bool {
        let page = PAGE.load(Ordering::Acquire);
        if page.is_null() || IS_NOTED.swap(true, Ordering::AcqRel) {
            return false;
        }
        // SAFETY: `begin` has stored the address of so many words, which are never unmapped.
        let words = unsafe { std::slice::from_raw_parts(page.cast_const(), WORDS) };
        let (mut sender, mut address) = (0, 0);
        if is_sent(info) {
            // SAFETY: as in `is_sent`; of a signal that was sent, the sender is filled in.
            sender = u64::from((unsafe { (*info).si_pid() }).cast_unsigned());
        } else {
            // SAFETY: as above; of a fault, the address is filled in.
            address = (unsafe { (*info).si_addr() }) as u64;
        }
        words[WHO_AT].store(u64::from(process::thread_id()) | sender << 32, Ordering::Relaxed);
        words[TICKS_AT].store(clock::ticks(), Ordering::Relaxed);
        words[ADDRESS_AT].store(address, Ordering::Relaxed);
        words[SIGNAL_AT].store(u64::from(signal.cast_unsigned()), Ordering::Release);
        true
    }

    /// The process goes on.
    fn forget_note() {
        let page = PAGE.load(Ordering::Acquire);
        if !page.is_null() {
            // SAFETY: as in `note`.
            let words = unsafe { std::slice::from_raw_parts(page.cast_const(), WORDS) };
            words[SIGNAL_AT].store(0, Ordering::Release);
        }
        IS_NOTED.store(false, Ordering::Release);
    }

    /// Has the signal handled as it was before; true when the process goes on after it.
    fn hand_on(index: usize, signal: c_int, info: *mut siginfo_t, context: *mut c_void) -> bool {
        let before = BEFORE[index].get().filter(|_| !IS_GIVEN_UP[index].load(Ordering::Relaxed));
        let handler = before.map_or(libc::SIG_DFL, |before| before.sa_sigaction);
        if handler == libc::SIG_DFL {
            give_to_system(signal, info);
            return false;
        }
        // Whoever aborts from within, as Rust does when a stack overflows, needs no second frame of ours: an alternate stack may
        // have room for one only.
        let stepped_aside = signal != libc::SIGABRT && step_aside();
        // SAFETY: the system gave us the address as that of a handler, and its flags say which of the two kinds it is.
        unsafe {
            if before.is_some_and(|before| before.sa_flags & libc::SA_SIGINFO != 0) {
                let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = std::mem::transmute(handler);
                handler(signal, info, context);
            } else {
                let handler: extern "C" fn(c_int) = std::mem::transmute(handler);
                handler(signal);
            }
        }
        let Ok(now) = action_of(signal) else { return false };
        let is_given_up = now.sa_sigaction == libc::SIG_DFL
            || before.is_some_and(|before| before.sa_flags & libc::SA_RESETHAND != 0);
        if is_given_up && !is_sent(info) {
            // The instruction is run again, and the fault comes to the system.
            let _ = set(signal, &default_of(&now));
            return false;
        }
        if stepped_aside {
            let _ = BEFORE[ABORT].get().map(|before| set(libc::SIGABRT, &ours(before)));
        }
        if is_given_up {
            // As Rust's handler does with a SIGSEGV that is no fault: this one passes, the next one does not.
            IS_GIVEN_UP[index].store(true, Ordering::Relaxed);
            let _ = set(signal, &ours(&now));
        }
        true
    }

    /// The place of SIGABRT.
    const ABORT: usize = 4;
    const _: () = assert!(SIGNALS[ABORT].0 == libc::SIGABRT);

    /// Puts back what handled SIGABRT, where that is ours now.
    fn step_aside() -> bool {
        let is_ours = action_of(libc::SIGABRT).is_ok_and(|now| now.sa_sigaction == on_fatal_address());
        is_ours && BEFORE[ABORT].get().is_some_and(|before| set(libc::SIGABRT, before).is_ok())
    }

    fn default_of(action: &libc::sigaction) -> libc::sigaction {
        libc::sigaction { sa_sigaction: libc::SIG_DFL, sa_flags: 0, ..*action }
    }

    /// Has the system end the process: by the same instruction once more, with all that a core dump says of it; or by the same
    /// signal, where that was sent, or no instruction is run again.
    fn give_to_system(signal: c_int, info: *const siginfo_t) {
        if let Ok(now) = action_of(signal) {
            let _ = set(signal, &default_of(&now));
        }
        if is_sent(info) || signal == libc::SIGTRAP {
            // SAFETY: plain numbers. It is blocked until the handler returns.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::gettid(), signal) };
        }
    }
}

/// Where the system is another one, nothing is noted.
#[cfg(not(target_os = "linux"))]
mod handler {
    use std::{io, sync::atomic::AtomicU64};

    pub(super) const SIGNALS: [(i32, &str); 0] = [];

    pub(super) fn begin(_: &'static [AtomicU64]) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn end() {}
}
