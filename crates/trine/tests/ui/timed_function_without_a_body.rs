use trine::attr::timed;

trait Store {
    #[timed]
    fn store_save(&self);
}

fn main() {}
