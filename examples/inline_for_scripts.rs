//! How does each event stand on stdout before the next statement runs?
//!
//! `TRINE_DELIVERY=inline` does the same for any program. It costs the caller the rendering and the write, so it is for
//! scripts, for tests, and for output that must not be mixed with that of others.
use trine::{Delivery, info};

fn main() {
    trine::setup().delivery(Delivery::Inline).start();
    for step in 1..=3 {
        println!("step {step} begins");
        info!("script_step_completed", step);
        println!("step {step} is over");
    }
}
