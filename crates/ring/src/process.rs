//! Hooks of the process that need foreign calls: exit, fork, signals.

/// Runs `hook` when the process leaves `main` or calls `exit`; not on `_exit`, `abort` or a fatal signal.
///
/// Hooks run in the reverse order of their registration, on the thread that exits, while other threads still run.
#[cfg(unix)]
pub fn at_exit(hook: extern "C" fn()) {
    // SAFETY: `hook` is a function, so it stays valid; it runs in an ordinary context, where Rust code may run.
    unsafe { libc::atexit(hook) };
}

/// Without an exit hook; flush by hand before leaving.
#[cfg(not(unix))]
pub fn at_exit(_: extern "C" fn()) {}

/// Runs the hooks around every `fork`: `prepare` before it, then `parent` and `child` in the respective process, all on the
/// forking thread. The child has no other thread: it must not wait for one.
#[cfg(unix)]
pub fn at_fork(prepare: extern "C" fn(), parent: extern "C" fn(), child: extern "C" fn()) {
    // SAFETY: functions stay valid for the life of the process.
    unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
}

/// There is no fork here.
#[cfg(not(unix))]
pub fn at_fork(_: extern "C" fn(), _: extern "C" fn(), _: extern "C" fn()) {}

/// The kernel's number of the calling thread, or zero where there is none.
pub fn thread_id() -> u32 {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: `gettid` takes nothing and cannot fail.
        (unsafe { libc::gettid() }) as u32
    }
    #[cfg(not(target_os = "linux"))]
    0
}

/// The user whose rights the process has, as the owner of files.
#[cfg(unix)]
pub fn user_id() -> u32 {
    // SAFETY: `geteuid` takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// True when the process has a controlling terminal, whose hang-up it should die of.
#[cfg(unix)]
pub fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

#[cfg(unix)]
pub use signals::{count_hangups, hangups, on_termination, raise_default};

#[cfg(unix)]
mod signals {
    use std::{
        io,
        sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering},
    };

    static HANGUPS: AtomicU64 = AtomicU64::new(0);
    /// What handled SIGHUP before us, as `sigaction` gives it, so that ours can call it.
    static HANGUP_BEFORE: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);
    /// The pipe's writing end, for the handler; -1 until there is one.
    static TERMINATION_PIPE: AtomicI32 = AtomicI32::new(-1);

    /// How often SIGHUP came since [`count_hangups`].
    pub fn hangups() -> u64 {
        HANGUPS.load(Ordering::Relaxed)
    }

    /// Handles SIGHUP by counting it (and by calling the handler that was there before, if any).
    pub fn count_hangups() -> io::Result<()> {
        let before = install(libc::SIGHUP, on_hangup)?;
        if before != on_hangup as *const () as usize {
            HANGUP_BEFORE.store(before, Ordering::Relaxed);
        }
        Ok(())
    }

    extern "C" fn on_hangup(signal: libc::c_int) {
        HANGUPS.fetch_add(1, Ordering::Relaxed);
        let before = HANGUP_BEFORE.load(Ordering::Relaxed);
        if before != libc::SIG_DFL && before != libc::SIG_IGN {
            // SAFETY: `before` came from `sigaction` as a handler's address, and is neither of the two special values.
            // A handler installed with SA_SIGINFO takes more arguments; on every Unix ABI it may be called with fewer
            // only if it does not read them, which `install` makes sure of by not keeping such handlers.
            let before: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(before) };
            before(signal);
        }
    }

    /// Calls `then` on a thread of its own when SIGTERM or SIGINT arrives, with the signal's number.
    ///
    /// Errors: a handler is there already (it is left alone), or the system refuses.
    pub fn on_termination(then: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
        let mut ends = [-1; 2];
        // SAFETY: `ends` has room for the two descriptors.
        if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let [read, write] = ends;
        for end in ends {
            // SAFETY: the descriptor was just made and is ours.
            unsafe { libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
        TERMINATION_PIPE.store(write, Ordering::Relaxed);
        std::thread::Builder::new().name("trine-signals".into()).spawn(move || {
            let mut signal = [0u8; 1];
            loop {
                // SAFETY: `signal` is a valid buffer of one byte, and the descriptor is never closed.
                let got = unsafe { libc::read(read, signal.as_mut_ptr().cast(), 1) };
                if got == 1 {
                    return then(i32::from(signal[0]));
                }
                if got == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                    return;
                }
            }
        })?;
        for signal in [libc::SIGTERM, libc::SIGINT] {
            install_over(signal, on_terminate, |before| before == libc::SIG_DFL)?;
        }
        Ok(())
    }

    extern "C" fn on_terminate(signal: libc::c_int) {
        let number = [signal as u8];
        // SAFETY: `write` is async-signal-safe, the buffer is valid, the descriptor is never closed. A full pipe means
        // that the thread has been told already.
        unsafe { libc::write(TERMINATION_PIPE.load(Ordering::Relaxed), number.as_ptr().cast(), 1) };
    }

    /// Restores the signal's default action and raises it, so that the parent sees what really ended the process.
    pub fn raise_default(signal: i32) -> ! {
        // SAFETY: both calls take plain numbers.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        // SAFETY: as above.
        unsafe { libc::kill(libc::getpid(), signal) };
        // The signal may be blocked on every thread: leave with the code a shell would report.
        std::process::exit(128 + signal);
    }

    /// Installs `handler`; returns the handler before it. One that takes `siginfo` is left in place: an error.
    fn install(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) -> io::Result<usize> {
        install_over(signal, handler, |_| true)
    }

    /// Installs `handler` if `may` allows it over the one before. A signal that is ignored (`nohup`, a background job)
    /// stays ignored when `may` wants the default action.
    fn install_over(
        signal: libc::c_int,
        handler: extern "C" fn(libc::c_int),
        may: impl Fn(usize) -> bool,
    ) -> io::Result<usize> {
        // SAFETY: all-zero is a valid `sigaction`: no flags, an empty mask, the default action.
        let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: asks for the present action only; `before` is a valid place for it.
        if unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut before) } != 0 {
            return Err(io::Error::last_os_error());
        }
        if before.sa_flags & libc::SA_SIGINFO != 0 {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "the program handles this signal itself",
            ));
        }
        if !may(before.sa_sigaction) {
            return match before.sa_sigaction {
                libc::SIG_IGN => Ok(libc::SIG_IGN),
                _ => Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "the program handles this signal itself",
                )),
            };
        }
        // SAFETY: as above.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: `action` is filled in; the handler only stores to atomics and calls `write`.
        if unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(before.sa_sigaction)
    }
}
