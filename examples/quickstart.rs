//! How do I start? Emit. Nothing has to be set up, and nothing has to be closed.
//!
//! In a terminal you see lines for people; behind a pipe (`| cat`) lines of JSON for programs.
use trine::{bind, error, info};

fn main() {
    // A static name, domain_action_status, and typed fields.
    info!("user_login", user_id = "user_123", source = "web_app", ip_address = "192.168.1.100");

    // Fields that several events share are bound once.
    let log = bind!(request_id = "req_123", user_id = "user_123", session_id = "sess_456");
    info!(log, "page_view", page = "/dashboard");
    error!(
        log,
        "payment_process_failed",
        order_id = "ORD-123",
        amount = 99.99,
        reason = "insufficient_funds"
    );
}
