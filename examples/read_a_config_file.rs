//! How does the person who runs my program decide what is logged?
//!
//! With variables (`TRINE_LEVEL`, `TRINE_FORMAT`, `TRINE_OUTPUT`), and with a file, which is read where the program or
//! `TRINE_CONFIG=PATH` names it. Variables win over the file, the file wins over the code.
use trine::{debug, info, warning};

fn main() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/trine.toml");
    trine::setup().level("error").config_file(file).start();

    // The file says level = "info,payment=debug,cache=off".
    debug!("payment_gateway_selected", gateway = "eu-1");
    debug!("database_query_completed", rows_returned = 10); // Debug is for `payment` only,
    info!("cache_hit", key = "user:123"); // and `cache` is off.
    info!("order_created", order_id = "ORD-123");
    warning!("api_ratelimit_exceeded", limit = 100); // Also in logs/configured.jsonl.
}
