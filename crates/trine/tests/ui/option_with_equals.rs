use trine::info;

fn main() {
    info!(sample = 0.01, "cache_hit");
}
