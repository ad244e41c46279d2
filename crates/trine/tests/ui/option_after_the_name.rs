use trine::info;

fn main() {
    info!("cache_hit", sample: 0.01);
}
