fn main() {
    let _op = trine::timed!(level: notice, "database_query");
}
