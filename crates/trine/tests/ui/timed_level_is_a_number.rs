use trine::attr::timed;

#[timed("order_make", level = 3)]
fn make() {}

fn main() {
    make();
}
