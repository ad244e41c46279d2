use trine::info;

fn main() {
    info!("payment-process-failed");
}
