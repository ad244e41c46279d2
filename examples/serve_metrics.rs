//! How does Prometheus read what happened?
use std::io;

use trine::{Output, error, info};

fn main() -> io::Result<()> {
    trine::setup().output(Output::stderr()).start();

    // Loopback: this machine alone can ask. A port of zero takes a free one; a service says 9464, or its own.
    let server = trine::serve_metrics("127.0.0.1:0")?;

    for invoice in 1..=4 {
        info!("invoice_print_started", invoice);
        match invoice {
            4 => error!("invoice_print_failed", invoice, duration_ms = 2_000, reason = "no paper"),
            _ => info!("invoice_print_completed", invoice, duration_ms = 60 * invoice),
        }
    }

    println!("curl http://{}/metrics", server.address());
    // A service goes on with its work; this one waits for Enter.
    io::stdin().read_line(&mut String::new())?;
    server.stop();
    Ok(())
}
