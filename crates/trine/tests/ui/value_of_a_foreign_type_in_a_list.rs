use trine::info;

fn main() {
    struct Money;
    info!("payment_process_failed", amounts = vec![Money]);
}
