//! Context Binding: bound fields are encoded once, not per event, and no key can be on a line twice.

use trine::{bind, info};

fn main() {
    let request_logger = bind!(request_id = "req_123", user_id = "user_123", session_id = "sess_456");

    info!(request_logger, "page_view", page = "/dashboard");
    info!(request_logger, "action_taken", action = "export_report");
    info!(request_logger, "page_exit", time_on_page_s = 45);

    // What the call says wins over what is bound.
    info!(request_logger, "page_view", page = "/profile", user_id = "user_456");
}

// Output, without the timestamps:
// {"event":"page_view","page":"/dashboard","request_id":"req_123","user_id":"user_123","session_id":"sess_456","level":"info"}
// {"event":"action_taken","action":"export_report","request_id":"req_123","user_id":"user_123","session_id":"sess_456","level":"info"}
// {"event":"page_exit","time_on_page_s":45,"request_id":"req_123","user_id":"user_123","session_id":"sess_456","level":"info"}
// {"event":"page_view","page":"/profile","user_id":"user_456","request_id":"req_123","session_id":"sess_456","level":"info"}
