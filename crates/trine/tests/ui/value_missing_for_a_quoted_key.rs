use trine::info;

fn main() {
    info!("user_login", "user-id" = );
}
