//! How do people see one thing and machines another?
use trine::{Format, Output, debug, error, info, sink::FileSink, warning};

fn main() {
    trine::setup()
        .level("info")
        // For the person who watches.
        .output(Output::stderr().format(Format::Pretty))
        // For the log system: everything of `payment`, down to debug, and the rest from info on.
        .output(file("logs/several/all.jsonl").format(Format::Json).level("info,payment=debug"))
        // For the person who is called at night.
        .output(file("logs/several/warnings.log").format(Format::Logfmt).level("warning"))
        .start();

    debug!("cache_hit", key = "user:123"); // No output takes it: its arguments are not even evaluated.
    debug!("payment_gateway_selected", gateway = "eu-1"); // all.jsonl
    info!("order_created", order_id = "ORD-123"); // all.jsonl and stderr
    warning!("api_ratelimit_exceeded", user_id = "user_123", limit = 100, window_s = 60); // everywhere
    error!("payment_process_failed", order_id = "ORD-123", reason = "insufficient_funds"); // everywhere
}

fn file(path: &str) -> Output {
    Output::to(FileSink::new(path).create_directory(true))
}
