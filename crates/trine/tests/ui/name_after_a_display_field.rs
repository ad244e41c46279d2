use trine::info;

fn main() {
    let user_id = 7;
    info!(%user_id, "user_login");
}
