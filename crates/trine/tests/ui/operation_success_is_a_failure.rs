fn main() {
    let _op = trine::timed!(success: "failed", "database_transaction");
}
