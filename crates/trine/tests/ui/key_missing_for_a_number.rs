use trine::info;

fn main() {
    info!("user_login", 7);
}
