use trine::attr::timed;

#[timed(7)]
fn order_make() {}

fn main() {
    order_make();
}
