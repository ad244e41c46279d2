#![deny(unused_must_use)]

fn main() {
    trine::timed!("database_query", table = "users");
}
