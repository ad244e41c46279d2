use trine::{bind, scope};

fn main() {
    let log = bind!(request_id = "req_123");
    let _scope = scope!(log);
}
