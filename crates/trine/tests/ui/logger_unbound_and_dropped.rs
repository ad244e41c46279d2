#![deny(unused_must_use)]
use trine::bind;

fn main() {
    let log = bind!(user_id = 7);
    log.unbind("user_id");
}
