//! How do I turn debug events on without a restart?
use trine::{debug, info};

fn main() {
    work("req_1"); // As started: info and above, unless TRINE_LEVEL says something else.

    // In force for all threads when it returns. Rules are for domains (`payment`) or for modules (`my_crate::db`).
    match trine::set_level("info,payment=debug") {
        Ok(()) => work("req_2"),
        Err(error) => eprintln!("{error}"),
    }

    // A mistake changes nothing, and says what is wrong.
    if let Err(error) = trine::set_level("info,payment=debgu") {
        eprintln!("{error}");
    }

    if trine::set_level("off").is_ok() {
        work("req_3");
    }
}

fn work(request_id: &str) {
    debug!("payment_gateway_selected", request_id, gateway = "eu-1");
    debug!("cache_hit", request_id, key = "user:123");
    info!("payment_process_success", request_id, amount = 99.99);
}
