//! The flow of one order through all departments. Each operation that starts also ends, whatever fails on the way.

use std::time::Instant;

use trine::{Logger, error, info};

use crate::{
    inventory::{self, OutOfStock},
    ledger::Outcome,
    notification,
    order::Order,
    payment::{self, PaymentError},
    shipping::{self, ShippingError},
};

/// Fulfils an order. `log` has the order's id.
pub(crate) fn fulfill(log: &Logger, order: &mut Order) -> Outcome {
    let start = Instant::now();
    info!(log, "order_fulfill_started", customer_id = order.customer_id, items_count = order.items_count);
    match ship(log, order) {
        Ok(()) => {
            // The parcel is on its way, whether the customer hears of it or not.
            let notified = notification::send(log, order).is_ok();
            let duration_ms = start.elapsed();
            info!(log, "order_fulfill_completed", status = "shipped", notified, duration_ms);
            if notified { Outcome::Shipped } else { Outcome::ShippedUnannounced }
        }
        Err(error) => {
            let (reason, duration_ms) = (error.reason(), start.elapsed());
            error!(log, "order_fulfill_failed", reason, duration_ms);
            error.outcome()
        }
    }
}

/// Payment, goods, parcel. Who cannot have the goods gets the money back.
fn ship(log: &Logger, order: &mut Order) -> Result<(), FulfillError> {
    let payment = payment::charge(log, order)?;
    let shipped = inventory::reserve(log, order)
        .map_err(FulfillError::from)
        .and_then(|reservation| Ok(shipping::create(log, order, &reservation)?));
    shipped.inspect_err(|_| payment::refund(log, &payment))
}

/// Why an order is not fulfilled. What exactly went wrong is in the event of the department.
#[derive(Debug)]
enum FulfillError {
    Payment,
    Inventory,
    Shipping,
}

impl FulfillError {
    fn reason(&self) -> &'static str {
        match self {
            FulfillError::Payment => "payment_failed",
            FulfillError::Inventory => "out_of_stock",
            FulfillError::Shipping => "not_shippable",
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            FulfillError::Payment => Outcome::NotPaid,
            FulfillError::Inventory => Outcome::OutOfStock,
            FulfillError::Shipping => Outcome::NotShipped,
        }
    }
}

impl From<PaymentError> for FulfillError {
    fn from(_: PaymentError) -> FulfillError {
        FulfillError::Payment
    }
}

impl From<OutOfStock> for FulfillError {
    fn from(_: OutOfStock) -> FulfillError {
        FulfillError::Inventory
    }
}

impl From<ShippingError> for FulfillError {
    fn from(_: ShippingError) -> FulfillError {
        FulfillError::Shipping
    }
}
