//! How do I test what my code emits? Run `cargo test -p trine-examples --example test_what_you_emit`.
use trine::{error, info};

fn main() {
    charge("ORD-123", 40.0);
    charge("ORD-124", 400.0);
}

fn charge(order_id: &str, amount: f64) {
    info!("payment_charge_started", order_id, amount);
    if amount < 100.0 {
        info!("payment_charge_success", order_id);
    } else {
        error!("payment_charge_failed", order_id, reason = "insufficient_funds", attempts = 3);
    }
}

#[cfg(test)]
mod tests {
    use trine::{Level, assert_event, testing::capture};

    use super::*;

    #[test]
    fn a_charge_beyond_the_funds_fails_with_the_reason() {
        let captured = capture(); // Of this thread: tests that run at the same time do not see each other.
        charge("ORD-124", 400.0);
        assert_event!(captured, "payment_charge_failed", order_id = "ORD-124", reason = "insufficient_funds");
        assert_eq!(captured.named("payment_charge_failed")[0].level(), Level::Error);
    }

    #[test]
    fn every_charge_that_starts_ends() {
        let captured = capture();
        charge("ORD-123", 40.0);
        assert_eq!(captured.names(), ["payment_charge_started", "payment_charge_success"]);
    }
}
