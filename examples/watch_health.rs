//! How do I know that my events arrive?
use std::time::Duration;

use trine::{Output, info, warning};

fn main() {
    // An output that takes nothing, as a full disk does. The program goes on; one line on stderr says what is wrong.
    trine::setup().output(Output::stdout()).output(Output::file("missing/directory/app.jsonl")).start();
    for order in 1..=3 {
        info!("order_created", order_id = order);
    }

    let waiting = trine::flush(Duration::from_millis(100));
    let health = trine::health();
    warning!(
        "log_health_checked",
        waiting,
        written = health.written,
        lost = health.lost,
        sink_errors = health.sink_errors,
        lag_ms = health.lag,
    );
    println!("lost by name: {:?}", health.lost_by_name);
}
