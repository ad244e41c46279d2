use trine::info;

fn main() {
    info!("payment_process_", amount = 1);
}
