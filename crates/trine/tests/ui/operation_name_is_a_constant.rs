const NAME: &str = "database_query";

fn main() {
    let _op = trine::timed!(NAME, table = "users");
}
