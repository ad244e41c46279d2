use trine::attr::timed;

#[timed("order_make", level: debug)]
fn make() {}

fn main() {
    make();
}
