//! High-Volume Events: an option of the event, not a function around it; what is kept says what it stands for.

use std::time::Duration;

use trine::{bind, info, sample};

fn main() {
    // By chance, as in the guide. What is dropped costs nanoseconds, and evaluates none of its fields.
    for id in 0..10_000 {
        info!(sample: 0.01, "cache_hit", key = "user:123", bytes = size_of_entry(id));
    }
    info!("cache_miss", key = "user:123"); // All of them.

    // The first of each second, then every 100th: a rare one is seen, a flood is not.
    let hour = Duration::from_secs(3600); // Instead of the second, so that this prints the same on any machine.
    for item_id in 0..201 {
        info!(sample: sample::first(1).then_every(100).per(hour), "item_processed", item_id);
    }

    // By chance, a request would keep its second and its ninth event. By key, it keeps all or none.
    for request_id in ["req_1", "req_2", "req_3", "req_4"] {
        let log = bind!(request_id = request_id);
        info!(log, sample: sample::by_key(0.5), "request_received", path = "/users");
        info!(log, sample: sample::by_key(0.5), "request_completed", status = "success");
    }

    // Counts say what happened, not what was kept.
    info!("metrics_summary", cache_hits = trine::counts()["cache_hit"]);
}

fn size_of_entry(id: u64) -> u64 {
    4_096 + id % 2
}

// Output, without the timestamps:
// {"event":"cache_hit","key":"user:123","bytes":4096,"sampled":true,"sample_rate":0.01,"level":"info"}
// {"event":"cache_hit","key":"user:123","bytes":4097,"sampled":true,"sample_rate":0.01,"level":"info"}
// {"event":"cache_miss","key":"user:123","level":"info"}
// {"event":"item_processed","item_id":0,"sampled":true,"sample_rate":1.0,"level":"info"}
// {"event":"item_processed","item_id":100,"sampled":true,"sample_rate":0.01,"level":"info"}
// {"event":"item_processed","item_id":200,"sampled":true,"sample_rate":0.01,"level":"info"}
// {"event":"request_received","path":"/users","sampled":true,"sample_rate":0.5,"request_id":"req_1","level":"info"}
// {"event":"request_completed","status":"success","sampled":true,"sample_rate":0.5,"request_id":"req_1","level":"info"}
// {"event":"request_received","path":"/users","sampled":true,"sample_rate":0.5,"request_id":"req_2","level":"info"}
// {"event":"request_completed","status":"success","sampled":true,"sample_rate":0.5,"request_id":"req_2","level":"info"}
// {"event":"request_received","path":"/users","sampled":true,"sample_rate":0.5,"request_id":"req_3","level":"info"}
// {"event":"request_completed","status":"success","sampled":true,"sample_rate":0.5,"request_id":"req_3","level":"info"}
// {"event":"metrics_summary","cache_hits":10000,"level":"info"}
