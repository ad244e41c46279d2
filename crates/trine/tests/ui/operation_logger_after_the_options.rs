fn main() {
    let log = trine::bind!(request_id = "req_123");
    let _op = trine::timed!(level: debug, log, "database_query");
}
