#![deny(unused_must_use)]
use trine::bind;

fn main() {
    bind!(request_id = "req_123");
}
