use trine::info;

fn main() {
    info!(user login);
}
