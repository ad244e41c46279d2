//! How many of what happened, and how long did it take?
use std::time::Duration;

use trine::{EventMetrics, error, info};

fn main() {
    // Every name is counted, and every operation timed whose events say how long it took. Nothing is declared.
    for key in ["user:1", "user:2", "user:1", "user:1"] {
        if key == "user:1" {
            info!("cache_hit", key);
        } else {
            info!("cache_miss", key);
        }
    }
    info!("image_resize_started", image = 1);
    info!("image_resize_started", image = 2);
    info!("image_resize_started", image = 3);
    info!("image_resize_completed", image = 1, duration_ms = 120.5);
    error!("image_resize_failed", image = 2, duration_ms = 250.0, reason = "out of memory");

    // Durations are taken from events as they are written.
    trine::flush(Duration::from_secs(5));
    for (name, count) in trine::counts() {
        println!("{count:7}  {name}");
    }
    for stats in trine::metrics::operations() {
        let durations = &stats.durations;
        println!(
            "{}: {} runs, {} failed, {} in flight; {:.0} ms on average, 99 % within some {:.0} ms",
            stats.operation,
            stats.runs,
            stats.failed,
            stats.in_flight,
            durations.sum() / durations.count() as f64 * 1e3,
            durations.quantile(0.99).unwrap_or_default() * 1e3,
        );
    }

    // Counts that are events themselves: each says the how-manieth it is.
    let metrics = EventMetrics::new();
    metrics.record("api_request_completed");
    metrics.record("api_request_completed");
    metrics.record("api_request_failed");
    metrics.emit_summary();
}
