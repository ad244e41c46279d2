fn main() {
    let _op = trine::timed!("query");
}
