use trine::info;

fn main() {
    info!("user_login" user_id = 7);
}
