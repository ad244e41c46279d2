//! Correlation IDs: in a scope, every event of the request has the id, and a header that is no id never enters the log.

use std::{collections::HashMap, io};

use trine::{Correlation, error, info};

struct Request {
    method: &'static str,
    path: &'static str,
    headers: HashMap<&'static str, &'static str>,
}

fn process_request(request: &Request) -> io::Result<u16> {
    // Of the header, or new.
    let correlation = Correlation::from_headers(&request.headers);
    let _scope = correlation.enter();

    info!("request_received", path = request.path, method = request.method);
    handle_request(request)
        .inspect(|_| info!("request_completed", status = "success"))
        .inspect_err(|error| error!("request_failed", %error))
}

/// Was handed no logger; its events have the id as well.
fn handle_request(request: &Request) -> io::Result<u16> {
    info!("page_view", page = request.path);
    if request.path == "/users" { Ok(200) } else { Err(io::Error::other("database_unavailable")) }
}

fn main() {
    let request =
        |path, id| Request { method: "GET", path, headers: HashMap::from([("X-Correlation-ID", id)]) };
    assert!(process_request(&request("/users", "req-7f3a")).is_ok());
    assert!(process_request(&request("/orders", "x\",\"user_role\":\"admin")).is_err());
}

// Output, without the timestamps:
// {"event":"request_received","path":"/users","method":"GET","correlation_id":"req-7f3a","level":"info"}
// {"event":"page_view","page":"/users","correlation_id":"req-7f3a","level":"info"}
// {"event":"request_completed","status":"success","correlation_id":"req-7f3a","level":"info"}
// {"event":"request_received","path":"/orders","method":"GET","correlation_id":"<uuid 1>","level":"info"}
// {"event":"page_view","page":"/orders","correlation_id":"<uuid 1>","level":"info"}
// {"event":"request_failed","error":"database_unavailable","correlation_id":"<uuid 1>","level":"error"}
