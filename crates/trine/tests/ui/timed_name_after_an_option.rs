use trine::attr::timed;

#[timed(level = debug, "order_make")]
fn make() {}

fn main() {
    make();
}
