use trine::bind;

fn main() {
    let _log = bind!(user_id = );
}
