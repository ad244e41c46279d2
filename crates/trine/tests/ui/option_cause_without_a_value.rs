use trine::error;

fn main() {
    error!(cause: , "payment_process_failed");
}
