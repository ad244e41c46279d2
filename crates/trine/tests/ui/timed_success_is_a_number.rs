use trine::attr::timed;

#[timed("order_make", success = done)]
fn make() {}

fn main() {
    make();
}
