//! How do I start? Emit; nothing has to be set up.
use trine::{bind, error, info};

fn main() {
    info!("user_login", user_id = "user_123", source = "web_app", ip_address = "192.168.1.100");
    let log = bind!(request_id = "req_123", user_id = "user_123", session_id = "sess_456");
    info!(log, "page_view", page = "/dashboard");
    error!(log, "payment_process_failed", order_id = "ORD-123", amount = 99.99, reason = "insufficient_funds");
}
