use trine::info;

fn main() {
    info!(rate: 0.01, "cache_hit");
}
