fn main() {
    let _op = trine::timed!(slow_ms: , "database_query");
}
