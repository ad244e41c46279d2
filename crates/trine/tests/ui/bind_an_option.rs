use trine::bind;

fn main() {
    let _log = bind!(sample: 0.1, user_id = 7);
}
