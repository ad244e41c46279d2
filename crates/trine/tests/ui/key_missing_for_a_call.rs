use trine::info;

fn main() {
    info!("user_login", std::process::id());
}
