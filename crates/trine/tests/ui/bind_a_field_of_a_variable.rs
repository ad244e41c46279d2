use trine::bind;

fn main() {
    struct User {
        id: u64,
    }
    let user = User { id: 7 };
    let _log = bind!(user.id);
}
