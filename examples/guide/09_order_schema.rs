//! Order Events Schema: the fields come from one place, and the names stay static, so that they can be searched for.
//!
//! The guide puts the name together from arguments, which its best practices forbid, and renames `status` in a helper.

use trine::{Logger, bind, info};

/// What every event of an order says.
struct Order {
    order_id: String,
    customer_id: String,
    total_amount: f64,
    currency: &'static str,
    items_count: u32,
    order_status: &'static str,
}

impl Order {
    fn log(&self) -> Logger {
        // Taken apart, so that the compiler reminds of a field that is added and not bound.
        let Order { order_id, customer_id, total_amount, currency, items_count, order_status } = self;
        bind!(order_id = order_id, customer_id, total_amount, currency, items_count, order_status)
    }
}

fn main() {
    let mut order = Order {
        order_id: "ORD-123".to_owned(),
        customer_id: "cust_456".to_owned(),
        total_amount: 99.99,
        currency: "USD",
        items_count: 3,
        order_status: "pending",
    };
    info!(order.log(), "order_create_success");
    info!(order.log(), "order_process_started");
    order.order_status = "shipped";
    info!(order.log(), "order_fulfill_completed", carrier = "bicycle");
}

// Output, without the timestamps:
// {"event":"order_create_success","order_id":"ORD-123","customer_id":"cust_456","total_amount":99.99,"currency":"USD","items_count":3,"order_status":"pending","level":"info"}
// {"event":"order_process_started","order_id":"ORD-123","customer_id":"cust_456","total_amount":99.99,"currency":"USD","items_count":3,"order_status":"pending","level":"info"}
// {"event":"order_fulfill_completed","carrier":"bicycle","order_id":"ORD-123","customer_id":"cust_456","total_amount":99.99,"currency":"USD","items_count":3,"order_status":"shipped","level":"info"}
