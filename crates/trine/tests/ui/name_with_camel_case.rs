use trine::info;

fn main() {
    info!("paymentFailed");
}
