//! How do I write to a file?
//!
//! Without a line of code, `TRINE_OUTPUT=file:PATH` does the same for any program.
use std::time::Duration;

use trine::{Output, info, sink::FileSink};

fn main() -> std::io::Result<()> {
    // A missing directory is an error unless it is asked for: it is more often a mistyped path.
    let file = FileSink::new("logs/app.jsonl").create_directory(true);
    trine::setup().output(Output::to(file)).start();

    info!("order_created", order_id = "ORD-123", total_amount = 99.99, items_count = 3);
    info!("payment_process_started", order_id = "ORD-123", payment_method = "credit_card");

    // Leaving `main` writes everything. Flush only to read the file while the program still runs.
    trine::flush(Duration::from_secs(5));
    print!("{}", std::fs::read_to_string("logs/app.jsonl")?);
    Ok(())
}
