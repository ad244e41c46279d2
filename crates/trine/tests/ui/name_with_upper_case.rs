use trine::info;

fn main() {
    info!("Payment_failed", amount = 1);
}
