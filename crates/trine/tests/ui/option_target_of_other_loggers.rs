use trine::info;

fn main() {
    info!(target: "payments", "cache_hit");
}
