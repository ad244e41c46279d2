use std::future::Future;
use trine::attr::timed;

#[timed("order_fetch")]
fn fetch() -> impl Future<Output = u8> {
    async { 1 }
}

fn main() {
    let _ = fetch();
}
