use trine::info;

fn main() {
    let user_id = 7;
    info!("user_login", &user_id);
}
