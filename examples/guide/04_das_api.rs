//! API Domain: the id of the request is said once, not in every call.

use std::time::Duration;

use trine::{bind, error, info, warning};

fn main() {
    // A request that works.
    let log = bind!(request_id = "req_123");
    info!(log, "api_request_started", endpoint = "/users", method = "GET");
    let took = Duration::from_millis(45);
    info!(
        log,
        "api_request_completed",
        endpoint = "/users",
        method = "GET",
        status_code = 200,
        duration_ms = took
    );

    // One that does not.
    let log = bind!(request_id = "req_456");
    error!(
        log,
        "api_request_failed",
        endpoint = "/users",
        method = "POST",
        status_code = 500,
        error = "database_unavailable",
    );

    // Too many, and not as they should be. What users send is escaped: whatever is in it, the line stays one line.
    warning!("api_ratelimit_exceeded", user_id = "user_123", endpoint = "/users", limit = 100, window_s = 60);
    let value = "not-an-email\n{\"event\":\"auth_login_success\"}";
    warning!("api_validation_failed", endpoint = "/users", field = "email", error = "invalid_format", value);
}

// Output, without the timestamps:
// {"event":"api_request_started","endpoint":"/users","method":"GET","request_id":"req_123","level":"info"}
// {"event":"api_request_completed","endpoint":"/users","method":"GET","status_code":200,"duration_ms":45.0,"request_id":"req_123","level":"info"}
// {"event":"api_request_failed","endpoint":"/users","method":"POST","status_code":500,"error":"database_unavailable","request_id":"req_456","level":"error"}
// {"event":"api_ratelimit_exceeded","user_id":"user_123","endpoint":"/users","limit":100,"window_s":60,"level":"warning"}
// {"event":"api_validation_failed","endpoint":"/users","field":"email","error":"invalid_format","value":"not-an-email\n{\"event\":\"auth_login_success\"}","level":"warning"}
