use trine::info;

fn main() {
    info!("payment failed for order", order_id = 7);
}
