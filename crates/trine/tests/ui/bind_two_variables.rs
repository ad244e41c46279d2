use trine::bind;

fn main() {
    let (user_id, order_id) = (7, 8);
    let _log = bind!(user_id, order_id);
}
