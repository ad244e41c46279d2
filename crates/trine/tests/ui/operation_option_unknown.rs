fn main() {
    let _op = trine::timed!(sample: 0.1, "database_query");
}
