fn main() {
    let _op = trine::timed!("database_query", level: debug);
}
