//! Order Fulfillment Flow: no branch per kind of error, and none that is forgotten: what begins, ends.
//!
//! In the guide, an error of the shipping or of the notification leaves two operations open for ever.

use std::{error::Error, fmt};

use trine::{attr::timed, operation, scope};

/// What can go wrong, one variant per domain.
#[derive(Debug)]
enum FulfillError {
    Payment,
    Inventory,
    Shipping,
    Notification,
}

impl FulfillError {
    /// As those who count failures group them.
    fn reason(&self) -> &'static str {
        match self {
            FulfillError::Payment => "payment_failed",
            FulfillError::Inventory => "out_of_stock",
            FulfillError::Shipping => "shipping_failed",
            FulfillError::Notification => "notification_failed",
        }
    }
}

impl fmt::Display for FulfillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FulfillError::Payment => "card declined",
            FulfillError::Inventory => "0 of PROD-1 left",
            FulfillError::Shipping => "no carrier for this address",
            FulfillError::Notification => "mail server unreachable",
        })
    }
}

impl Error for FulfillError {}

#[timed("order_fulfill")]
fn fulfill_order(order_id: &str) -> Result<(), FulfillError> {
    process_payment(order_id)
        .and_then(|()| reserve_inventory(order_id))
        .and_then(|()| create_shipment(order_id))
        .and_then(|()| send_confirmation_email(order_id))
        .inspect(|()| operation::record("status", "shipped"))
        .inspect_err(|error| operation::record("reason", error.reason()))
}

#[timed("payment_charge", success = "success")]
fn process_payment(order_id: &str) -> Result<(), FulfillError> {
    unless(order_id == "ORD-2", FulfillError::Payment)?;
    operation::record("transaction_id", "txn_789");
    Ok(())
}

#[timed("inventory_reserve", success = "success")]
fn reserve_inventory(order_id: &str) -> Result<(), FulfillError> {
    unless(order_id == "ORD-3", FulfillError::Inventory)?;
    operation::record("reservation_id", "res_456");
    Ok(())
}

#[timed("shipping_create", success = "success")]
fn create_shipment(order_id: &str) -> Result<(), FulfillError> {
    unless(order_id == "ORD-4", FulfillError::Shipping)?;
    operation::record("tracking_number", "1Z999");
    Ok(())
}

#[timed("notification_send", success = "success", fields(r#type = "order_confirmation"))]
fn send_confirmation_email(order_id: &str) -> Result<(), FulfillError> {
    unless(order_id == "ORD-5", FulfillError::Notification)
}

fn unless(fails: bool, error: FulfillError) -> Result<(), FulfillError> {
    if fails { Err(error) } else { Ok(()) }
}

fn main() {
    for order_id in ["ORD-1", "ORD-2", "ORD-3", "ORD-4", "ORD-5"] {
        let _scope = scope!(order_id); // On every event of the thread, until it drops.
        assert_eq!(fulfill_order(order_id).is_ok(), order_id == "ORD-1");
    }
}

// Output, without the timestamps:
// {"event":"order_fulfill_started","operation_id":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"payment_charge_started","operation_id":"<id 2>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"payment_charge_success","duration_ms":<ms>,"transaction_id":"txn_789","operation_id":"<id 2>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"inventory_reserve_started","operation_id":"<id 3>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"inventory_reserve_success","duration_ms":<ms>,"reservation_id":"res_456","operation_id":"<id 3>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"shipping_create_started","operation_id":"<id 4>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"shipping_create_success","duration_ms":<ms>,"tracking_number":"1Z999","operation_id":"<id 4>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"notification_send_started","type":"order_confirmation","operation_id":"<id 5>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"notification_send_success","duration_ms":<ms>,"type":"order_confirmation","operation_id":"<id 5>","parent":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"order_fulfill_completed","duration_ms":<ms>,"status":"shipped","operation_id":"<id 1>","order_id":"ORD-1","level":"info"}
// {"event":"order_fulfill_started","operation_id":"<id 6>","order_id":"ORD-2","level":"info"}
// {"event":"payment_charge_started","operation_id":"<id 7>","parent":"<id 6>","order_id":"ORD-2","level":"info"}
// {"event":"payment_charge_failed","duration_ms":<ms>,"error":"card declined","error_type":"FulfillError","error_message":"card declined","error_fingerprint":"90e15f9a63ad31b7","operation_id":"<id 7>","parent":"<id 6>","order_id":"ORD-2","level":"error"}
// {"event":"order_fulfill_failed","duration_ms":<ms>,"error":"card declined","error_type":"FulfillError","error_message":"card declined","error_fingerprint":"90e15f9a63ad31b7","reason":"payment_failed","operation_id":"<id 6>","order_id":"ORD-2","level":"error"}
// {"event":"order_fulfill_started","operation_id":"<id 8>","order_id":"ORD-3","level":"info"}
// {"event":"payment_charge_started","operation_id":"<id 9>","parent":"<id 8>","order_id":"ORD-3","level":"info"}
// {"event":"payment_charge_success","duration_ms":<ms>,"transaction_id":"txn_789","operation_id":"<id 9>","parent":"<id 8>","order_id":"ORD-3","level":"info"}
// {"event":"inventory_reserve_started","operation_id":"<id 10>","parent":"<id 8>","order_id":"ORD-3","level":"info"}
// {"event":"inventory_reserve_failed","duration_ms":<ms>,"error":"0 of PROD-1 left","error_type":"FulfillError","error_message":"0 of PROD-1 left","error_fingerprint":"1ced451a9e6d441b","operation_id":"<id 10>","parent":"<id 8>","order_id":"ORD-3","level":"error"}
// {"event":"order_fulfill_failed","duration_ms":<ms>,"error":"0 of PROD-1 left","error_type":"FulfillError","error_message":"0 of PROD-1 left","error_fingerprint":"1ced451a9e6d441b","reason":"out_of_stock","operation_id":"<id 8>","order_id":"ORD-3","level":"error"}
// {"event":"order_fulfill_started","operation_id":"<id 11>","order_id":"ORD-4","level":"info"}
// {"event":"payment_charge_started","operation_id":"<id 12>","parent":"<id 11>","order_id":"ORD-4","level":"info"}
// {"event":"payment_charge_success","duration_ms":<ms>,"transaction_id":"txn_789","operation_id":"<id 12>","parent":"<id 11>","order_id":"ORD-4","level":"info"}
// {"event":"inventory_reserve_started","operation_id":"<id 13>","parent":"<id 11>","order_id":"ORD-4","level":"info"}
// {"event":"inventory_reserve_success","duration_ms":<ms>,"reservation_id":"res_456","operation_id":"<id 13>","parent":"<id 11>","order_id":"ORD-4","level":"info"}
// {"event":"shipping_create_started","operation_id":"<id 14>","parent":"<id 11>","order_id":"ORD-4","level":"info"}
// {"event":"shipping_create_failed","duration_ms":<ms>,"error":"no carrier for this address","error_type":"FulfillError","error_message":"no carrier for this address","error_fingerprint":"09f543cbe613829f","operation_id":"<id 14>","parent":"<id 11>","order_id":"ORD-4","level":"error"}
// {"event":"order_fulfill_failed","duration_ms":<ms>,"error":"no carrier for this address","error_type":"FulfillError","error_message":"no carrier for this address","error_fingerprint":"09f543cbe613829f","reason":"shipping_failed","operation_id":"<id 11>","order_id":"ORD-4","level":"error"}
// {"event":"order_fulfill_started","operation_id":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"payment_charge_started","operation_id":"<id 16>","parent":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"payment_charge_success","duration_ms":<ms>,"transaction_id":"txn_789","operation_id":"<id 16>","parent":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"inventory_reserve_started","operation_id":"<id 17>","parent":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"inventory_reserve_success","duration_ms":<ms>,"reservation_id":"res_456","operation_id":"<id 17>","parent":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"shipping_create_started","operation_id":"<id 18>","parent":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"shipping_create_success","duration_ms":<ms>,"tracking_number":"1Z999","operation_id":"<id 18>","parent":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"notification_send_started","type":"order_confirmation","operation_id":"<id 19>","parent":"<id 15>","order_id":"ORD-5","level":"info"}
// {"event":"notification_send_failed","duration_ms":<ms>,"error":"mail server unreachable","error_type":"FulfillError","error_message":"mail server unreachable","error_fingerprint":"dd3107488986e717","type":"order_confirmation","operation_id":"<id 19>","parent":"<id 15>","order_id":"ORD-5","level":"error"}
// {"event":"order_fulfill_failed","duration_ms":<ms>,"error":"mail server unreachable","error_type":"FulfillError","error_message":"mail server unreachable","error_fingerprint":"dd3107488986e717","reason":"notification_failed","operation_id":"<id 15>","order_id":"ORD-5","level":"error"}
