use trine::info;

fn main() {
    let name = "user_login";
    info!(name, user_id = 7);
}
