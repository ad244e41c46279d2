fn main() {
    let _op = trine::timed!("databaseQuery_run");
}
