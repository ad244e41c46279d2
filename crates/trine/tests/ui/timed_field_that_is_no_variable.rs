use trine::attr::timed;

#[timed("order_make", fields(ordr))]
fn make(order: u8) -> u8 {
    order
}

fn main() {
    make(1);
}
