//! How do all events of a request carry its id?
use trine::{Logger, bind, info, warning};

fn main() {
    // A logger is fields, encoded once. It is cheap to clone, and any thread may use it.
    let log = bind!(request_id = "req_123", user_id = "user_123", plan = "free");
    info!(log, "request_receive_completed", path = "/checkout", method = "POST");

    // A child has the parent's fields and its own; a key bound again takes the new value.
    let child = bind!(log, order_id = "ORD-123", plan = "premium");
    charge(&child);

    // A child without a field, for what is nobody else's business.
    info!(child.unbind("user_id"), "metrics_order_counted");

    // What the call says wins over what is bound: a key is never twice on the line.
    info!(log, "request_send_completed", status_code = 200, user_id = "system");
}

fn charge(log: &Logger) {
    warning!(log, "payment_fraud_detected", risk_score = 0.95, rules_triggered = ["velocity", "location"]);
}
