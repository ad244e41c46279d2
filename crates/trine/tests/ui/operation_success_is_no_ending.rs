fn main() {
    let _op = trine::timed!(success: "comitted", "database_transaction");
}
