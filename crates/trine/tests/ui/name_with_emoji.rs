use trine::info;

fn main() {
    info!("payment_process_failed ❌");
}
