use trine::info;

fn main() {
    info!(sample: "1%", "cache_hit");
}
