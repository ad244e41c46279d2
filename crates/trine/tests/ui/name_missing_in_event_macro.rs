use trine::event;

fn main() {
    event!(trine::Level::Info);
}
