use trine::info;

fn main() {
    let log = 7;
    info!(log, "user_login");
}
