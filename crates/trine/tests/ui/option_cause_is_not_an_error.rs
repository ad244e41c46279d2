use trine::info;

fn main() {
    info!(cause: "timeout", "cache_hit");
}
