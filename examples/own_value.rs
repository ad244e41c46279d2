//! How is a type of my own written as a field?
use trine::{Value, ValueWriter, info};

/// Written as a map. The fields are chosen here: what is not written cannot leak.
struct Money {
    cents: i64,
    currency: &'static str,
}

impl Value for Money {
    fn encode(&self, writer: ValueWriter<'_>) {
        let mut map = writer.map();
        map.entry("amount", &(self.cents as f64 / 100.0));
        map.entry("currency", self.currency);
    }
}

/// Written as text.
struct OrderId(u32);

impl Value for OrderId {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.format(format_args!("ORD-{:05}", self.0));
    }
}

/// No `Value` at all: its `Debug` is good enough for `?carrier`.
#[derive(Debug)]
enum Carrier {
    Bicycle,
}

fn main() {
    let (order_id, total, carrier) = (OrderId(123), Money { cents: 9999, currency: "USD" }, Carrier::Bicycle);
    info!("order_create_success", order_id, total, ?carrier);

    // They nest wherever a value can stand.
    let refunds = vec![Money { cents: 500, currency: "USD" }, Money { cents: 250, currency: "EUR" }];
    info!("order_refund_completed", order_id, refunds);
}
