//! Basic Event Logging: the compiler reads the name and the keys, and nothing has to be set up or flushed.

use std::time::Duration;

use trine::info;

fn main() {
    // An event with context. `info!("User-Login")` does not compile, and the message says what to write.
    info!("user_login", user_id = "user_123", source = "web_app", ip_address = "192.168.1.100");

    // One with a duration: the key names the unit, so the value cannot be in another one.
    let took = Duration::from_millis(45);
    info!(
        "api_request_completed",
        endpoint = "/users",
        method = "GET",
        duration_ms = took,
        status_code = 200
    );
}

// Output, without the timestamps:
// {"event":"user_login","user_id":"user_123","source":"web_app","ip_address":"192.168.1.100","level":"info"}
// {"event":"api_request_completed","endpoint":"/users","method":"GET","duration_ms":45.0,"status_code":200,"level":"info"}
