use trine::{bind, info};

fn main() {
    let log = bind!(request_id = "req_123");
    info!("user_login", log, user_id = 7);
}
