//! Event Counter: thread-safe, on a clock that nobody sets, and a failure is counted at `error`, not at `info`.

use trine::{EventMetrics, info};

fn main() {
    let metrics = EventMetrics::new();
    metrics.record("api_request_completed");
    metrics.record("api_request_completed");
    metrics.record("api_request_failed");
    metrics.emit_summary();

    metrics.reset();
    metrics.record("api_request_completed");

    // To know how many there were, none of this is needed: every name is counted from its first event on.
    info!("metrics_summary", metrics = trine::counts());
}

// Output, without the timestamps:
// {"event":"api_request_completed","event_count":1,"time_since_reset":<s>,"level":"info"}
// {"event":"api_request_completed","event_count":2,"time_since_reset":<s>,"level":"info"}
// {"event":"api_request_failed","event_count":1,"time_since_reset":<s>,"level":"error"}
// {"event":"metrics_summary","metrics":{"api_request_completed":2,"api_request_failed":1},"level":"info"}
// {"event":"api_request_completed","event_count":1,"time_since_reset":<s>,"level":"info"}
// {"event":"metrics_summary","metrics":{"api_request_completed":3,"api_request_failed":1,"metrics_summary":1},"level":"info"}
