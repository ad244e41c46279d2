fn main() {
    let _op = trine::timed!(level: warn, "database_query");
}
