use trine::info;

fn main() {
    struct Money;
    let amount = Money;
    info!("payment_process_failed", amount);
}
