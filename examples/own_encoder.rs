//! How do I give lines a form of my own?
use trine::{Encoder, EventRef, Level, Output, encoder::Json, error, info};

/// JSON behind the priority by which systemd's journal files a line: `<3>{"event":...}`. See sd-daemon(3).
#[derive(Debug)]
struct Journal {
    json: Json,
}

impl Encoder for Journal {
    /// Appends exactly one line.
    fn encode(&mut self, event: &EventRef<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(match event.level() {
            Level::Trace | Level::Debug => b"<7>",
            Level::Info => b"<6>",
            Level::Warning => b"<4>",
            Level::Error => b"<3>",
            Level::Critical => b"<2>",
        });
        self.json.encode(event, out);
    }

    /// One encoder serves one thread; this makes one for another.
    fn fresh(&self) -> Box<dyn Encoder> {
        Box::new(Journal { json: Json::new() })
    }
}

fn main() {
    trine::setup().output(Output::stdout().encoder(Journal { json: Json::new() })).start();
    info!("user_login", user_id = "user_123");
    error!("payment_process_failed", order_id = "ORD-123", reason = "insufficient_funds");
}
