use trine::scope;

fn main() {
    let _scope = scope!(user_id = 7, user_id = 8);
}
