fn main() {
    let _op = trine::timed!(slow_ms = 500, "database_query");
}
