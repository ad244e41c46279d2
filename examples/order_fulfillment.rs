//! How do I follow an order through four domains, with every start ended whatever fails?
//!
//! The flow of the guide, with an operation per step: there, an error of the shipping or of the notification left two operations
//! open for ever, as each kind of error needed a branch of its own that ended them. Here `run` ends a step by its result.

use std::fmt;

use trine::{Logger, bind, operation, timed};

/// What can go wrong, one variant per domain.
#[derive(Debug)]
enum FulfillError {
    Payment(&'static str),
    Inventory(&'static str),
    Shipping(&'static str),
    Notification(&'static str),
}

impl FulfillError {
    /// The reason as those who count failures group them.
    fn reason(&self) -> &'static str {
        match self {
            FulfillError::Payment(_) => "payment_failed",
            FulfillError::Inventory(_) => "out_of_stock",
            FulfillError::Shipping(_) => "shipping_failed",
            FulfillError::Notification(_) => "notification_failed",
        }
    }
}

impl fmt::Display for FulfillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (FulfillError::Payment(why)
        | FulfillError::Inventory(why)
        | FulfillError::Shipping(why)
        | FulfillError::Notification(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for FulfillError {}

/// The order domain: ends as `order_fulfill_completed` or as `order_fulfill_failed` with the reason.
fn fulfill_order(order_id: &str) -> Result<(), FulfillError> {
    let log = bind!(order_id = order_id);
    timed!(log, "order_fulfill").run_with(|order| {
        all_steps(&log, order_id)
            .inspect(|()| order.record("status", "shipped"))
            .inspect_err(|error| order.record("reason", error.reason()))
    })
}

/// Each step is an operation of its domain, and a child of the order's.
fn all_steps(log: &Logger, order_id: &str) -> Result<(), FulfillError> {
    timed!(log, success: "success", "payment_charge").run(|| charge(order_id))?;
    timed!(log, success: "success", "inventory_reserve").run(|| reserve(order_id))?;
    timed!(log, success: "success", "shipping_create").run(|| ship(order_id))?;
    timed!(log, success: "success", "notification_send", r#type = "order_confirmation")
        .run(|| confirm(order_id))
}

fn charge(order_id: &str) -> Result<(), FulfillError> {
    if order_id == "ORD-2" {
        return Err(FulfillError::Payment("card declined"));
    }
    operation::record("transaction_id", "txn_789");
    Ok(())
}

fn reserve(order_id: &str) -> Result<(), FulfillError> {
    if order_id == "ORD-3" {
        return Err(FulfillError::Inventory("0 of PROD-1 left"));
    }
    operation::record("reservation_id", "res_456");
    Ok(())
}

fn ship(order_id: &str) -> Result<(), FulfillError> {
    if order_id == "ORD-4" {
        return Err(FulfillError::Shipping("no carrier for this address"));
    }
    operation::record("tracking_number", "1Z999");
    Ok(())
}

fn confirm(order_id: &str) -> Result<(), FulfillError> {
    match order_id {
        "ORD-5" => Err(FulfillError::Notification("mail server unreachable")),
        "ORD-6" => panic!("template without a subject"),
        _ => Ok(()),
    }
}

fn main() {
    for order_id in ["ORD-1", "ORD-2", "ORD-3", "ORD-4", "ORD-5"] {
        let fulfilled = fulfill_order(order_id);
        assert_eq!(fulfilled.is_ok(), order_id == "ORD-1");
    }
    // Not even a panic leaves something open.
    let panicked = std::panic::catch_unwind(|| fulfill_order("ORD-6"));
    assert!(panicked.is_err());
}
