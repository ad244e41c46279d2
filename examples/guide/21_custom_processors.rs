//! Custom Processors: a stage is a function of the typed event, and runs in the worker, not in the request.

use trine::{EventEdit, Verdict, info};

/// Adds to every event, unless the caller said it already.
fn add_region(event: &mut EventEdit<'_>) -> Verdict {
    if event.get("region").is_none() {
        event.set("region", "eu-west-1");
    }
    Verdict::Keep
}

/// Drops, and removes.
fn tidy_requests(event: &mut EventEdit<'_>) -> Verdict {
    if event.get("path").is_some_and(|path| path == "/healthz") {
        return Verdict::Drop; // Counted in `trine::health().dropped_by_stages`.
    }
    event.remove("user_agent");
    Verdict::Keep
}

fn main() {
    trine::setup().stage(add_region).stage(tidy_requests).start();

    info!("request_received", path = "/healthz", method = "GET");
    info!("request_received", path = "/users", method = "GET", user_agent = "curl/8.5.0");
    info!("page_view", page = "/dashboard", region = "us-east-1");
}

// Output, without the timestamps:
// {"event":"request_received","path":"/users","method":"GET","region":"eu-west-1","level":"info"}
// {"event":"page_view","page":"/dashboard","region":"us-east-1","level":"info"}
