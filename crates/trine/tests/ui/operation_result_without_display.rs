struct NoText;

fn main() {
    let _ = trine::timed!("database_query").run(|| Err::<(), NoText>(NoText));
}
