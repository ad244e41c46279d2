fn main() {
    let table = "users";
    let _op = trine::timed!("database_query {}" table);
}
