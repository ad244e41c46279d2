//! Ctrl-C: once ends the reading, and what was read so far is answered; twice ends the program.

use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
};

/// Exit code of a program that was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

static IS_PRESSED: AtomicBool = AtomicBool::new(false);

/// Whether the reading should end. From the first call on Ctrl-C sets it; where the system does not allow that, Ctrl-C ends the program as
/// ever.
pub(crate) fn flag() -> &'static AtomicBool {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let _ = ctrlc::set_handler(|| {
            if IS_PRESSED.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED);
            }
        });
    });
    &IS_PRESSED
}
