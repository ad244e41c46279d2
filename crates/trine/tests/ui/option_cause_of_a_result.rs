use trine::error;

fn main() {
    let parsed = "x".parse::<u8>();
    error!(cause: &parsed, "amount_parse_failed");
}
