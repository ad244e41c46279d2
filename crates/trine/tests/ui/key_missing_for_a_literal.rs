use trine::info;

fn main() {
    info!("user_login", "web_app");
}
