//! Ctrl-C: once ends the reading, and what was read so far is answered; twice ends the program.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Exit code of a program that was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

/// Whether the reading should end.
#[derive(Debug)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From here on, Ctrl-C sets the flag. Where the system does not allow it, Ctrl-C ends the program as ever.
    pub(super) fn install() -> Interrupt {
        let flag = Arc::new(AtomicBool::new(false));
        let own = flag.clone();
        let _ = ctrlc::set_handler(move || {
            if own.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED);
            }
        });
        Interrupt(flag)
    }

    pub(super) fn flag(&self) -> &AtomicBool {
        &self.0
    }
}
