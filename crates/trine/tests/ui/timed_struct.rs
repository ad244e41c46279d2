use trine::attr::timed;

#[timed("order_make")]
struct Order;

fn main() {
    let _ = Order;
}
