use trine::event;

fn main() {
    event!("user_login", user_id = 7);
}
