use trine::bind;

fn main() {
    struct Money;
    let _log = bind!(amount = Money);
}
