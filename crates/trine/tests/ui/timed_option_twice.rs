use trine::attr::timed;

#[timed("order_make", level = debug, level = info)]
fn make() {}

fn main() {
    make();
}
