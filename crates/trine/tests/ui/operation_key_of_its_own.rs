fn main() {
    let _op = trine::timed!("database_query", duration_ms = 5);
}
