use trine::batch;

fn main() {
    let items = Vec::<u8>::new();
    batch!(items, "item_processed", item_id = 1);
}
