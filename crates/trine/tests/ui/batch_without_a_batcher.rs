use trine::batch;

fn main() {
    batch!("item_processed", item_id = 1);
}
