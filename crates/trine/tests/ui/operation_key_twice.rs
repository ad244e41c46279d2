fn main() {
    let _op = trine::timed!("database_query", table = "users", table = "orders");
}
