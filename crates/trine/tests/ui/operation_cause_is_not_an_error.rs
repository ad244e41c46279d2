fn main() {
    trine::timed!("payment_charge").fail_with_cause("timeout");
}
