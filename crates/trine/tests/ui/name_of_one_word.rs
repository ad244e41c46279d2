use trine::info;

fn main() {
    info!("payment", amount = 1);
}
