use trine::event;

fn main() {
    event!("info", "user_login", user_id = 7);
}
