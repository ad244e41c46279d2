use trine::bind;

fn main() {
    let _log = bind!("user_login", user_id = 7);
}
