//! What if an event's name is known at run time only?
//!
//! Mostly it should not be: a static name with the varying part in a field is easier to search. Where a plugin or a table
//! decides, compose the name from its parts.
use trine::{EventName, error, info};

fn main() {
    for (action, status) in [("create", "success"), ("process", "started"), ("fulfill", "completed")] {
        log_order_event(action, status, "ORD-123");
    }
    // What is no name is refused with a reason: names made of data would be endless.
    log_order_event("ORD-123", "created", "ORD-123");
}

fn log_order_event(action: &str, status: &str, order_id: &str) {
    match EventName::compose("order", action, status) {
        Ok(name) => info!(name, order_id, items_count = 3),
        Err(error) => error!("order_name_rejected", order_id, %error),
    }
}
