fn main() {
    let _op = trine::timed!(level: trine::Level::Debug, "database_query");
}
