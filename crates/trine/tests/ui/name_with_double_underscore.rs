use trine::info;

fn main() {
    info!("payment__process", amount = 1);
}
