use trine::info;

fn main() {
    info!(sample: , "cache_hit");
}
