use trine::{Batcher, batch};

fn main() {
    let items = Batcher::new(100);
    batch!(items, "Item-Processed", item_id = 1);
}
