#![deny(unused_must_use)]
use trine::scope;

fn main() {
    scope!(request_id = "req_123");
}
