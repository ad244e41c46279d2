use trine::attr::timed;

#[timed]
const fn number_add(a: u8, b: u8) -> u8 {
    a + b
}

fn main() {
    number_add(1, 2);
}
