use trine::attr::timed;

struct NoText;

#[timed]
fn order_make() -> Result<u8, NoText> {
    Err(NoText)
}

fn main() {
    let _ = order_make();
}
