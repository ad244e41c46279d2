use trine::{bind, info};

fn main() {
    let log = bind!(request_id = "req_123");
    info!(log "user_login");
}
