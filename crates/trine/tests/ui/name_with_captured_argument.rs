use trine::info;

fn main() {
    let user = "ann";
    let _ = user;
    info!("user_login {user}");
}
