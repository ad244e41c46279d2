fn main() {
    let _op = trine::timed!(slow_ms: "500ms", "database_query");
}
