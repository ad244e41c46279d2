fn main() {
    let _op = trine::timed!(table = "users", "database_query");
}
