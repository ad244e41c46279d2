use trine::info;

fn main() {
    let parts = ["user", "login"];
    info!(parts.join("_"), user_id = 7);
}
