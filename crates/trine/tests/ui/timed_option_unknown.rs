use trine::attr::timed;

#[timed("order_make", skip(order))]
fn make(order: u8) -> u8 {
    order
}

fn main() {
    make(1);
}
