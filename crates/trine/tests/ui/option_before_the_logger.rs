use trine::{bind, info};

fn main() {
    let log = bind!(request_id = "req_123");
    info!(sample: 0.01, log, "cache_hit");
}
