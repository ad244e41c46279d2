use trine::error;

fn main() {
    let reason = String::from("timeout");
    error!(cause: reason, "payment_process_failed");
}
