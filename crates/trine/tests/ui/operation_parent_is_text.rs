fn main() {
    let _op = trine::timed!(parent: "0123456789abcdef", "database_query");
}
