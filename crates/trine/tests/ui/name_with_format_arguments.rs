use trine::info;

fn main() {
    let user = "ann";
    info!("user_login {}", user);
}
