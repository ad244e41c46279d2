use trine::scope;

fn main() {
    let _scope = scope!();
}
