use trine::info;

fn main() {
    info!(42, user_id = 7);
}
