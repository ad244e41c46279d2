use trine::info;

fn main() {
    struct User {
        id: u64,
    }
    let user = User { id: 7 };
    info!("user_login", ?user.id, source = "web_app");
}
