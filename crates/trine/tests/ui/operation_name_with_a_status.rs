fn main() {
    let _op = trine::timed!("database_query_started", table = "users");
}
