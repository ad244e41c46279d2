use trine::attr::timed;

#[timed("order_created")]
fn create() {}

fn main() {
    create();
}
