use trine::bind;

fn main() {
    let _log = bind!(level = "high");
}
