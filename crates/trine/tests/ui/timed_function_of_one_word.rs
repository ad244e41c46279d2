use trine::attr::timed;

#[timed]
fn query() {}

fn main() {
    query();
}
