use trine::attr::timed;

#[timed("order_make", slow_ms)]
fn make() {}

fn main() {
    make();
}
