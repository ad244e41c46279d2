use trine::info;

fn main() {
    let name = String::new();
    info!("user_login", name.len(), source = "web_app");
}
