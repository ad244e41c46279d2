use trine::info;

fn main() {
    info!(user_id = 7, "user_login");
}
