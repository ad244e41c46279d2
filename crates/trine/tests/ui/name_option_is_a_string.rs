use trine::info;

fn main() {
    info!(name: "user_login".to_owned(), user_id = 7);
}
