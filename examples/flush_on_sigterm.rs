//! What becomes of the last events when the service is stopped with SIGTERM, or with Ctrl-C?
//!
//! They are written, if the program asks for it. Then the process ends as the signal says.
use std::{process, thread};

use trine::info;

fn main() {
    trine::setup().flush_on_termination().start();
    for job_id in 1..=1000 {
        info!("job_run_completed", job_id);
    }
    eprintln!("1000 events are emitted. Stop me with Ctrl-C, or with: kill {}", process::id());
    loop {
        thread::park();
    }
}
