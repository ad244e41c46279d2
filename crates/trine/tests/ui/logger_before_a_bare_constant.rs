use trine::{EventName, bind, info};

fn main() {
    const LOGIN: EventName = EventName::literal("user_login");
    let log = bind!(request_id = "req_123");
    info!(log, LOGIN, user_id = 7);
}
